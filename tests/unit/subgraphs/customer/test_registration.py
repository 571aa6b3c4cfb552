"""registerCustomer: what a new customer is, and what is refused."""

from __future__ import annotations

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
        "debts": [
            {"creditor": "Banco Araucária", "amount": "1500.00", "status": "OPEN", "settledOn": None}
        ],
        "incomes": [{"kind": "SALARY", "monthlyAmount": "4200.00"}],
    }


async def test_a_second_customer_with_the_same_cpf_is_refused(world: World) -> None:
    """DUPLICATE_CPF, however the CPF is written, and nothing is written."""
    await world.register(cpf="52998224725")
    again = brazil.registration(cpf="529.982.247-25")
    assert await world.refused("registerCustomer", again) == [("DUPLICATE_CPF", "input.cpf")]
