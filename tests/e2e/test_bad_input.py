"""What must not be written is refused with a stable code, and nothing is written."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.kit.brazil import address, cpf, debt, income, registration
from tests.kit.graph import EVERYTHING, Graph
from tests.kit.stack import REQUEST_SECONDS, Answer, Stack

_COUNT = "query Count { customers(first: 1) { totalCount } }"


def total(stack: Stack) -> int:
    count: int = stack.ask(_COUNT).data["customers"]["totalCount"]
    return count


@dataclass(frozen=True)
class Wrong:
    """A registration that must be refused with this user error at this place of the input."""

    title: str
    changes: dict[str, Any]
    code: str
    path: list[str]


WRONG_REGISTRATIONS = [
    Wrong("a CPF of ten digits", {"cpf": "1234567890"}, "INVALID_CPF", ["input", "cpf"]),
    Wrong("a CPF of letters", {"cpf": "abcdefghijk"}, "INVALID_CPF", ["input", "cpf"]),
    Wrong("a wrong check digit", {"cpf": "52998224726"}, "INVALID_CPF", ["input", "cpf"]),
    Wrong("eleven equal digits", {"cpf": "11111111111"}, "INVALID_CPF", ["input", "cpf"]),
    Wrong(
        "a negative amount",
        {"debts": [debt(amount="-1.00")]},
        "INVALID_VALUE",
        ["input", "debts", "0", "amount"],
    ),
    Wrong(
        "a debt due before it was contracted",
        {"debts": [debt(contractedOn="2026-02-01", dueOn="2026-01-31")]},
        "INVALID_VALUE",
        ["input", "debts", "0", "dueOn"],
    ),
    Wrong(
        "an income below zero",
        {"incomes": [income(monthlyAmount="-0.01")]},
        "INVALID_VALUE",
        ["input", "incomes", "0", "monthlyAmount"],
    ),
    Wrong(
        "a state that Brazil does not have",
        {"addresses": [address(state="ZZ")]},
        "INVALID_VALUE",
        ["input", "addresses", "0", "state"],
    ),
    Wrong("an empty name", {"name": "   "}, "INVALID_VALUE", ["input", "name"]),
    Wrong("a birth in the future", {"birthDate": "2999-01-01"}, "INVALID_VALUE", ["input", "birthDate"]),
]


@pytest.mark.parametrize("wrong", WRONG_REGISTRATIONS, ids=lambda wrong: wrong.title)
def test_a_wrong_registration_is_refused(stack: Stack, wrong: Wrong) -> None:
    """Each mistake has its code and the path to the place of the input, and no customer comes to be."""
    before = total(stack)
    answer = Graph(stack).send("registerCustomer", registration(**wrong.changes))
    payload = answer.data["registerCustomer"]
    assert payload["customer"] is None
    assert payload["receipt"] is None
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [(wrong.code, wrong.path)]
    assert total(stack) == before


@pytest.mark.parametrize(
    ("title", "changes"),
    [
        ("a null byte", {"name": "Ana\x00Lúcia"}),
        ("a string of 1 MB", {"name": "a" * 1_000_000}),
        ("an amount that is no number", {"debts": [debt(amount="a lot")]}),
        ("an amount that is not finite", {"debts": [debt(amount="NaN")]}),
        ("a date that the calendar lacks", {"birthDate": "1988-02-30"}),
        ("an unknown field", {"isVip": True}),
        ("an object for a string", {"name": {"$ne": 1}}),
    ],
)
def test_input_that_cannot_be_read_is_a_request_error(
    stack: Stack, title: str, changes: dict[str, Any]
) -> None:
    """What is not even of the right type is refused with BAD_USER_INPUT before anything runs."""
    before = total(stack)
    answer = Graph(stack).send("registerCustomer", registration(**changes))
    assert set(answer.codes) == {"BAD_USER_INPUT"}, title
    assert total(stack) == before


def test_more_than_a_mebibyte_is_not_even_read(stack: Stack) -> None:
    """A body above the limit is answered with 413 and a code, before any of it has been sent."""
    address = urlsplit(stack.url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=REQUEST_SECONDS)
    connection.putrequest("POST", address.path)
    connection.putheader("content-type", "application/json")
    connection.putheader("content-length", "1100000")
    connection.endheaders()
    answer = connection.getresponse()
    codes = [error["extensions"]["code"] for error in json.loads(answer.read())["errors"]]
    connection.close()
    assert (answer.status, codes) == (413, ["PAYLOAD_TOO_LARGE"])


def test_a_cpf_is_registered_once_however_many_race(stack: Stack) -> None:
    """Of eight clients that register the same CPF at once one succeeds, and seven learn DUPLICATE_CPF."""
    graph = Graph(stack)
    number = cpf()
    stack.token(EVERYTHING)
    before = total(stack)

    def register(client: int) -> list[str]:
        return graph.user_errors(
            "registerCustomer", **registration(cpf=number, email=f"cliente{client}@example.com")
        )

    with ThreadPoolExecutor(max_workers=8) as clients:
        outcomes = sorted(clients.map(register, range(8)))
    assert outcomes == [[]] + [["DUPLICATE_CPF"]] * 7
    assert total(stack) == before + 1


def test_the_same_key_with_the_same_input_is_the_same_mutation(stack: Stack) -> None:
    """An idempotency key that comes again gives the first answer again and changes nothing."""
    graph = Graph(stack)
    customer_id = graph.register()
    fields = {"customerId": customer_id, "debt": debt(), "idempotencyKey": str(uuid.uuid4())}
    first = graph.mutate("addDebt", **fields)
    assert graph.mutate("addDebt", **fields)["receipt"] == first["receipt"]
    assert graph.followed(customer_id)["version"] == 2


def test_the_same_key_with_other_input_is_a_conflict(stack: Stack) -> None:
    """An idempotency key belongs to one input; with another one nothing is written."""
    graph = Graph(stack)
    customer_id = graph.register()
    key = str(uuid.uuid4())
    graph.mutate("addDebt", customerId=customer_id, debt=debt(amount="10.00"), idempotencyKey=key)
    codes = graph.user_errors(
        "addDebt", customerId=customer_id, debt=debt(amount="11.00"), idempotencyKey=key
    )
    assert codes == ["IDEMPOTENCY_CONFLICT"]
    assert graph.followed(customer_id)["version"] == 2


def test_a_lost_update_is_refused(stack: Stack) -> None:
    """Who changes a version that is no longer current gets VERSION_CONFLICT, and nothing is written."""
    graph = Graph(stack)
    customer_id = graph.register()
    graph.mutate("updateCustomer", customerId=customer_id, name="Ana L. Ferreira", expectedVersion=1)
    codes = graph.user_errors("updateCustomer", customerId=customer_id, name="Ana F.", expectedVersion=1)
    assert codes == ["VERSION_CONFLICT"]
    customer = graph.followed(customer_id)
    assert (customer["name"], customer["version"]) == ("Ana L. Ferreira", 2)


@pytest.mark.parametrize(
    ("mutation", "fields"),
    [
        ("addDebt", {"debt": debt()}),
        ("settleDebt", {"debtId": str(uuid.uuid4()), "settledOn": "2026-03-01"}),
        ("removeAsset", {"assetId": str(uuid.uuid4())}),
        (
            "recordMovement",
            {
                "amount": "1.00",
                "direction": "DEBIT",
                "description": "Conta de água",
                "occurredAt": "2026-01-01T00:00:00Z",
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_unknown_customer_is_not_found(stack: Stack, mutation: str, fields: dict[str, Any]) -> None:
    """A mutation of nobody is the user error NOT_FOUND."""
    assert Graph(stack).user_errors(mutation, customerId=str(uuid.uuid4()), **fields) == ["NOT_FOUND"]


def test_an_unknown_id_is_null(stack: Stack) -> None:
    """A customer that is not there is null, without an error; so is an id that is none."""
    for nobody in (str(uuid.uuid4()), "nobody", "1", ""):
        assert Graph(stack).customer(nobody) is None


#: Every list of the graph: its name, and the largest page that it gives.
PAGES = [("customers", 100), ("activityFeed", 100), ("featureSet", 500)]
each_list = pytest.mark.parametrize(("name", "most"), PAGES, ids=[name for name, _ in PAGES])


def page(stack: Stack, name: str, first: int, after: str | None = None) -> Answer:
    document = (
        "query Page($first: Int, $after: String) "
        f"{{ {name}(first: $first, after: $after) {{ pageInfo {{ endCursor }} }} }}"
    )
    return stack.ask(document, {"first": first, "after": after}, EVERYTHING)


@each_list
def test_a_page_has_a_limit(stack: Stack, name: str, most: int) -> None:
    """`first` up to the limit is served, one more is BAD_USER_INPUT, and so is one below zero."""
    assert name in page(stack, name, most).data
    for first in (most + 1, -1):
        assert page(stack, name, first).codes == ["BAD_USER_INPUT"]


@each_list
@pytest.mark.parametrize("cursor", ["garbage", "", "eyIkbmUiOjF9", "a" * 5000, "\x00"])
def test_a_cursor_of_nobody_is_refused(stack: Stack, name: str, most: int, cursor: str) -> None:
    """A cursor that this list did not give out is BAD_USER_INPUT."""
    assert page(stack, name, 5, cursor).codes == ["BAD_USER_INPUT"]


def test_a_cursor_of_another_list_is_refused(stack: Stack) -> None:
    """A cursor of the customers opens neither the activity feed nor the feature set."""
    Graph(stack).register()
    cursor = page(stack, "customers", 1).data["customers"]["pageInfo"]["endCursor"]
    for name in ("activityFeed", "featureSet"):
        assert page(stack, name, 1, cursor).codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("name", ["customer", "rating", "activity"])
def test_an_operator_for_an_id_reaches_no_store(stack: Stack, name: str) -> None:
    """A representation whose id is `{"$ne": 1}` is that item's own error; its neighbours are answered."""
    graph = Graph(stack)
    customer_id = graph.register()
    graph.followed(customer_id)
    document = "query E($r: [_Any!]!) { _entities(representations: $r) { ... on Customer { id } } }"
    representations = [
        {"__typename": "Customer", "id": customer_id},
        {"__typename": "Customer", "id": {"$ne": 1}},
        {"__typename": "Customer", "id": ["a", "b"]},
        {"__typename": "Customer", "id": None},
        {"__typename": "Query"},
    ]
    answer = stack.post(
        json.dumps({"query": document, "variables": {"r": representations}}).encode(),
        {"authorization": f"Bearer {stack.token(EVERYTHING)}"},
        stack.record(name)["url"],
    )
    entities = answer.body["data"]["_entities"]
    assert entities == [{"id": customer_id}, None, None, None, None]
    assert set(answer.codes) == {"BAD_USER_INPUT"}


