"""The Lambda authorizer as it is deployed: the zip, in an interpreter that has nothing else."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.kit.api_gateway import FORMATS, METHOD_ARN, allowed, http_v2, rest_request
from tests.kit.tokens import CASES, ISSUER, TokenIssuer

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "deploy" / "authorizer" / "build.py"
UV = Path(sys.executable).with_name("uv")
#: Seconds for an interpreter on a busy machine.
PATIENCE = 120.0
#: Lambda's runtime in miniature: the handler is imported once, answers an event a line, and may raise.
RUNTIME = """
import json, sys
sys.path.insert(0, sys.argv[1])
from kernel.lambda_authorizer import handler
for line in sys.stdin:
    try:
        answer = handler(json.loads(line), None)
    except Exception as error:
        answer = {"errorMessage": str(error), "errorType": type(error).__name__}
    print(json.dumps(answer), flush=True)
"""


def build(output: Path, architecture: str, python: str) -> Path:
    subprocess.run(
        [
            sys.executable, str(BUILD), "--uv", str(UV), "--output", str(output),
            "--architecture", architecture, "--python", python,
        ],
        check=True, timeout=PATIENCE * 2,
    )  # fmt: skip
    return output


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip for this machine, unpacked as Lambda does."""
    folder = tmp_path_factory.mktemp("authorizer")
    architecture = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
    archive = build(folder / "a.zip", architecture, f"{sys.version_info.major}.{sys.version_info.minor}")
    with zipfile.ZipFile(archive) as file:
        file.extractall(folder / "task")
    return folder / "task"


class KeyServer:
    """Serves a JWK set over HTTP and counts how often it was read."""

    def __init__(self, issuer: TokenIssuer) -> None:
        self.reads = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.reads += 1
                body = json.dumps(issuer.jwks()).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/.well-known/jwks.json"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> KeyServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="module")
def issuer() -> TokenIssuer:
    """One issuer for the module."""
    return TokenIssuer()


@pytest.fixture
def keys(issuer: TokenIssuer) -> Iterator[KeyServer]:
    """The issuer's key server."""
    with KeyServer(issuer) as server:
        yield server


def invoke(task: Path, jwks: str, events: Sequence[object]) -> list[dict[str, Any]]:
    """One warm container: the answers to the events, in their order."""
    ran = subprocess.run(
        # -I and -S: no user's folder, no site-packages; only the zip and the standard library.
        [sys.executable, "-I", "-S", "-c", RUNTIME, str(task)],
        input="\n".join(map(json.dumps, events)),
        env={"AUTH_JWKS": jwks, "AUTH_ISSUER": ISSUER},
        capture_output=True, text=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    return [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.mark.parametrize("form", FORMATS)
def test_each_token_is_decided_as_the_table_says(
    form: str, task: Path, keys: KeyServer, issuer: TokenIssuer
) -> None:
    """The zip decides the whole table of tokens as every other verifier does, in each of the four formats."""
    now = time.time()
    answers = invoke(task, keys.url, [FORMATS[form](case.authorization(issuer, now)) for case in CASES])
    assert len(CASES) >= 30
    assert {case.name: allowed(answer) for case, answer in zip(CASES, answers, strict=True)} == {
        case.name: case.accepted for case in CASES
    }


def test_a_warm_container_keeps_its_keys(task: Path, keys: KeyServer, issuer: TokenIssuer) -> None:
    """The key set is read once for the life of a container, not once an invocation."""
    good = [http_v2(f"Bearer {issuer.token(sub=f'customer-{number}')}") for number in range(20)]
    assert all(map(allowed, invoke(task, keys.url, good)))
    assert keys.reads == 1


def test_the_policy_is_for_every_route_of_the_stage(task: Path, keys: KeyServer, issuer: TokenIssuer) -> None:
    """API Gateway caches a policy by token, so it names the stage's routes, all of them and no other's."""
    (answer,) = invoke(task, keys.url, [rest_request(f"Bearer {issuer.token()}")])
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Resource"] == METHOD_ARN.removesuffix("POST/graphql") + "*"
    assert answer["context"] == {"sub": "tester", "scope": "graph:write"}


@pytest.mark.parametrize(
    "event", [{}, [], None, "text", {"version": "2.0"}, {"version": "2.0", "headers": []}, {"type": "TOKEN"}]
)
def test_what_is_no_event_is_denied(task: Path, keys: KeyServer, event: object) -> None:
    """An event of any other shape ends in a refusal or an exception, which API Gateway takes for one."""
    (answer,) = invoke(task, keys.url, [event])
    assert not allowed(answer)


def test_without_keys_everything_is_denied(task: Path, issuer: TokenIssuer, tmp_path: Path) -> None:
    """A key set that cannot be read lets nobody in."""
    events = [form(f"Bearer {issuer.token()}") for form in FORMATS.values()]
    assert not any(map(allowed, invoke(task, str(tmp_path / "missing.json"), events)))


def test_the_zip_is_for_lambda_whatever_machine_builds_it(tmp_path: Path) -> None:
    """The default is built for arm64 and Python 3.13: its machine code is for that and for nothing else."""
    archive = build(tmp_path / "authorizer.zip", "arm64", "3.13")
    with zipfile.ZipFile(archive) as file:
        names = file.namelist()
        libraries = {name: file.read(name)[:20] for name in names if name.endswith(".so")}
    # ELF: 64 bits at offset 4, machine at offset 18; 183 is AArch64.
    assert {(header[:5], header[18]) for header in libraries.values()} == {(b"\x7fELF\x02", 183)}
    assert "_cffi_backend.cpython-313-aarch64-linux-gnu.so" in libraries
    ours = sorted(name for name in names if name.startswith("kernel/") and name.endswith(".py"))
    assert [name.removeprefix("kernel/") for name in ours] == [
        "__init__.py", "auth.py", "authorizer_settings.py", "lambda_authorizer.py",
    ]  # fmt: skip
    assert not [name for name in names if name.startswith(("pydantic", "uvicorn", "click", "pip"))]


def test_the_same_sources_make_the_same_bytes(tmp_path: Path) -> None:
    """Who builds twice deploys once: the zip's bytes depend on the sources and the lock file alone."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    first = build(tmp_path / "1.zip", "x86_64", python).read_bytes()
    assert first == build(tmp_path / "2.zip", "x86_64", python).read_bytes()
