"""The schema of the customer subgraph: the root fields, and how refusals are told."""

# No `from __future__ import annotations` here: Strawberry evaluates the annotations of the resolvers below.

import datetime
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import strawberry
from strawberry import ID

from kernel.telemetry import Trace
from subgraphs.customer import inputs
from subgraphs.customer.connection import CustomerConnection, CustomerFilter, customer_page
from subgraphs.customer.domain.cpf import is_cpf, normalise_cpf
from subgraphs.customer.domain.problems import Path, Rejected
from subgraphs.customer.domain.values import check_text, normalise_text
from subgraphs.customer.entities import PII, Customer, CustomerInfo, available
from subgraphs.customer.fields import field, mutation
from subgraphs.customer.idempotency import canonical_input
from subgraphs.customer.inputs import known_id
from subgraphs.customer.mutations import Mutations
from subgraphs.customer.outbox import QUEUES
from subgraphs.customer.payloads import (
    ActivityPayload,
    CustomerPayload,
    ErasePayload,
    EventReceipt,
    UserError,
)
from subgraphs.customer.reconciliation import ReconciliationMutation, ReconciliationQuery
from subgraphs.customer.store.engine import OutcomeUnknown
from subgraphs.customer.store.listing import CustomerOrder, Filter
from subgraphs.customer.store.pipeline import read_queues
from subgraphs.customer.store.writing import Intent, Receipt
from subgraphs.edge.errors import ClientFault, ErrorCode
from subgraphs.edge.schema import federated_schema

__all__ = ["schema"]

_WRITE = [["graph:write"]]
_ERASE = [["customer:erase"]]
_OPERATE = [["ops:read"]]
_KEY_PATH: Path = ("input", "idempotencyKey")
_LONGEST_KEY = 200

#: One mutation, once it is known who asks.
Act: TypeAlias = Callable[[Mutations, Intent], Awaitable[Receipt]]


@strawberry.type(description="One queue between this subgraph and a copy.")
class PipelineTarget:
    name: str = strawberry.field(description="The subgraph that keeps the copy.")
    pending: int = strawberry.field(description="Events committed here and not yet in the queue.")
    oldest_pending_seconds: float = strawberry.field(description="Age of the oldest of them; 0 when none.")
    in_flight: int = strawberry.field(description="Events in the queue, as the relay last saw it.")
    dead_lettered: int = strawberry.field(description="Events in its DLQ, as the relay last saw it.")
    last_published_at: datetime.datetime | None


@strawberry.type
class Pipeline:
    targets: list[PipelineTarget]


@strawberry.type
class Query(ReconciliationQuery):
    @field(authenticated=True, description="Null when there is none, or when it was erased.")
    async def customer(self, info: CustomerInfo, id: ID) -> Customer | None:
        customer_id = known_id(id)
        if customer_id is None:
            return None
        row = await available(info.context.loaders.customers.load(customer_id))
        if row is None:
            return None
        info.context.touch([row.id])
        return Customer(row=row)

    @field(scopes=PII, description="With or without points and dash; found without decrypting any.")
    async def customer_by_cpf(self, info: CustomerInfo, cpf: str) -> Customer | None:
        digits = normalise_cpf(cpf)
        if not is_cpf(digits):
            return None
        customer_id = await available(info.context.store.reader.customer_id_by_cpf(digits))
        row = await available(info.context.loaders.customers.load(customer_id)) if customer_id else None
        if row is None:
            return None
        info.context.touch([row.id])
        return Customer(row=row)

    @field(authenticated=True, description="At most 100 a page; a cursor is good for the order that gave it.")
    async def customers(
        self,
        info: CustomerInfo,
        first: int | None = 20,
        after: str | None = None,
        filter: CustomerFilter | None = None,
        order_by: CustomerOrder | None = CustomerOrder.CREATED_AT_DESC,
    ) -> CustomerConnection:
        criteria = Filter() if filter is None else filter.criteria()
        return await customer_page(info, first, after, criteria, order_by or CustomerOrder.CREATED_AT_DESC)

    @field(
        scopes=_OPERATE,
        description="How far the copies held by the other subgraphs are behind this one.",
    )
    async def pipeline(self, info: CustomerInfo) -> Pipeline:
        states = await available(read_queues(info.context.store.database, list(QUEUES.values())))
        return Pipeline(
            targets=[
                PipelineTarget(
                    name=name,
                    pending=state.pending,
                    oldest_pending_seconds=state.oldest_seconds,
                    in_flight=state.in_flight,
                    dead_lettered=state.dead_lettered,
                    last_published_at=state.last_published_at,
                )
                for name, state in zip(QUEUES, states, strict=True)
            ]
        )


