"""Why an operation has no plan."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.errors import ClientProblem, ErrorCode

__all__ = ["PlanProblem"]


class PlanProblem(ClientProblem):
    """A valid operation that cannot be planned; the text is safe to show."""

    @classmethod
    def not_found(cls, field: str, path: Iterable[str], reason: str = "") -> PlanProblem:
        """No subgraph, nor any way through several, resolves `field` (`Type.name`) at this path."""
        keys = tuple(path)
        detail = f" {reason}" if reason else ""
        message = f"Cannot resolve {field} at {'.'.join(keys) or 'the root'}.{detail}"
        extensions = {"field": field}
        return cls(ErrorCode.QUERY_PLAN_NOT_FOUND, message, path=keys, extensions=extensions)

    @classmethod
    def too_complex(cls, what: str) -> PlanProblem:
        """The planning budget is used up."""
        return cls(ErrorCode.QUERY_PLAN_TOO_COMPLEX, f"The operation is too complex to plan: {what}.")

    @classmethod
    def unsupported(cls, what: str) -> PlanProblem:
        """The gateway does not serve such operations."""
        return cls(ErrorCode.UNSUPPORTED_OPERATION, what)
