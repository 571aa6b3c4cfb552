"""However many operations clients think up, a gateway remembers as many as its settings say, and no more."""

from __future__ import annotations

import gc
import sys
from hashlib import sha256

import pytest

from gateway.engine import EngineRules
from gateway.web.persisted import DocumentStore
from tests.kit.gateway import InProcessGateway
from tests.unit.gateway.conftest import small_federation

#: Distinct operations after the caches are full.
OPERATIONS = 10_000
#: Blocks of memory that may be in use in addition afterwards. One block kept for each operation would be
#: `OPERATIONS` of them, a kept plan some thousands for each; what varies is what the last ones left behind.
TOLERANCE = OPERATIONS // 5


def _text(number: int) -> str:
    """Texts of one length for each kind; no two are equal, nor are any two plans."""
    name = f"{number:06}"
    kinds = (
        f'query Q{name} {{ c{name}: customer(id: "1") {{ name rating {{ grade }} }} }}',
        f'query Q{name}($a: Boolean!) {{ customer(id: "1") {{ n{name}: name @include(if: $a) score }} }}',
        f"query Q{name} {{ customers {{ nobody{name} }} }}",
        f"query Q{name} {{ customers {{ name ",
        f'mutation Q{name} {{ r{name}: rename(id: "1", name: "x") {{ score }} }}',
        f"query Q{name} {{ k{name}: __typename __schema {{ queryType {{ name }} }} }}",
    )
    return kinds[number % len(kinds)]


async def _ask(gateway: InProcessGateway, first: int, count: int) -> None:
    for number in range(first, first + count):
        text = _text(number)
        digest = sha256(text.encode()).hexdigest()
        extensions = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
        await gateway.ask(text, {"a": number % 2 == 0}, extensions=extensions)
    # The doubles keep what they were asked.
    gateway.transport.requests.clear()
    for double in gateway.federation.doubles.values():
        double.requests.clear()


@pytest.mark.parametrize(
    "rules",
    [
        EngineRules(max_documents=200, max_plans=100),
        EngineRules(max_document_characters=20_000, max_plans=100),
    ],
)
async def test_ten_thousand_distinct_operations_do_not_make_it_grow(rules: EngineRules) -> None:
    """Valid, invalid, unreadable, registered by hash: each is remembered for a while, then evicted."""
    gateway = InProcessGateway(small_federation(), rules=rules, documents=DocumentStore({}, max_entries=100))
    await _ask(gateway, 0, 1_000)
    gc.collect()
    before = sys.getallocatedblocks()
    await _ask(gateway, 1_000, OPERATIONS)
    gc.collect()
    assert sys.getallocatedblocks() - before < TOLERANCE
