"""The whole system on real servers: seeded, changed, followed by both copies, and drained."""

from __future__ import annotations

from tests.kit.real_stack import real_stack_environment
from tests.kit.stack import command

#: Seconds for starting, loading five customers, checking and stopping on a busy machine.
SMOKE_SECONDS = 360.0


def test_the_smoke_run_passes_on_real_servers() -> None:
    """Its checks: seeding, one query over three databases, a mutation followed, tokens, drained queues."""
    environment = real_stack_environment()
    assert environment
    done = command("devstack", "smoke", "--customers", "5", timeout=SMOKE_SECONDS, environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed" in done.stdout
