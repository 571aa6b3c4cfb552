"""The devstack's commands, as a newcomer types them."""

from __future__ import annotations

import csv
import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.kit.folders import open_folder
from tests.kit.graph import EVERYTHING
from tests.kit.stack import PROCESSES, ROOT, SERVERS, Stack, command
from tests.kit.waiting import eventually, is_soon


def test_status_names_every_process(stack: Stack) -> None:
    """`status --json` has name, pid, port, url and state of the six processes and the servers."""
    processes = {process["name"]: process for process in stack.status()}
    assert set(processes) == {*PROCESSES, *SERVERS}
    for process in processes.values():
        assert set(process) == {"name", "pid", "port", "url", "state"}
        assert process["state"] == "ready"
        assert psutil.pid_exists(process["pid"])
    assert processes["gateway"]["url"] == f"http://127.0.0.1:{processes['gateway']['port']}/graphql"


def test_a_token_is_alone_on_the_last_line(stack: Stack) -> None:
    """`token` ends with the bare token, which carries the scopes and the subject that were asked for."""
    done = command("devstack", "token", "--data", str(stack.data), "--scopes", "ops:read", "--sub", "rui")
    assert done.returncode == 0
    token = done.stdout.splitlines()[-1]
    answer = stack.ask(
        "{ pipeline { targets { name } } }", scopes=None, headers={"authorization": f"Bearer {token}"}
    )
    assert answer.data["pipeline"]["targets"] != []


def test_one_folder_has_one_stack(stack: Stack) -> None:
    """A second `up` on the folder of a running stack says so in one line, with exit code 2."""
    done = command("devstack", "up", "--no-demo", "--data", str(stack.data), "--gateway-port", "0")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "already runs" in done.stderr


def test_a_taken_port_is_one_clear_message(tmp_path: Path) -> None:
    """When the gateway's port is taken, `up` names it and the option that helps, with exit code 2."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = command("devstack", "up", "--data", str(tmp_path / "data"), "--gateway-port", port)
    assert done.returncode == 2
    assert f"port {port} is taken" in done.stderr
    assert "--gateway-port N" in done.stderr


def test_without_a_stack_the_commands_say_what_to_do(tmp_path: Path) -> None:
    """`status`, `down` and `seed` on an empty folder are no crashes."""
    data = ("--data", str(tmp_path / "data"))
    status = command("devstack", "status", "--json", *data)
    assert (status.returncode, json.loads(status.stdout)) == (1, {"processes": []})
    assert command("devstack", "down", *data).returncode == 0
    seed = command("devstack", "seed", "--customers", "1", *data)
    assert (seed.returncode, "devstack up" in seed.stderr) == (2, True)


def test_seeding_a_file_twice_loads_it_once(stack: Stack, tmp_path: Path) -> None:
    """`seed --from` loads any file with the applicants' columns, maps them, and loads nobody twice."""
    with (ROOT / "examples" / "german_credit.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[-3:]
    for row in rows:
        del row["creditability"]
    source = tmp_path / "held-out.csv"
    with source.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)

    maps = []
    for name in ("first.csv", "second.csv"):
        arguments = ("--from", str(source), "--map", str(tmp_path / name), "--data", str(stack.data))
        done = command("devstack", "seed", *arguments)
        assert done.returncode == 0, done.stderr
        with (tmp_path / name).open(newline="") as file:
            maps.append(list(csv.DictReader(file)))
    assert [row["applicant"] for row in maps[0]] == [row["applicant"] for row in rows]
    assert list(maps[0][0]) == ["applicant", "customerId"]
    assert maps[1] == maps[0]

    query = "query Q($id: ID!) { customer(id: $id) { version activity { totalCount } } }"
    for row in maps[0]:

        def arrived(customer_id: str = row["customerId"]) -> bool:
            customer = stack.ask(query, {"id": customer_id}, EVERYTHING).data["customer"]
            return bool(customer["activity"]["totalCount"] >= 8)

        eventually("at least eight events are there", arrived)


@pytest.fixture
def own_stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with open_folder(request) as folder:
        stack = Stack(folder / "data", folder / "output.txt")
        yield stack
        if stack.process is not None and stack.process.poll() is None:
            stack.stop()


def test_the_demo_survives_a_kill_and_loads_nothing_twice(own_stack: Stack) -> None:
    """After `kill -9` of the supervisor nothing stays behind, and the next run finds its customers again."""
    demo = ("--demo", "--customers", "3")
    count = "{ customers(first: 1) { totalCount } }"
    own_stack.start(*demo)
    assert own_stack.ask(count).data["customers"]["totalCount"] == 3
    members = own_stack.members()
    own_stack.kill()
    assert is_soon(lambda: not any(is_running(member) for member in members), 30)

    own_stack.output.write_text("")
    own_stack.start(*demo)
    assert own_stack.ask(count).data["customers"]["totalCount"] == 3
    assert "all 3 applicants are loaded already" in own_stack.said()

    assert own_stack.process is not None
    members = own_stack.members()
    own_stack.process.send_signal(signal.SIGTERM)
    assert own_stack.process.wait(60) == 0
    assert not any(is_running(member) for member in members)
    assert command("devstack", "reset", "--data", str(own_stack.data)).returncode == 0
    assert not own_stack.data.exists()


def is_running(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
