"""What the caller got wrong, in the terms of the domain."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Path", "Problem", "ProblemCode", "Rejected"]

#: Where in the arguments: ("input", "debts", "0", "amount").
Path = tuple[str, ...]


class ProblemCode(Enum):
    """The stable codes of the contract's UserErrorCode."""

    INVALID_CPF = "INVALID_CPF"
    DUPLICATE_CPF = "DUPLICATE_CPF"
    INVALID_VALUE = "INVALID_VALUE"
    NOT_FOUND = "NOT_FOUND"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    ALREADY_SETTLED = "ALREADY_SETTLED"
    ALREADY_ENDED = "ALREADY_ENDED"
    ERASED = "ERASED"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a mutation's input. The message may be shown; it repeats no value of the input."""

    code: ProblemCode
    message: str
    path: Path


class Rejected(Exception):
    """A mutation is refused for these problems; whatever transaction is open must be rolled back."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(", ".join(problem.code.value for problem in problems))
        self.problems = problems
