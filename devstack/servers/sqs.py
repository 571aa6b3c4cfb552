"""SQS on one machine: moto's server as a child process.

It keeps everything in memory: a restart forgets queues and messages. Nothing here hides that; the outbox
relay notices and publishes again what may be lost.
"""

from __future__ import annotations

import socket
import sys
import urllib.request
from http import HTTPStatus
from pathlib import Path

from devstack.process import Child, Launch
from devstack.servers.protocol import StartFailed
from kernel.settings import environment

__all__ = ["Sqs"]

#: Seconds for the one readiness probe.
_PROBE_SECONDS = 1.0
#: It holds nothing worth a longer goodbye.
_GRACE_SECONDS = 3.0
_HOST = "127.0.0.1"


class Sqs:
    """moto's SQS server on a loopback port; satisfies `devstack.servers.protocol.Supervised`."""

    name = "sqs"

    def __init__(self, port: int, log_path: Path) -> None:
        self.port = port
        self._log_path = log_path
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """The endpoint for boto3 (`AWS_ENDPOINT_URL_SQS`)."""
        return f"http://{_HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """Process id while it runs, else None."""
        return self._child.pid if self._child is not None else None

    @property
    def client_environment(self) -> dict[str, str]:
        """What boto3's default chain needs to reach it; the keys are made up, moto checks none."""
        return {
            "AWS_ENDPOINT_URL_SQS": self.url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "devstack",
            "AWS_SECRET_ACCESS_KEY": "devstack",
            # Without it boto3 asks the network for an instance's role when the keys above are overridden.
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def start(self) -> None:
        """Spawn the server and return without waiting; raises `StartFailed` when the port is taken."""
        if self.pid is not None:
            return
        self._refuse_taken_port()
        try:
            self._child = Child(self._launch())
        except OSError as error:
            raise StartFailed(f"the SQS server (moto) could not be started: {error.strerror}") from error

    def ready(self) -> bool:
        """Whether it answers HTTP now."""
        if self.pid is None:
            return False
        try:
            with urllib.request.urlopen(  # noqa: S310  the scheme is our own
                f"{self.url}/moto-api/", timeout=_PROBE_SECONDS
            ) as answer:
                return int(answer.status) < HTTPStatus.INTERNAL_SERVER_ERROR
        except OSError:
            return False

    def stop(self) -> None:
        """End it; its messages are gone. Safe to repeat."""
        child, self._child = self._child, None
        if child is not None:
            child.stop()

    def _launch(self) -> Launch:
        program = [sys.executable, "-m", "devstack.servers.moto_server"]
        return Launch(
            argv=[*program, "-H", _HOST, "-p", str(self.port)],
            environment={**environment(), "MOTO_PORT": str(self.port)},
            log=self._log_path,
            grace_seconds=_GRACE_SECONDS,
        )

    def _refuse_taken_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_HOST, self.port))
            except OSError as error:
                raise StartFailed(
                    f"port {self.port} for the SQS server is taken ({error.strerror}); "
                    "stop what uses it, or choose another"
                ) from error
