"""A small subgraph for the edge's tests: a shop with everything that the edge has a rule about."""

from __future__ import annotations

import decimal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Self, TypeAlias

import strawberry
from strawberry.federation.schema_directives import Authenticated, Policy

from kernel.asgi import ASGIApp
from subgraphs.edge.app import graphql_app
from subgraphs.edge.context import RequestContext
from subgraphs.edge.errors import BadUserInput, ClientFault
from subgraphs.edge.fields import field, mutation
from subgraphs.edge.references import Reference
from subgraphs.edge.scalars import Date, DateTime, Decimal
from subgraphs.edge.schema import Schema, federated_schema

__all__ = ["ShopContext", "calls", "shop", "shop_schema"]

#: Names of the resolvers that ran, for tests that say one must not.
calls: list[str] = []


@dataclass(kw_only=True)
class ShopContext(RequestContext):
    """The context with something of the subgraph's own."""

    currency: str = "BRL"


Info: TypeAlias = strawberry.Info[ShopContext, None]


@strawberry.interface
class Named:
    """An interface with a guarded field."""

    name: str = strawberry.federation.field(requires_scopes=[["names:read"]])


@strawberry.federation.type(keys=["id"])
class Product(Named):
    """An entity."""

    id: strawberry.ID
    price: Decimal | None = strawberry.federation.field(external=True)

    @classmethod
    async def resolve_references(
        cls, info: Info, references: Sequence[Reference]
    ) -> Sequence[Self | ClientFault | None]:
        calls.append(f"products:{len(references)}:{info.context.currency}")
        return [cls._of(reference) for reference in references]

    @classmethod
    def _of(cls, reference: Reference) -> Self | ClientFault | None:
        last = str(reference.id)[-1]
        if last == "0":
            return None
        if last == "f":
            return BadUserInput("This product cannot be shown.")
        return cls(name="Café", id=strawberry.ID(str(reference.id)), price=reference.external.get("price"))

    @field(requires=["price"])
    async def twice(self) -> Decimal | None:
        """Needs the external price."""
        return None if self.price is None else self.price * 2


@strawberry.federation.type(keys=["id"])
class Shelf:
    """A second entity."""

    id: strawberry.ID

    @classmethod
    async def resolve_references(cls, info: Info, references: Sequence[Reference]) -> Sequence[Self]:
        calls.append(f"shelves:{len(references)}")
        return [cls(id=strawberry.ID(str(reference.id))) for reference in references]


@strawberry.federation.type(directives=[Authenticated()])
class Till:
    """A guarded type."""

    total: int

    @field(requires_scopes=[["till:open"], ["owner", "boss"]])
    async def coins(self) -> int:
        """Guarded by type and field."""
        calls.append("coins")
        return 7


@strawberry.federation.type(directives=[Policy(policies=[["closed"]])])
class Safe:
    """A type that needs what a subgraph cannot evaluate."""

    code: str


@strawberry.type
class Box:
    """A box in a box."""

    @field()
    def box(self) -> Box:
        """The next one."""
        return Box()

    @field()
    def size(self) -> int:
        """A leaf."""
        return 1


@strawberry.input
class Order:
    """An input with a default that must not be null."""

    items: list[str] = strawberry.field(default_factory=list)
    note: str | None = None


@strawberry.type
class Query:
    """Reads."""

    @field()
    async def echo(
        self,
        text: str | None = None,
        on: Date | None = None,
        at: DateTime | None = None,
        amount: Decimal | None = None,
        id: strawberry.ID | None = None,  # noqa: A002 - as in the graph
    ) -> str:
        """The values as Python has them."""
        given = (text, on, at, amount, id)
        return " ".join(repr(value) for value in given if value is not None)

    @field()
    def product(self) -> Product:
        """An object whose interface has a guarded field."""
        return Product(name="Café", id=strawberry.ID("1"), price=decimal.Decimal("1.50"))

    @field()
    def named(self) -> Named:
        """The same, by its interface."""
        return Product(name="Café", id=strawberry.ID("1"), price=None)

    @field()
    def till(self) -> Till | None:
        """An object of a guarded type."""
        calls.append("till")
        return Till(total=3)

    @field()
    def safe(self) -> Safe | None:
        """Refused for everybody."""
        calls.append("safe")
        return Safe(code="1234")

    @field(authenticated=True)
    async def secret(self) -> str | None:
        """For verified callers."""
        calls.append("secret")
        return "open sesame"

    @field()
    def broken(self) -> str | None:
        """A bug."""
        raise KeyError("password=hunter2")

    @field()
    def impossible(self) -> int:
        """A value that its scalar refuses."""
        return 2**40

    @field()
    def order(self, order: Annotated[Order, strawberry.argument()]) -> int:
        """Takes an input."""
        return len(order.items)

    @field()
    def repeat(self, times: int = 2) -> int:
        """Has a default that must not be null."""
        return times

    @field()
    def box(self) -> Box:
        """To nest as deep as one likes."""
        return Box()


@strawberry.type
class Mutation:
    """Writes."""

    @mutation(inaccessible=True, requires_scopes=[["sync:apply"]])
    async def apply(self, amount: Decimal) -> Decimal:
        """Guarded."""
        calls.append("apply")
        return amount

    @mutation()
    def touch(self, at: DateTime) -> DateTime:
        """Open."""
        calls.append("touch")
        return at


def shop_schema() -> Schema:
    """The shop's schema."""
    return federated_schema(Query, Mutation, types=(Product, Shelf))


def shop(*, development: bool = False) -> ASGIApp:
    """The shop's application; what ran before is forgotten."""
    calls.clear()
    return graphql_app(shop_schema(), lambda base: ShopContext(**base.common()), development=development)
