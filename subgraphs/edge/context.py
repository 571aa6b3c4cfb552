"""What a resolver may know about the request it works for."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kernel.auth import Principal

__all__ = ["RequestContext"]


@dataclass(kw_only=True)
class RequestContext:
    """One request, one instance: `info.context` of every resolver.

    A subgraph subclasses it with its store and its loaders (which must never outlive the request):

        @dataclass(kw_only=True)
        class RatingContext(RequestContext):
            store: RatingStore

        graphql_app(schema, lambda base: RatingContext(**base.common(), store=store))
    """

    #: Who asks, verified; None when the request carried no token.
    principal: Principal | None
    #: Fields of the one log line of this request. The edge fills operation_name, operation_type, root_fields,
    #: error_count and error_code; a resolver may add ids (`touch`), never values of a profile.
    request_log: MutableMapping[str, Any]
    request_id: str
    traceparent: str
    #: The schema may be read by this caller (introspection is on).
    introspection: bool = False
    _touched: dict[UUID, None] = field(default_factory=dict, init=False, repr=False)

    def touch(self, ids: Iterable[UUID]) -> None:
        """These customers go into the log line of this request (and its row of an access log)."""
        self._touched |= dict.fromkeys(ids)
        self.request_log["customer_ids"] = [str(customer_id) for customer_id in self._touched]

    def common(self) -> dict[str, Any]:
        """The fields above, to build a subclass from."""
        return {
            "principal": self.principal,
            "request_log": self.request_log,
            "request_id": self.request_id,
            "traceparent": self.traceparent,
            "introspection": self.introspection,
        }
