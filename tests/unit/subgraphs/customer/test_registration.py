"""registerCustomer: what a new customer is, and what is refused."""

from __future__ import annotations

import asyncio

import pytest

from tests.kit import brazil
from tests.unit.subgraphs.customer.world import World


async def test_a_registered_customer_can_be_read_back(world: World) -> None:
    """All that was registered is there, normalised, with totals."""
    customer_id = await world.register(name="Ana Lúcia Ferreira", cpf="52998224725")
    customer = await world.customer(
        customer_id,
        "id version name cpf maskedCpf birthDate age email phone totalDebt totalAssets monthlyIncome "
        "addresses { street city state postalCode complement } debts { creditor amount status settledOn } "
        "incomes { kind monthlyAmount }",
    )
    assert customer == {
        "id": customer_id,
        "version": 1,
        "name": "Ana Lúcia Ferreira",
        "cpf": "529.982.247-25",
        "maskedCpf": "***.982.247-**",
        "birthDate": "1988-04-17",
        "age": 38,
        "email": "ana.ferreira@example.com",
        "phone": "+5581998765432",
        "totalDebt": "1500.00",
        "totalAssets": "0.00",
        "monthlyIncome": "4200.00",
        "addresses": [
            {
                "street": "Rua da Aurora",
                "city": "Recife",
                "state": "PE",
                "postalCode": "50050-000",
                "complement": None,
            }
        ],
        "debts": [{"creditor": "Banco Araucária", "amount": "1500.00", "status": "OPEN", "settledOn": None}],
        "incomes": [{"kind": "SALARY", "monthlyAmount": "4200.00"}],
    }


async def test_a_second_customer_with_the_same_cpf_is_refused(world: World) -> None:
    """DUPLICATE_CPF, however the CPF is written, and nothing is written."""
    await world.register(cpf="52998224725")
    again = brazil.registration(cpf="529.982.247-25")
    assert await world.refused("registerCustomer", again) == [("DUPLICATE_CPF", "input.cpf")]


async def test_of_two_clients_who_race_with_one_cpf_one_loses(world: World) -> None:
    """However many register at once: one customer, one event, DUPLICATE_CPF for the others."""
    given = [brazil.registration(cpf="52998224725", name=f"Cliente {letter}") for letter in "ABCDEFGH"]
    payloads = await asyncio.gather(*(world.mutate("registerCustomer", one) for one in given))
    codes = sorted(error["code"] for payload in payloads for error in payload["userErrors"])
    assert codes == ["DUPLICATE_CPF"] * 7
    assert await world.database.value("SELECT count(*) FROM customer_graph.customer") == 1
    assert await world.database.value("SELECT count(*) FROM customer_graph.outbox") == 1


