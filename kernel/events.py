"""The events' envelope: CloudEvents 1.0, JSON format, structured mode, as an SQS message body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import uuid_utils

__all__ = [
    "CUSTOMER_ACTIVITY",
    "CUSTOMER_ERASED",
    "CUSTOMER_PROFILE",
    "SOURCE",
    "Envelope",
    "MalformedEnvelope",
    "new_id",
]

SOURCE = "customer-graph/customer"
CUSTOMER_PROFILE = "customer.profile.v1"
CUSTOMER_ACTIVITY = "customer.activity.v1"
CUSTOMER_ERASED = "customer.erased.v1"

_TEXT_ATTRIBUTES = ("id", "source", "type", "subject", "time", "sequence")


class MalformedEnvelope(ValueError):
    """A message body that is no envelope of ours; the text names the attribute, never its value."""


def new_id() -> str:
    """A fresh UUIDv7 (RFC 9562) as canonical text: unique, and sorted by time of creation."""
    return str(uuid_utils.uuid7())


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event.

    `subject` is the customer's id, `sequence` its version at the commit, `data` the payload that the
    event's `type` says; `traceparent` (W3C Trace Context) and `request_id` (`x-request-id`) are those of the
    mutation that caused it, so that one id finds both in every log.
    """

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    sequence: int
    data: Mapping[str, object]
    traceparent: str | None = None
    #: Travels as the extension attribute `requestid`: CloudEvents allows lower case and digits only.
    request_id: str | None = None

    def to_dict(self) -> dict[str, object]:
        """The envelope as the JSON object that travels."""
        moment = self.time.astimezone(UTC).isoformat().replace("+00:00", "Z")
        envelope: dict[str, object] = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "time": moment,
            "datacontenttype": "application/json",
            "sequence": str(self.sequence),
        }
        if self.traceparent is not None:
            envelope["traceparent"] = self.traceparent
        if self.request_id is not None:
            envelope["requestid"] = self.request_id
        envelope["data"] = dict(self.data)
        return envelope

    def to_json(self) -> bytes:
        """The message body, UTF-8."""
        return json.dumps(self.to_dict(), ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, body: str | bytes) -> Envelope:
        """Read a message body; raises `MalformedEnvelope`."""
        try:
            raw = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise MalformedEnvelope("the body is not JSON") from error
        if not isinstance(raw, dict):
            raise MalformedEnvelope("the body is not a JSON object")
        if raw.get("specversion") != "1.0":
            raise MalformedEnvelope("specversion is not 1.0")
        for name in _TEXT_ATTRIBUTES:
            if not isinstance(raw.get(name), str) or not raw[name]:
                raise MalformedEnvelope(f"attribute {name} is missing or not text")
        data = raw.get("data", {})
        if not isinstance(data, dict):
            raise MalformedEnvelope("data is not an object")
        return cls(
            id=raw["id"],
            source=raw["source"],
            type=raw["type"],
            subject=raw["subject"],
            time=_instant(raw["time"]),
            sequence=_sequence(raw["sequence"]),
            data=data,
            traceparent=_optional_text(raw, "traceparent"),
            request_id=_optional_text(raw, "requestid"),
        )


def _optional_text(raw: Mapping[str, object], name: str) -> str | None:
    value = raw.get(name)
    return value if isinstance(value, str) else None


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedEnvelope("time is not RFC 3339") from error
    if moment.tzinfo is None:
        raise MalformedEnvelope("time has no offset")
    return moment.astimezone(UTC)


def _sequence(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise MalformedEnvelope("sequence is not a whole number")
    return int(text)
