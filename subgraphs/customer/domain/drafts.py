"""What a caller wants to write, normalised, and the rules it must pass before it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

from kernel.events import new_id
from subgraphs.customer.domain import values
from subgraphs.customer.domain.cpf import is_cpf
from subgraphs.customer.domain.problems import Path, Problem, ProblemCode
from subgraphs.customer.domain.profile import Address, Asset, Debt, Income, Profile, age, format_money

__all__ = [
    "UNCHANGED",
    "Activity",
    "ActivityKind",
    "BureauQuery",
    "CardPurchase",
    "Change",
    "Movement",
    "MovementDirection",
    "Registration",
    "Unchanged",
    "activity_payload",
    "check_activity",
    "check_address",
    "check_addresses",
    "check_asset",
    "check_change",
    "check_debt",
    "check_income",
    "check_registration",
    "check_size",
    "new_uuid",
]

#: Longest person's name; the longest on record in Brazil's registers is far below.
_NAME = 200
#: Longest single line: creditor, street, merchant, city and the like.
_LINE = 200
#: Longest free text.
_TEXT = 500
#: A house number, a category, a bureau's name.
_SHORT = 60
#: No one has lived longer than 122 years.
_OLDEST = 130
#: Rows of one kind that one input may bring, and that one customer may have in all. Together they keep the
#: whole
#: profile, which travels as one event, below 200 KB: SQS carries at most 256 KiB.
MAX_ADDRESSES = 20
MAX_DEBTS = 1_000
MAX_ASSETS = 500
MAX_INCOMES = 200


class Unchanged(Enum):
    """Marks a field that an update leaves as it is; None means to clear it."""

    UNCHANGED = "UNCHANGED"


UNCHANGED = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class Registration:
    """A new customer. `cpf` is normalised to eleven digits where possible."""

    name: str
    cpf: str
    birth_date: date
    email: str | None
    phone: str | None
    addresses: Sequence[Address]
    debts: Sequence[Debt]
    assets: Sequence[Asset]
    incomes: Sequence[Income]


@dataclass(frozen=True, slots=True)
class Change:
    """An update of a customer's own fields."""

    name: str | Unchanged | None = UNCHANGED
    email: str | Unchanged | None = UNCHANGED
    phone: str | Unchanged | None = UNCHANGED
    addresses: Sequence[Address] | Unchanged | None = UNCHANGED

    @property
    def empty(self) -> bool:
        """Nothing is to be changed."""
        return self.addresses is UNCHANGED and not self.fields()

    def fields(self) -> dict[str, str | None]:
        """Name, e-mail and phone, as far as they are to be changed."""
        named = {"name": self.name, "email": self.email, "phone": self.phone}
        return {name: value for name, value in named.items() if not isinstance(value, Unchanged)}


class ActivityKind(Enum):
    """The kinds of financial events, as the activity contract names them."""

    CARD_PURCHASE = "CARD_PURCHASE"
    BUREAU_QUERY = "BUREAU_QUERY"
    MOVEMENT = "MOVEMENT"


class MovementDirection(Enum):
    """Into the account or out of it."""

    CREDIT = "CREDIT"
    DEBIT = "DEBIT"