WRONG: list[tuple[str, dict[str, object], list[tuple[str, str]]]] = [
    ("wrong check digit", {"cpf": "52998224726"}, [("INVALID_CPF", "input.cpf")]),
    ("no CPF at all", {"cpf": "abc"}, [("INVALID_CPF", "input.cpf")]),
    ("eleven equal digits", {"cpf": "11111111111"}, [("INVALID_CPF", "input.cpf")]),
    ("empty name", {"name": "   "}, [("INVALID_VALUE", "input.name")]),
    ("name without letters", {"name": "1234"}, [("INVALID_VALUE", "input.name")]),
    ("name too long", {"name": "x" * 201}, [("INVALID_VALUE", "input.name")]),
    ("born tomorrow", {"birthDate": "2026-11-25"}, [("INVALID_VALUE", "input.birthDate")]),
    ("born long ago", {"birthDate": "1890-01-01"}, [("INVALID_VALUE", "input.birthDate")]),
    ("no e-mail address", {"email": "ana"}, [("INVALID_VALUE", "input.email")]),
    ("no telephone number", {"phone": "x"}, [("INVALID_VALUE", "input.phone")]),
    (
        "negative amount",
        {"debts": [brazil.debt(), brazil.debt(amount="-1.00")]},
        [("INVALID_VALUE", "input.debts.1.amount")],
    ),
    ("amount of zero", {"debts": [brazil.debt(amount="0")]}, [("INVALID_VALUE", "input.debts.0.amount")]),
    (
        "parts of a centavo",
        {"debts": [brazil.debt(amount="1.001")]},
        [("INVALID_VALUE", "input.debts.0.amount")],
    ),
    (
        "due before the contract",
        {"debts": [brazil.debt(contractedOn="2026-02-01", dueOn="2026-01-31")]},
        [("INVALID_VALUE", "input.debts.0.dueOn")],
    ),
    (
        "contracted in the future",
        {"debts": [brazil.debt(contractedOn="2027-01-01")]},
        [("INVALID_VALUE", "input.debts.0.contractedOn")],
    ),
    (
        "foreign state",
        {"addresses": [brazil.address(state="NY")]},
        [("INVALID_VALUE", "input.addresses.0.state")],
    ),
    (
        "foreign postal code",
        {"addresses": [brazil.address(postalCode="10001")]},
        [("INVALID_VALUE", "input.addresses.0.postalCode")],
    ),
    (
        "income of nothing",
        {"incomes": [brazil.income(monthlyAmount="0.00")]},
        [("INVALID_VALUE", "input.incomes.0.monthlyAmount")],
    ),
    (
        "asset without a description",
        {"assets": [{"kind": "VEHICLE", "description": "", "value": "1.00"}]},
        [("INVALID_VALUE", "input.assets.0.description")],
    ),
    (
        "too many addresses",
        {"addresses": [brazil.address()] * 21},
        [("INVALID_VALUE", "input.addresses")],
    ),
]


@pytest.mark.parametrize(("changes", "expected"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
async def test_a_wrong_registration_is_refused_with_code_and_path(
    world: World, changes: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    """Each mistake has its stable code and its place, and nothing is written."""
    assert await world.refused("registerCustomer", brazil.registration(**changes)) == expected


async def test_all_mistakes_are_told_at_once(world: World) -> None:
    """A form can mark every field in one go."""
    given = brazil.registration(name="", cpf="1", email="x", debts=[brazil.debt(amount="0", creditor="")])
    assert await world.refused("registerCustomer", given) == [
        ("INVALID_VALUE", "input.name"),
        ("INVALID_CPF", "input.cpf"),
        ("INVALID_VALUE", "input.email"),
        ("INVALID_VALUE", "input.debts.0.creditor"),
        ("INVALID_VALUE", "input.debts.0.amount"),
    ]


UNACCEPTABLE: list[tuple[str, dict[str, object]]] = [
    ("null byte", {"name": "Ana\0Lima"}),
    ("a string of a megabyte", {"name": "x" * 1_000_000}),
    ("a date that does not exist", {"birthDate": "1990-02-30"}),
    ("a date with a time", {"birthDate": "1990-02-03T00:00:00Z"}),
    ("an amount that is a float", {"debts": [brazil.debt(amount=10.5)]}),
    ("an amount with an exponent", {"debts": [brazil.debt(amount="1e3")]}),
    ("an amount that is not a number", {"debts": [brazil.debt(amount="NaN")]}),
    ("an enum value that does not exist", {"incomes": [brazil.income(kind="LOTTERY")]}),
    ("an operator in place of a text", {"cpf": {"$ne": "1"}}),
    ("a field that does not exist", {"score": 1000}),
]


@pytest.mark.parametrize("changes", [row[1] for row in UNACCEPTABLE], ids=[row[0] for row in UNACCEPTABLE])
async def test_what_the_wire_must_not_carry_is_a_graphql_error(
    world: World, changes: dict[str, object]
) -> None:
    """BAD_USER_INPUT, and nothing is written."""
    before = await world.written()
    answer = await world.try_to("registerCustomer", brazil.registration(**changes))
    assert answer.codes == ["BAD_USER_INPUT"]
    assert await world.written() == before