def test_a_forged_token_is_refused_everywhere(stack: Stack) -> None:
    """A token whose claims or signature were changed is UNAUTHENTICATED (401), and does nothing."""
    good = stack.token("graph:write", "ana").split(".")
    other = stack.token("graph:write customer:pii customer:erase ops:read ml:read", "bia").split(".")
    before = total(stack)
    forged = [
        ".".join((good[0], other[1], good[2])),  # bia's claims under ana's signature
        ".".join((good[0], good[1], other[2])),
        ".".join((good[0], good[1], good[2][::-1])),
        ".".join((good[0], good[1], "")),
    ]
    document = "mutation M($i: RegisterCustomerInput!) { registerCustomer(input: $i) { customer { id } } }"
    for token in forged:
        headers = {"authorization": f"Bearer {token}"}
        answer = stack.ask(document, {"i": registration()}, scopes=None, headers=headers)
        assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
    assert total(stack) == before


def test_a_token_without_the_scope_writes_nothing(stack: Stack) -> None:
    """Who may read but not write gets UNAUTHORIZED_FIELD_OR_TYPE, and the mutation does not run."""
    before = total(stack)
    answer = Graph(stack).send("registerCustomer", registration(), scopes="customer:pii")
    assert answer.codes == ["UNAUTHORIZED_FIELD_OR_TYPE"]
    assert total(stack) == before


def test_the_router_s_mutations_are_not_in_the_public_graph(stack: Stack) -> None:
    """`applyProfile` and its like are unknown at the gateway, whatever the token."""
    for name in ("applyProfile", "eraseRating", "recordActivity", "eraseActivity"):
        document = f"mutation {{ {name}(event: {{}}) {{ outcome }} }}"
        answer = stack.ask(document, scopes="sync:apply")
        assert set(answer.codes) == {"GRAPHQL_VALIDATION_FAILED"}, name
