from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from devstack.process import Child, Launch

#: Starts a child of its own the way the supervisor does, prints its id, and waits to be killed.
PARENT = """
import sys, time
from pathlib import Path
from devstack.process import Child, Launch
child = Child(Launch([sys.executable, "-c", "import time; time.sleep(600)"], {}, Path(sys.argv[1])))
print(child.pid, flush=True)
time.sleep(600)
"""
#: Ignores SIGTERM and has a child that would outlive it.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(grandchild.pid, flush=True)
time.sleep(600)
"""


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    ends_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends_at:
            return False
        time.sleep(0.01)
    return True


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def launch(code: str, log: Path, grace_seconds: float = 5.0) -> Launch:
    return Launch([sys.executable, "-u", "-c", code], dict(os.environ), log, grace_seconds=grace_seconds)


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    """After `kill -9` of the supervisor the kernel ends what it started."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: is_gone(child))


def test_stopping_ends_the_whole_group(tmp_path: Path) -> None:
    """A child that will not go is killed when its grace is over, and so is everything that it started."""
    log = tmp_path / "log"
    child = Child(launch(STUBBORN, log, grace_seconds=0.2))
    assert eventually(lambda: log.read_text().strip().isdigit())
    grandchild = int(log.read_text())
    child.stop()
    assert child.exit_code == -signal.SIGKILL
    assert eventually(lambda: is_gone(grandchild))


def test_output_is_appended_to_the_log(tmp_path: Path) -> None:
    """A restart adds to the log of the run before it, standard error included."""
    log = tmp_path / "logs" / "child.log"
    for word in ("first", "second"):
        child = Child(launch(f"import sys; print('{word}', file=sys.stderr)", log))
        assert eventually(lambda: child.exit_code is not None)  # noqa: B023 - awaited in this round
    assert log.read_text().split() == ["first", "second"]


def test_keys_in_the_environment_are_never_printed(tmp_path: Path) -> None:
    """A launch that ends up in a log or a traceback shows no secret."""
    secret = Launch(["true"], {"CUSTOMER_ENCRYPTION_KEY": "f00dfeed"}, tmp_path / "log")
    assert "f00dfeed" not in repr(secret)
