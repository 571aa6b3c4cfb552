"""`router run`: one worker in this process, or a parent that looks after several."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

from kernel.asgi import Receive, Scope, Send, Service, serve
from kernel.settings import ConfigurationProblem
from kernel.telemetry import configure_logging, get_logger
from router.settings import RouterSettings
from router.sqs import SqsQueues
from router.worker import Worker, load_calls

__all__ = ["end_with_parent", "run_one", "run_several"]

log = get_logger()

#: Seconds before a worker that died is started again, and the most that this grows to when it keeps dying.
RESTART_SECONDS = 0.5
RESTART_CAP_SECONDS = 30.0
#: A worker that ran this long counts as well again, seconds.
STEADY_SECONDS = 60.0
#: Seconds that workers get beyond their own grace before they are killed.
KILL_AFTER_SECONDS = 5.0
#: By which a command says that it was called wrongly.
USAGE_EXIT_CODE = 2
_POLL_SECONDS = 0.1


def run_one(settings: RouterSettings) -> None:
    """Work until SIGTERM, then drain; raises `ConfigurationProblem` when it cannot start."""
    configure_logging("router", settings.log_format, settings.log_level)
    table, calls = load_calls(settings)
    queues = SqsQueues(prefix=settings.queue_prefix, threads=settings.router_sqs_threads)
    worker = Worker(settings, queues)

    async def startup() -> None:
        await worker.start(table, calls)

    async def shutdown() -> None:
        await worker.stop()
        queues.close()

    serve(
        Service(
            "router",
            _nothing_else,
            settings,
            verifier=None,
            ready=worker.ready,
            startup=startup,
            shutdown=shutdown,
        )
    )


def run_several(settings: RouterSettings, processes: int, worker_ports: int | None) -> None:
    """Run `processes` workers until SIGTERM; one that dies is started again, later each time it does.

    The first has its health and metrics on the settings' port, the others on `worker_ports` and the ports
    after it, or on any free ones, which they log. Workers share nothing but the queues.
    """
    configure_logging("router", settings.log_format, settings.log_level)
    load_calls(settings)  # what is wrong is said once, here
    others = [worker_ports + number if worker_ports else 0 for number in range(processes - 1)]
    crew = [_Worker(port) for port in (settings.port, *others)]
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    previous = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        while not stopping:
            for member in crew:
                member.look_after()
            time.sleep(_POLL_SECONDS)
    finally:
        _end(crew, settings.shutdown_grace_seconds + KILL_AFTER_SECONDS)
        for number, handler in previous.items():
            signal.signal(number, handler)


class _Worker:
    """One child process."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._start_at = 0.0
        self._started_at = 0.0
        self._deaths = 0

    def look_after(self) -> None:
        """Start it when it is not there and its time has come.

        Raises `ConfigurationProblem` when it said that it cannot start as it was called.
        """
        now = time.monotonic()
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            self._mourn(code, now)
        if now >= self._start_at:
            self._start(now)

    def _mourn(self, code: int, now: float) -> None:
        self._process = None
        if code == USAGE_EXIT_CODE:
            raise ConfigurationProblem(f"the router's worker on port {self._port} cannot start; see above")
        log.error("router.worker_died", port=self._port, exit_code=code)
        self._deaths = 1 if now - self._started_at > STEADY_SECONDS else self._deaths + 1
        self._start_at = now + min(RESTART_CAP_SECONDS, RESTART_SECONDS * 2.0 ** min(self._deaths - 1, 30))

    def _start(self, now: float) -> None:
        words = ["router", "run", "--processes", "1", "--attached", "--port", str(self._port)]
        self._process = subprocess.Popen(  # noqa: S603  the words are our own
            [sys.executable, "-c", "from kernel.cli import main; main()", *words],
            # Never written to: its end tells the worker that its parent is gone, even after kill -9.
            stdin=subprocess.PIPE,
            # Ctrl-C reaches the parent alone, which then stops its workers in order.
            start_new_session=True,
        )
        self._started_at = now

    def ask_to_stop(self) -> None:
        """Send SIGTERM when it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait_or_kill(self, until: float) -> None:
        """Return when it is gone."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def end_with_parent() -> None:
    """Drain and exit when standard input ends, which the parent holds open for as long as it lives."""

    def wait() -> None:
        # Not through sys.stdin: its lock, held by this thread, would break the interpreter's own end.
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="router-parent", daemon=True).start()


def _end(crew: list[_Worker], seconds: float) -> None:
    for member in crew:
        member.ask_to_stop()
    until = time.monotonic() + seconds
    for member in crew:
        member.wait_or_kill(until)


async def _nothing_else(_scope: Scope, _receive: Receive, send: Send) -> None:
    """The router has no address but those of its health and metrics."""
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
