"""Which headers a subgraph gets: ours, those that rules let pass, and nothing else of the client's.

Nothing is passed on unless a rule names it, so a client cannot forge a header that a subgraph trusts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["HeaderRules", "SubgraphHeaders"]

#: Headers of one connection or of the message's framing: never passed on (RFC 9110, section 7.6.1).
_HOP_BY_HOP = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


@dataclass(frozen=True, slots=True)
class HeaderRules:
    """Rules for the requests to one subgraph; names are lower-case."""

    #: Client headers that pass. The trace headers are always ours and need no rule.
    propagate: tuple[str, ...] = ("authorization", "accept-language")
    #: Headers with fixed values; they win over propagated ones.
    insert: Mapping[str, str] = field(default_factory=dict)

    def apply(self, client: Mapping[str, str]) -> dict[str, str]:
        """The headers that depend on the caller alone: callers with equal ones may share an answer."""
        passed = {name: client[name] for name in self.propagate if name in client and name not in _HOP_BY_HOP}
        passed.update(self.insert)
        return passed


@dataclass(frozen=True, slots=True)
class SubgraphHeaders:
    """The rules per subgraph."""

    default: HeaderRules = field(default_factory=HeaderRules)
    by_subgraph: Mapping[str, HeaderRules] = field(default_factory=dict)

    def of(self, subgraph: str) -> HeaderRules:
        """The rules of one subgraph: its own, else those for all."""
        return self.by_subgraph.get(subgraph, self.default)
