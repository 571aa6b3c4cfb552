"""kernel.telemetry: one id through every process, and no forged lines."""

from __future__ import annotations

import pytest

from kernel.telemetry import accept_request_id, accept_traceparent, bind_trace, current_trace, trace_headers

GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_call_carries_the_trace_with_a_span_of_its_own() -> None:
    """The trace id stays, the span id changes, the request id stays."""
    with bind_trace("req-1", GOOD):
        headers = trace_headers()
    assert headers["x-request-id"] == "req-1"
    assert headers["traceparent"][:36] == GOOD[:36]
    assert headers["traceparent"] != GOOD
    assert accept_traceparent(headers["traceparent"]) == headers["traceparent"]


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        GOOD.upper(),
        GOOD + "-x",
        "ff" + GOOD[2:],
        "x" * 9000,
    ],
)
def test_an_invalid_traceparent_starts_a_new_trace(value: str | None) -> None:
    """What does not follow the specification is replaced, never passed on."""
    fresh = accept_traceparent(value)
    assert fresh != value
    assert accept_traceparent(fresh) == fresh


@pytest.mark.parametrize("value", ["a b", "a\nb", '"', "x" * 129, "\u2028", ""])
def test_a_request_id_that_is_unsafe_to_log_is_replaced(value: str) -> None:
    """Only short ids of harmless characters are taken over."""
    assert accept_request_id(value) != value


def test_a_trace_ends_with_its_body() -> None:
    """Work outside of any request does not inherit another request's id."""
    with bind_trace("req-2", GOOD):
        assert current_trace().request_id == "req-2"
    assert current_trace().request_id != "req-2"
