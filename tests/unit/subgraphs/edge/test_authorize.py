"""The access directives, for who calls the subgraph itself."""

from __future__ import annotations

import pytest
from strawberry.federation.schema_directives import Authenticated, Policy, RequiresScopes, Shareable

from kernel.auth import Principal
from subgraphs.edge.authorize import requirement_of
from tests.kit.edge import call, principal
from tests.unit.subgraphs.edge.shop import calls, shop

ANYBODY = None


async def test_a_refused_field_is_null_and_its_resolver_does_not_run() -> None:
    """With the code, the path, and the coordinate in the text."""
    answer = await call(shop(), "{ alias: secret }")
    (error,) = answer.json["errors"]
    assert answer.json["data"] == {"alias": None}
    assert error["extensions"] == {"code": "UNAUTHORIZED_FIELD_OR_TYPE"}
    assert error["path"] == ["alias"]
    assert error["message"] == "Not authorized to read Query.secret."
    assert calls == []


async def test_an_allowed_field_is_answered() -> None:
    """Any verified caller passes @authenticated."""
    assert (await call(shop(), "{ secret }", caller=principal())).data == {"secret": "open sesame"}


async def test_a_refused_non_null_field_propagates() -> None:
    """By nullability, as GraphQL says."""
    answer = await call(shop(), 'mutation { apply(amount: "1") }', caller=principal("graph:write"))
    assert answer.json["data"] is None
    assert answer.code == "UNAUTHORIZED_FIELD_OR_TYPE"
    assert calls == []


async def test_the_neighbours_of_a_refused_field_are_answered() -> None:
    """Authorisation is per field."""
    answer = await call(shop(), '{ secret echo(text: "oi") }')
    assert answer.json["data"] == {"secret": None, "echo": "'oi'"}


FORMS = {
    "object": "{ product { name } }",
    "alias": "{ product { x: name } }",
    "inline fragment": "{ product { ... on Named { name } } }",
    "fragment": "fragment F on Product { name } { product { ...F } }",
    "interface": "{ named { name } }",
    "object under interface": "{ named { ... on Product { name } } }",
    "entity": '{ _entities(representations: [{__typename: "Product", '
    'id: "00000000-0000-0000-0000-000000000001"}]) { ... on Product { name } } }',
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("caller", "allowed"),
    [
        (ANYBODY, False),
        (principal(), False),
        (principal("names:write"), False),
        (principal("names:read"), True),
    ],
)
async def test_a_guarded_interface_field_has_no_way_around(
    form: str, caller: Principal | None, allowed: bool
) -> None:
    """By the object, the interface, a fragment, an alias or an entity: the same rule."""
    answer = await call(shop(), FORMS[form], caller=caller)
    assert ("errors" not in answer.json) is allowed
    assert (b"Caf" in answer.body) is allowed


async def test_a_guarded_type_guards_the_fields_that_return_it() -> None:
    """Its owner is not even asked for the object."""
    assert (await call(shop(), "{ till { total } }")).json["data"] == {"till": None}
    assert calls == []
    assert (await call(shop(), "{ till { total } }", caller=principal())).data == {"till": {"total": 3}}


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        ((), False),
        (("till:open",), True),
        (("owner",), False),
        (("boss", "owner"), True),
        (("boss", "x"), False),
    ],
)
async def test_scopes_are_alternatives_of_groups(scopes: tuple[str, ...], allowed: bool) -> None:
    """One whole group is enough; half of one is not."""
    answer = await call(shop(), "{ till { coins } }", caller=principal(*scopes))
    assert (answer.json["data"] == {"till": {"coins": 7}}) is allowed
    assert (calls == ["till", "coins"]) is allowed


async def test_a_policy_is_refused_for_everybody() -> None:
    """A subgraph cannot evaluate one, and what cannot be checked is closed."""
    answer = await call(shop(), "{ safe { code } }", caller=principal("boss", "owner"))
    assert answer.code == "UNAUTHORIZED_FIELD_OR_TYPE"
    assert calls == []


def test_only_access_directives_require_anything() -> None:
    """Others are ignored; all that are there must hold together."""
    assert requirement_of([Shareable()]) is None
    both = requirement_of(
        [RequiresScopes(scopes=[["a"]]), Authenticated(), RequiresScopes(scopes=[["b"], ["c"]])]
    )
    assert both is not None
    assert both.met_by(principal("a", "c"))
    assert not both.met_by(principal("a"))
    assert not both.met_by(None)
    policy = requirement_of([Policy(policies=[["p"]])])
    assert policy is not None
    assert not policy.met_by(principal("p"))


def test_an_empty_list_of_alternatives_lets_nobody_in() -> None:
    """No group can be met."""
    nobody = requirement_of([RequiresScopes(scopes=[])])
    assert nobody is not None
    assert not nobody.met_by(principal("a"))
