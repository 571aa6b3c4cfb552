"""What the mutations answer."""

# No `from __future__ import annotations` here: Strawberry evaluates the annotations of the classes below.

import datetime
from collections.abc import Sequence
from typing import Self
from uuid import UUID

import strawberry
from strawberry import ID

from subgraphs.customer.domain.problems import Problem, ProblemCode
from subgraphs.customer.entities import Customer, CustomerInfo, available
from subgraphs.customer.store.writing import Receipt

__all__ = ["ActivityPayload", "CustomerPayload", "ErasePayload", "EventReceipt", "UserError"]

strawberry.enum(ProblemCode, name="UserErrorCode")


@strawberry.type(description="What was put on the queues by this mutation, committed with the change itself.")
class EventReceipt:
    event_id: ID
    customer_id: ID
    version: int | None = strawberry.field(description="Customer.version after this mutation.")
    targets: list[str] = strawberry.field(description="The subgraphs that will be told: rating, activity.")
    accepted_at: datetime.datetime

    @classmethod
    def of(cls, receipt: Receipt) -> Self:
        """The receipt as the graph shows it."""
        return cls(
            event_id=ID(str(receipt.event_id)),
            customer_id=ID(str(receipt.customer_id)),
            version=receipt.version,
            targets=list(receipt.targets),
            accepted_at=receipt.accepted_at,
        )


@strawberry.type(description="Something wrong with the input; nothing was written.")
class UserError:
    code: ProblemCode
    message: str
    path: list[str] | None = strawberry.field(description='Path into the input, such as ["input", "cpf"].')

    @classmethod
    def all_of(cls, problems: Sequence[Problem]) -> list[Self]:
        """One entry for each problem."""
        return [cls(code=one.code, message=one.message, path=list(one.path)) for one in problems]


async def _customer_afterwards(
    root: strawberry.Parent["CustomerPayload"], info: CustomerInfo
) -> Customer | None:
    """The changed customer; None when it has been erased meanwhile.

    Read after the commit and on its own: when this fails the receipt still tells that the change is in, while
    an error for the whole mutation would have it sent again.
    """
    if root.changed is None:
        return None
    row = await available(info.context.loaders.customers.load(root.changed))
    return Customer(row=row) if row is not None else None


@strawberry.type
class CustomerPayload:
    customer: Customer | None = strawberry.field(resolver=_customer_afterwards)
    changed: strawberry.Private[UUID | None] = None
    receipt: EventReceipt | None = None
    user_errors: list[UserError]


@strawberry.type
class ActivityPayload:
    receipt: EventReceipt | None = None
    user_errors: list[UserError]


@strawberry.type
class ErasePayload:
    customer_id: ID | None = None
    receipt: EventReceipt | None = None
    user_errors: list[UserError]