@strawberry.type
class Mutation(ReconciliationMutation):
    @mutation(scopes=_WRITE)
    async def register_customer(
        self, info: CustomerInfo, input: inputs.RegisterCustomerInput
    ) -> CustomerPayload:
        draft = input.draft()
        return await _changed(info, "registerCustomer", input, lambda to, intent: to.register(intent, draft))

    @mutation(scopes=_WRITE)
    async def update_customer(self, info: CustomerInfo, input: inputs.UpdateCustomerInput) -> CustomerPayload:
        target, change, version = known_id(input.customer_id), input.draft(), input.expected_version
        return await _changed(
            info, "updateCustomer", input, lambda to, intent: to.update(intent, target, change, version)
        )

    @mutation(scopes=_WRITE)
    async def add_debt(self, info: CustomerInfo, input: inputs.AddDebtInput) -> CustomerPayload:
        target, debt = known_id(input.customer_id), input.debt.draft()
        return await _changed(info, "addDebt", input, lambda to, intent: to.add_debt(intent, target, debt))

    @mutation(scopes=_WRITE)
    async def settle_debt(self, info: CustomerInfo, input: inputs.SettleDebtInput) -> CustomerPayload:
        target, debt_id, day = known_id(input.customer_id), known_id(input.debt_id), input.settled_on
        return await _changed(
            info, "settleDebt", input, lambda to, intent: to.settle_debt(intent, target, debt_id, day)
        )

    @mutation(scopes=_WRITE)
    async def add_asset(self, info: CustomerInfo, input: inputs.AddAssetInput) -> CustomerPayload:
        target, asset = known_id(input.customer_id), input.asset.draft()
        return await _changed(info, "addAsset", input, lambda to, intent: to.add_asset(intent, target, asset))

    @mutation(scopes=_WRITE)
    async def remove_asset(self, info: CustomerInfo, input: inputs.RemoveAssetInput) -> CustomerPayload:
        target, asset_id = known_id(input.customer_id), known_id(input.asset_id)
        return await _changed(
            info, "removeAsset", input, lambda to, intent: to.remove_asset(intent, target, asset_id)
        )

    @mutation(scopes=_WRITE)
    async def add_income(self, info: CustomerInfo, input: inputs.AddIncomeInput) -> CustomerPayload:
        target, income = known_id(input.customer_id), input.income.draft()
        return await _changed(
            info, "addIncome", input, lambda to, intent: to.add_income(intent, target, income)
        )

    @mutation(scopes=_WRITE)
    async def end_income(self, info: CustomerInfo, input: inputs.EndIncomeInput) -> CustomerPayload:
        target, income_id, day = known_id(input.customer_id), known_id(input.income_id), input.ended_on
        return await _changed(
            info, "endIncome", input, lambda to, intent: to.end_income(intent, target, income_id, day)
        )

    @mutation(scopes=_WRITE)
    async def record_card_purchase(
        self, info: CustomerInfo, input: inputs.RecordCardPurchaseInput
    ) -> ActivityPayload:
        return await _recorded(info, "recordCardPurchase", input)

    @mutation(scopes=_WRITE)
    async def record_bureau_query(
        self, info: CustomerInfo, input: inputs.RecordBureauQueryInput
    ) -> ActivityPayload:
        return await _recorded(info, "recordBureauQuery", input)

    @mutation(scopes=_WRITE)
    async def record_movement(self, info: CustomerInfo, input: inputs.RecordMovementInput) -> ActivityPayload:
        return await _recorded(info, "recordMovement", input)

    @mutation(
        scopes=_ERASE,
        description="LGPD erasure: personal data is destroyed here and, by way of the queues, in every other "
        "subgraph.",
    )
    async def erase_customer(self, info: CustomerInfo, input: inputs.EraseCustomerInput) -> ErasePayload:
        target, reason = known_id(input.customer_id), normalise_text(input.reason)
        try:
            receipt = await _act(info, "eraseCustomer", input, lambda to, one: to.erase(one, target, reason))
        except Rejected as refusal:
            return ErasePayload(user_errors=_user_errors(info, refusal))
        return ErasePayload(
            customer_id=ID(str(receipt.customer_id)), receipt=EventReceipt.of(receipt), user_errors=[]
        )


async def _changed(info: CustomerInfo, operation: str, given: inputs.Keyed, act: Act) -> CustomerPayload:
    """Do it, and let the customer be shown as it is afterwards."""
    try:
        receipt = await _act(info, operation, given, act)
    except Rejected as refusal:
        return CustomerPayload(user_errors=_user_errors(info, refusal))
    return CustomerPayload(changed=receipt.customer_id, receipt=EventReceipt.of(receipt), user_errors=[])


async def _recorded(info: CustomerInfo, operation: str, given: inputs.RecordInput) -> ActivityPayload:
    target, activity = known_id(given.customer_id), given.draft()
    try:
        receipt = await _act(info, operation, given, lambda to, intent: to.record(intent, target, activity))
    except Rejected as refusal:
        return ActivityPayload(user_errors=_user_errors(info, refusal))
    return ActivityPayload(receipt=EventReceipt.of(receipt), user_errors=[])


async def _act(info: CustomerInfo, operation: str, given: inputs.Keyed, act: Act) -> Receipt:
    """The mutation's receipt; raises `Rejected`."""
    context = info.context
    context.forget_reads()
    target = known_id(getattr(given, "customer_id", ID("")))
    if target is not None:
        # Also when it is refused: who tried is of interest, too.
        context.touch([target])
    try:
        receipt = await available(act(context.store.mutations, _intent(info, operation, given)))
    except OutcomeUnknown as error:
        raise ClientFault(
            ErrorCode.SERVICE_UNAVAILABLE,
            "The store was lost while it was committing. Whether the mutation took effect is unknown: "
            "send it again with the same idempotencyKey, or look first.",
            outcome="UNKNOWN",
        ) from error
    context.touch([receipt.customer_id])
    return receipt


def _intent(info: CustomerInfo, operation: str, given: inputs.Keyed) -> Intent:
    key = given.idempotency_key
    if key is not None:
        problems = tuple(check_text(key, _KEY_PATH, longest=_LONGEST_KEY))
        if problems:
            raise Rejected(*problems)
    principal = info.context.principal
    assert principal is not None, "every mutation requires a scope"
    return Intent(
        principal=principal.subject,
        trace=Trace(info.context.request_id, info.context.traceparent),
        idempotency_key=key,
        canonical_input=canonical_input(operation, given),
    )


def _user_errors(info: CustomerInfo, refusal: Rejected) -> list[UserError]:
    log = info.context.request_log
    log["user_errors"] = [*log.get("user_errors", ()), *(one.code.value for one in refusal.problems)]
    return UserError.all_of(refusal.problems)


schema = federated_schema(query=Query, mutation=Mutation)
