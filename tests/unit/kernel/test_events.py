"""kernel.events: the envelope that travels on the queues."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from kernel.events import CUSTOMER_PROFILE, SOURCE, Envelope, MalformedEnvelope, new_id

EVENT = Envelope(
    id="01a20b3e-e505-7094-ae40-f11155f73254",
    source=SOURCE,
    type=CUSTOMER_PROFILE,
    subject="01a20b3e-e505-7094-ae40-f11155f73255",
    time=datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
    sequence=7,
    data={"city": "São Paulo"},
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    request_id="checkout-4711",
)


def test_an_envelope_survives_the_queue() -> None:
    """Written and read again it is the same, accents included."""
    assert Envelope.from_json(EVENT.to_json()) == EVENT
    assert "São Paulo".encode() in EVENT.to_json()


def test_an_envelope_is_a_cloud_event() -> None:
    """The attributes that CloudEvents 1.0 requires are there under their names."""
    raw = json.loads(EVENT.to_json())
    assert raw["specversion"] == "1.0"
    assert (raw["time"], raw["sequence"]) == ("2026-11-22T10:00:00Z", "7")


@pytest.mark.parametrize(
    "change",
    [
        {"specversion": "0.3"},
        {"id": ""},
        {"id": 7},
        {"type": None},
        {"time": "yesterday"},
        {"time": "2026-11-22T10:00:00"},
        {"sequence": "-1"},
        {"sequence": "1e3"},
        {"sequence": "9" * 40},
        {"sequence": 7},
        {"data": []},
    ],
)
def test_a_wrong_attribute_is_named_and_its_value_is_not(change: dict[str, object]) -> None:
    """The reason that reaches the dead-letter queue says which attribute is wrong, without its value."""
    with pytest.raises(MalformedEnvelope) as problem:
        Envelope.from_json(json.dumps(json.loads(EVENT.to_json()) | change))
    assert next(iter(change)) in str(problem.value)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", "[" * 100_000])
def test_a_body_that_is_no_object_is_malformed(body: bytes | str) -> None:
    """Whatever arrives, the one exception is ours."""
    with pytest.raises(MalformedEnvelope):
        Envelope.from_json(body)


def test_ids_grow_with_time_and_never_repeat() -> None:
    """Event ids are UUIDv7, so that they sort by creation."""
    ids = [new_id() for _ in range(1_000)]
    assert len(set(ids)) == 1_000
    assert ids == sorted(ids)
