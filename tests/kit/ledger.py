"""What a load's clients know of their mutations: what they sent, and what they were told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["PROFILE_CHANGES", "Entry", "Ledger", "Outcome", "outcome_of"]

#: Mutations that raise the customer's version and leave its marker in a table of its own.
PROFILE_CHANGES = frozenset({"registerCustomer", "addDebt", "addAsset", "addIncome"})


class Outcome(StrEnum):
    """What the client knows."""

    #: A receipt: it must be in every store in the end.
    ACCEPTED = "accepted"
    #: The graph said no, or said that nothing was done: it must be nowhere.
    REFUSED = "refused"
    #: No answer, or one that says so: all of it or nothing.
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Entry:
    """One mutation. Its idempotency key is also a text in its input, by which its effect is recognised."""

    mutation: str
    key: str
    fields: dict[str, Any]
    outcome: Outcome = Outcome.UNKNOWN
    #: Of the first answer that had one.
    receipt: Mapping[str, Any] | None = None
    attempts: int = 0

    @property
    def customer_id(self) -> str | None:
        """Whom it is about; of a registration not known before it was accepted."""
        found = self.fields.get("customerId") or (self.receipt or {}).get("customerId")
        return None if found is None else str(found)

    def learn(self, outcome: Outcome, receipt: Mapping[str, Any] | None) -> str | None:
        """Take one more answer to this mutation; what is wrong with it, if anything.

        Once accepted stays accepted. What was unknown stays so whatever a repetition is refused for, unless
        one is accepted: the first may have been applied all the same.
        """
        self.attempts += 1
        if outcome is Outcome.ACCEPTED:
            wrong = None
            if self.outcome is Outcome.ACCEPTED and self.receipt != receipt:
                wrong = f"{self.mutation} {self.key} was given two receipts: {self.receipt} and {receipt}"
            self.outcome, self.receipt = outcome, self.receipt or receipt
            return wrong
        worse = self.outcome is Outcome.REFUSED and outcome is Outcome.UNKNOWN
        if self.attempts == 1 or worse:
            self.outcome = outcome
        return None


@dataclass(slots=True)
class Ledger:
    """All mutations of a run, by key."""

    entries: dict[str, Entry] = field(default_factory=dict)
    #: What was seen to be wrong while the load ran.
    wrong: list[str] = field(default_factory=list)

    def open(self, mutation: str, key: str, fields: dict[str, Any]) -> Entry:
        """Note a mutation before it is sent."""
        entry = self.entries[key] = Entry(mutation, key, fields)
        return entry

    def learn(self, entry: Entry, outcome: Outcome, receipt: Mapping[str, Any] | None = None) -> None:
        """Note an answer."""
        wrong = entry.learn(outcome, receipt)
        if wrong is not None:
            self.wrong.append(wrong)

    def counts(self) -> dict[str, int]:
        """How many mutations of each outcome."""
        found = Counter(entry.outcome.value for entry in self.entries.values())
        return {outcome.value: found[outcome.value] for outcome in Outcome}


def outcome_of(status: int, body: Mapping[str, Any], mutation: str) -> tuple[Outcome, Any]:
    """What an answer says of its mutation, and the receipt if there is one."""
    payload = (body.get("data") or {}).get(mutation) or {}
    if payload.get("receipt") is not None:
        return Outcome.ACCEPTED, payload["receipt"]
    if payload.get("userErrors"):
        return Outcome.REFUSED, None
    told = [error.get("extensions", {}) for error in body.get("errors") or ()]
    # A process that ran out of its own time knows nothing of what others did for it.
    lost = not told or any(
        extensions.get("outcome") == "UNKNOWN" or extensions.get("code") == "GATEWAY_TIMEOUT"
        for extensions in told
    )
    return (Outcome.UNKNOWN if lost or status == 504 else Outcome.REFUSED), None
