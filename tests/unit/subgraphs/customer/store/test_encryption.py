"""What a thief of the database's files would see."""

# ruff: noqa: S608 - the statements are put together from constants

from __future__ import annotations

import asyncpg
import pytest

from subgraphs.customer.store.keys import Keys
from tests.kit import brazil
from tests.unit.subgraphs.customer.world import BLIND_INDEX_KEY, ENCRYPTION_KEY, World

_SECRETS = ("52998224725", "529.982.247-25", "ana@example.com", "81998765432", "Rua da Aurora")


async def dump(world: World) -> str:
    """Every row of every table, as text; binary columns both as they are and decoded."""
    tables = await world.database.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'customer_graph'::regnamespace AND relkind = 'r'"
    )
    rows = [await world.database.rows(f"SELECT * FROM customer_graph.{table['relname']}") for table in tables]
    return repr(rows)


async def test_identifying_texts_are_nowhere_in_the_store_in_clear(world: World) -> None:
    """CPF, e-mail, phone and street are ciphertext; neither is there a key."""
    await world.register(cpf="529.982.247-25", email="ana@example.com", phone="81998765432")
    content = await dump(world)
    for secret in (*_SECRETS, ENCRYPTION_KEY, BLIND_INDEX_KEY):
        assert secret not in content


async def test_equal_texts_have_different_ciphertext(world: World) -> None:
    """Nobody can see that two customers have one e-mail address, or live in one street."""
    for _ in range(2):
        await world.register(email="familia@example.com")
    for table, column in (("customer", "email_ciphertext"), ("address", "street_ciphertext")):
        query = f"SELECT count(DISTINCT {column}) FROM customer_graph.{table}"
        assert await world.database.value(query) == 2


async def test_a_customer_is_found_by_cpf_without_decryption(world: World) -> None:
    """However it is written; a CPF of nobody, or none at all, finds nobody."""
    customer_id = await world.register(cpf="52998224725")
    query = "query Find($cpf: String!) { customerByCpf(cpf: $cpf) { id cpf } }"
    for written in ("52998224725", "529.982.247-25"):
        found = (await world.ask(query, {"cpf": written})).data["customerByCpf"]
        assert found == {"id": customer_id, "cpf": "529.982.247-25"}
    for written in (brazil.cpf(111444777), "52998224726", "", "' OR 1=1 --"):
        assert (await world.ask(query, {"cpf": written})).data["customerByCpf"] is None


async def test_another_key_decrypts_nothing(world: World) -> None:
    """And the database's complaint names neither key nor text."""
    customer_id = await world.register()
    connection = await asyncpg.connect(world.database.app_url)
    try:
        with pytest.raises(asyncpg.PostgresError) as refusal:
            await connection.fetch("SELECT * FROM customer_service.contacts($1, 'wrong')", [customer_id])
    finally:
        await connection.close()
    assert "Wrong key" in str(refusal.value)
    assert "wrong')" not in str(refusal.value)


async def test_the_store_refuses_a_cpf_with_wrong_check_digits(world: World) -> None:
    """Also when the rules in front of it were passed by."""
    connection = await asyncpg.connect(world.database.app_url)
    try:
        check = "SELECT customer_service.is_cpf($1)"
        for number in (brazil.cpf(), brazil.cpf(), "52998224725", "11144477735"):
            assert await connection.fetchval(check, number)
        for number in ("52998224726", "11111111111", "5299822472", "5299822472a", ""):
            assert not await connection.fetchval(check, number)
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.fetchval("SELECT customer_service.seal_cpf('52998224726', 'key')")
    finally:
        await connection.close()


def test_keys_do_not_show_themselves() -> None:
    """Neither in a log line nor in a trace."""
    keys = Keys("encryption-secret", "index-secret")
    assert "secret" not in repr(keys)


def test_one_value_has_another_hash_for_each_purpose_and_key() -> None:
    """A hash of one column says nothing about another column or another installation."""
    one, other = Keys("e", "a"), Keys("e", "b")
    hashes = {
        one.cpf_index("52998224725"),
        one.idempotency_key("52998224725"),
        one.fingerprint(b"52998224725"),
        other.cpf_index("52998224725"),
    }
    assert len(hashes) == 4
    assert all(len(value) == 32 for value in hashes)