@dataclass(frozen=True, slots=True)
class CardPurchase:
    """A purchase by card, BRL."""

    amount: Decimal
    merchant: str
    category: str | None
    card_last4: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class BureauQuery:
    """A query of the customer's CPF at a credit bureau."""

    bureau: str
    reason: str | None
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that came into or left an account, BRL."""

    amount: Decimal
    direction: MovementDirection
    description: str
    occurred_at: datetime


Activity = CardPurchase | BureauQuery | Movement


def new_uuid() -> UUID:
    """A fresh UUIDv7, so that keys of one table arrive in index order."""
    return UUID(new_id())


def check_registration(draft: Registration, path: Path, today: date) -> Iterator[Problem]:
    """All that is wrong with a registration, in the order of its fields."""
    yield from _check_name(draft.name, (*path, "name"))
    if not is_cpf(draft.cpf):
        yield Problem(ProblemCode.INVALID_CPF, "is not a CPF: its check digits are wrong", (*path, "cpf"))
    yield from _check_birth_date(draft.birth_date, (*path, "birthDate"), today)
    yield from _check_contact(draft.email, draft.phone, path)
    yield from check_addresses(draft.addresses, (*path, "addresses"))
    yield from _check_length(draft.debts, MAX_DEBTS, (*path, "debts"))
    for position, debt in enumerate(draft.debts[:MAX_DEBTS]):
        yield from check_debt(debt, (*path, "debts", str(position)), today)
    yield from _check_length(draft.assets, MAX_ASSETS, (*path, "assets"))
    for position, asset in enumerate(draft.assets[:MAX_ASSETS]):
        yield from check_asset(asset, (*path, "assets", str(position)), today)
    yield from _check_length(draft.incomes, MAX_INCOMES, (*path, "incomes"))
    for position, income in enumerate(draft.incomes[:MAX_INCOMES]):
        yield from check_income(income, (*path, "incomes", str(position)))


def check_change(change: Change, path: Path) -> Iterator[Problem]:
    """All that is wrong with an update. Name and addresses cannot be null; e-mail and phone can."""
    if change.name is None:
        yield values.invalid((*path, "name"), "cannot be removed")
    elif change.name is not UNCHANGED:
        yield from _check_name(change.name, (*path, "name"))
    email = None if change.email is UNCHANGED else change.email
    phone = None if change.phone is UNCHANGED else change.phone
    yield from _check_contact(email, phone, path)
    if change.addresses is None:
        yield values.invalid((*path, "addresses"), "cannot be null; an empty list removes all addresses")
    elif change.addresses is not UNCHANGED:
        yield from check_addresses(change.addresses, (*path, "addresses"))


def check_addresses(addresses: Sequence[Address], path: Path) -> Iterator[Problem]:
    """Each address, and their number."""
    yield from _check_length(addresses, MAX_ADDRESSES, path)
    for position, address in enumerate(addresses[:MAX_ADDRESSES]):
        yield from check_address(address, (*path, str(position)))


def check_address(address: Address, path: Path) -> Iterator[Problem]:
    """A Brazilian address."""
    yield from values.check_text(address.street, (*path, "street"), longest=_LINE)
    yield from values.check_text(address.number, (*path, "number"), longest=_SHORT)
    if address.complement is not None:
        yield from values.check_text(address.complement, (*path, "complement"), longest=_LINE)
    yield from values.check_text(address.district, (*path, "district"), longest=_LINE)
    yield from values.check_text(address.city, (*path, "city"), longest=_LINE)
    yield from values.check_state(address.state, (*path, "state"))
    yield from values.check_postal_code(address.postal_code, (*path, "postalCode"))


def check_debt(debt: Debt, path: Path, today: date) -> Iterator[Problem]:
    """A debt as it is taken up: due on the day of its contract or later."""
    yield from values.check_text(debt.creditor, (*path, "creditor"), longest=_LINE)
    yield from values.check_amount(debt.amount, (*path, "amount"))
    yield from values.check_not_future(debt.contracted_on, (*path, "contractedOn"), today)
    yield from values.check_range(
        debt.contracted_on, debt.due_on, (*path, "dueOn"), "is before the day of the contract"
    )


def check_asset(asset: Asset, path: Path, today: date) -> Iterator[Problem]:
    """An asset with a value above zero."""
    yield from values.check_text(asset.description, (*path, "description"), longest=_TEXT)
    yield from values.check_amount(asset.value, (*path, "value"))
    if asset.acquired_on is not None:
        yield from values.check_not_future(asset.acquired_on, (*path, "acquiredOn"), today)


def check_income(income: Income, path: Path) -> Iterator[Problem]:
    """An income; it may start in the future (a new job)."""
    yield from values.check_text(income.source, (*path, "source"), longest=_LINE)
    yield from values.check_amount(income.monthly_amount, (*path, "monthlyAmount"))
    yield from values.check_range(
        values.EARLIEST_DATE, income.started_on, (*path, "startedOn"), f"is before {values.EARLIEST_DATE}"
    )


def check_size(profile: Profile, path: Path) -> Iterator[Problem]:
    """Not more of anything than one customer may have."""
    yield from _check_length(profile.debts, MAX_DEBTS, path)
    yield from _check_length(profile.assets, MAX_ASSETS, path)
    yield from _check_length(profile.incomes, MAX_INCOMES, path)


def check_activity(activity: Activity, path: Path, now: datetime) -> Iterator[Problem]:
    """A financial event that has happened."""
    match activity:
        case CardPurchase():
            yield from values.check_amount(activity.amount, (*path, "amount"))
            yield from values.check_text(activity.merchant, (*path, "merchant"), longest=_LINE)
            if activity.category is not None:
                yield from values.check_text(activity.category, (*path, "category"), longest=_SHORT)
            yield from values.check_card_last4(activity.card_last4, (*path, "cardLast4"))
        case BureauQuery():
            yield from values.check_text(activity.bureau, (*path, "bureau"), longest=_SHORT)
            if activity.reason is not None:
                yield from values.check_text(activity.reason, (*path, "reason"), longest=_TEXT)
        case Movement():
            yield from values.check_amount(activity.amount, (*path, "amount"))
            yield from values.check_text(activity.description, (*path, "description"), longest=_TEXT)
    yield from values.check_instant(activity.occurred_at, (*path, "occurredAt"), now)


def activity_payload(event_id: str, customer_id: UUID, activity: Activity) -> Mapping[str, object]:
    """The data of customer.activity.v1: `ActivityEventInput` of the activity contract, in UTC."""
    common: dict[str, object] = {"eventId": event_id, "customerId": str(customer_id)}
    own: dict[str, object]
    match activity:
        case CardPurchase():
            own = {
                "kind": ActivityKind.CARD_PURCHASE.value,
                "amount": format_money(activity.amount),
                "merchant": activity.merchant,
                "category": activity.category,
                "cardLast4": activity.card_last4,
            }
        case BureauQuery():
            own = {
                "kind": ActivityKind.BUREAU_QUERY.value,
                "bureau": activity.bureau,
                "reason": activity.reason,
            }
        case Movement():
            own = {
                "kind": ActivityKind.MOVEMENT.value,
                "amount": format_money(activity.amount),
                "direction": activity.direction.value,
                "description": activity.description,
            }
    moment = activity.occurred_at.isoformat().replace("+00:00", "Z")
    return {**common, **own, "occurredAt": moment}


def _check_name(name: str, path: Path) -> Iterator[Problem]:
    yield from values.check_text(name, path, longest=_NAME)
    if name and not any(map(str.isalpha, name)):
        yield values.invalid(path, "has no letters")


def _check_birth_date(birth_date: date, path: Path, today: date) -> Iterator[Problem]:
    if birth_date > today:
        yield values.invalid(path, "is in the future")
    elif age(birth_date, today) > _OLDEST:
        yield values.invalid(path, f"is more than {_OLDEST} years ago")


def _check_contact(email: str | None, phone: str | None, path: Path) -> Iterator[Problem]:
    if email is not None:
        yield from values.check_email(email, (*path, "email"))
    if phone is not None:
        yield from values.check_phone(phone, (*path, "phone"))


def _check_length(rows: Sequence[object], most: int, path: Path) -> Iterator[Problem]:
    if len(rows) > most:
        yield values.invalid(path, f"has more than {most} entries")
