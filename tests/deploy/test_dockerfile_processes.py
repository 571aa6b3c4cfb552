"""Each image's entry point, command and health check as plain processes, out of the image's own tree.

What a container engine adds is stood in for: the read-only root file system by a hook that refuses to write
anywhere but to /tmp; process id 1, which no signal reaches that it has no handler for, by its handlers.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from devstack.process import die_with_parent
from tests.deploy.dockerfile import ROOT, Stage, stages
from tests.kit.postgres import free_port
from tests.kit.waiting import eventually

#: Seconds for a process on a busy machine.
PATIENCE = 120
#: Imported by every interpreter that finds it on its path, before anything else.
READ_ONLY_ROOT = """
import errno, os, sys

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = {"mkdir", "remove", "rename", "rmdir", "link", "symlink", "chmod", "chown", "truncate", "utime"}

def refuse(event, arguments):
    if event == "open":
        path, _, flags = arguments
        if isinstance(path, int) or not flags & WRITES:
            return
    elif event.startswith("os.") and event[3:] in CHANGES:
        path = arguments[0]
    else:
        return
    path = os.path.abspath(os.fsdecode(path))
    if not (path + "/").startswith((TMPDIR + "/", "/dev/")):
        sys.stderr.write(f"WROTE {path}\\n")
        raise OSError(errno.EROFS, "Read-only file system", path)

TMPDIR = os.path.abspath(os.environ["TMPDIR"])
sys.addaudithook(refuse)
"""
#: The folder that an image may write to.
TMP = "/tmp"  # noqa: S108 - an image's, not this machine's
#: Nobody listens there: a process lives without its store and its neighbours, but is not ready.
NOWHERE = "127.0.0.1:9"
SETTINGS: Mapping[str, Mapping[str, str]] = {
    "gateway": {
        f"SUBGRAPH_URL_{name}": f"http://{NOWHERE}/graphql" for name in ("CUSTOMER", "RATING", "ACTIVITY")
    },
    "customer": {
        "CUSTOMER_DATABASE_URL": f"postgresql://customer_app:unknown@{NOWHERE}/customer",
        "CUSTOMER_ENCRYPTION_KEY": "k" * 44,
        "CUSTOMER_BLIND_INDEX_KEY": "b" * 44,
    },
    "rating": {"RATING_MONGODB_URL": f"mongodb://{NOWHERE}/rating"},
    # Looks for its indices before it serves, so it gets the store that needs no server.
    "activity": {"ACTIVITY_STORE_URL": f"sqlite:///{TMP}/activity.sqlite"},
    "router": {
        "AWS_ENDPOINT_URL_SQS": f"http://{NOWHERE}",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "unchecked",
        "AWS_SECRET_ACCESS_KEY": "unchecked",
        "ROUTER_TOKEN_FILE": "/run/secrets/token",
    },
}


@dataclass
class Container:
    """An image's file system in a folder: `/app`, `/srv`, `/tmp` and `/run/secrets` are in other places."""

    stage: Stage
    places: Mapping[str, Path]
    port: int = field(default_factory=free_port)

    @property
    def environment(self) -> dict[str, str]:
        """The image's variables, and the least that the process needs."""
        values = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        for each in self.stage.lineage():
            if each.name == "ENV":
                pairs = (word.partition("=") for word in each.words)
                values |= {name: value.replace("$PATH", values["PATH"]) for name, _, value in pairs}
        values |= SETTINGS[self.stage.name]
        values |= {"AUTH_JWKS": "/run/secrets/jwks.json", "AUTH_ISSUER": "somebody"}
        # Of this test: no other machine may reach it, the port is free, and the hook is found.
        values |= {"HOST": "127.0.0.1", "PORT": str(self.port), "HOME": "/srv", "TMPDIR": TMP}
        values["PYTHONPATH"] = "/run/secrets"
        return {name: self.placed(value) for name, value in values.items()}

    def placed(self, text: str) -> str:
        """The text, with its paths where they are in this test."""
        paths = "|".join(self.places)
        return re.sub(rf"(?<![\w.])({paths})(?=[/:]|$)", lambda found: str(self.places[found[1]]), text)

    def words(self, instruction: str) -> list[str]:
        """What is executed for an instruction in exec form."""
        port = self.stage.last("EXPOSE").value
        return [
            self.placed(word.replace(f":{port}/", f":{self.port}/"))
            for word in self.stage.last(instruction).exec_form()
        ]

    def run(self, words: list[str]) -> subprocess.Popen[str]:
        """Start a command in it."""
        environment = self.environment
        program = shutil.which(words[0], path=environment["PATH"])
        assert program, f"{words[0]} is not in the image"
        with (self.places[TMP] / "output").open("a") as output:
            return subprocess.Popen(
                [program, *words[1:]], env=environment, cwd=self.places["/srv"], text=True,
                stdout=output, stderr=output, preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509
            )  # fmt: skip

    @property
    def output(self) -> str:
        """What its processes wrote."""
        return (self.places[TMP] / "output").read_text(encoding="utf-8")


@pytest.fixture(params=sorted(SETTINGS))
def container(request: pytest.FixtureRequest, tree: Callable[[str], Path], tmp_path: Path) -> Container:
    """One image after the other."""
    stage = stages()[request.param]
    places = {"/app": tree(stage.name)}
    for path in ("/srv", TMP, "/run/secrets"):
        places[path] = tmp_path / path.replace("/", "")
        places[path].mkdir()
    for each in stage.instructions:
        if each.name == "COPY" and "from" not in each.options:
            source, target = (word.rstrip("/") for word in each.words)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, places["/srv"] / target)
            else:
                shutil.copy(ROOT / source, places["/srv"] / target)
    secrets = places["/run/secrets"]
    (secrets / "jwks.json").write_text('{"keys": []}')
    (secrets / "token").write_text("a-token")
    (secrets / "sitecustomize.py").write_text(READ_ONLY_ROOT)
    return Container(stage, places)


def test_an_image_runs_on_a_read_only_root_and_ends_when_told(container: Container) -> None:
    """It starts, its health check is content, it writes to /tmp at most, and SIGTERM ends it with 0."""
    process = container.run([*container.words("ENTRYPOINT"), *container.words("CMD")])
    try:
        check = container.words("HEALTHCHECK")
        eventually("the process lives", lambda: _is_healthy(container, process, check), PATIENCE)
        assert _handles(process.pid, signal.SIGTERM), "as process 1 it would not hear the signal"
        process.terminate()
        assert process.wait(PATIENCE) == 0, container.output
    finally:
        process.kill()
        process.wait()
    assert "WROTE" not in container.output
    assert _is_refused(container), "the hook is not in force"


def _is_healthy(container: Container, process: subprocess.Popen[str], check: list[str]) -> bool:
    assert process.poll() is None, container.output
    return container.run(check).wait(PATIENCE) == 0


def _handles(pid: int, number: signal.Signals) -> bool:
    """Whether the process has a handler of its own for a signal."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (number - 1) & 1)


def _is_refused(container: Container) -> bool:
    """Whether the image's interpreter may not write to its working directory."""
    container.run(["python", "-c", "open('a-file', 'w')"]).wait(PATIENCE)
    return "WROTE" in container.output and not (container.places["/srv"] / "a-file").exists()
