"""The breaker's states, on a clock of the test's."""

from __future__ import annotations

from router.breaker import Breaker, State


def test_failures_in_a_row_open_it() -> None:
    """A success between them starts the count again."""
    breaker = Breaker(failures=3, cooldown=8.0)
    for _ in range(2):
        breaker.failed(0.0)
    breaker.succeeded()
    for _ in range(2):
        breaker.failed(0.0)
    assert breaker.state is State.CLOSED
    breaker.failed(0.0)
    assert breaker.state.name == "OPEN"


def test_target_is_asked_at_once_and_then_ever_later() -> None:
    """The first question waits for nothing; the pauses double up to the cooldown."""
    breaker = Breaker(failures=1, cooldown=2.0)
    breaker.failed(100.0)
    pauses = [breaker.ask_at - 100.0]
    for _ in range(6):
        breaker.unwell(100.0)
        pauses.append(breaker.ask_at - 100.0)
    assert pauses == [0.0, 0.5, 1.0, 2.0, 2.0, 2.0, 2.0]


def test_one_message_decides_after_the_target_is_well() -> None:
    """Half open: a success closes it, a failure opens it again."""
    breaker = Breaker(failures=3, cooldown=2.0)
    for _ in range(3):
        breaker.failed(0.0)
    breaker.well()
    assert breaker.state is State.HALF_OPEN
    breaker.failed(1.0)
    assert breaker.state.name == "OPEN"
    breaker.well()
    breaker.succeeded()
    assert breaker.state.name == "CLOSED"


def test_stragglers_do_not_postpone_the_question() -> None:
    """Failures of messages that were under way when it opened change nothing."""
    breaker = Breaker(failures=1, cooldown=2.0)
    breaker.failed(0.0)
    breaker.failed(50.0)
    assert breaker.ask_at == 0.0
