"""Executable directives that all subgraphs define: passed on where the client put them."""

from __future__ import annotations

from tests.conformance.world import Case, World, fed2
from tests.kit.federation import Federation

_DIRECTIVES = """
    directive @shout(times: Int) on FIELD
    directive @mask(with: String) on FIELD
    directive @fresh(seconds: Int) on QUERY
    directive @audited on MUTATION
"""

_WORLD = Federation(
    [
        fed2(
            "people",
            _DIRECTIVES
            + """
            type Query { person: Person }
            type Mutation { touch: Person }
            type Person @key(fields: "id") { id: ID! name: String }
            """,
            {
                "Query": {"person": {"id": "1", "name": "Ana"}},
                "Mutation": {"touch": {"id": "1", "name": "Ana"}},
            },
        ),
        fed2(
            "cards",
            _DIRECTIVES + 'type Person @key(fields: "id") { id: ID! card(kind: String): String }',
            {"Person": [{"id": "1", "card": lambda _, given: f"{given.get('kind')} 4111"}]},
        ),
    ]
)

_CASES = (
    Case(
        "a field takes its directives along, with their variables, and the operation its own to each request",
        """
        query($times: Int, $with: String) @fresh(seconds: 5) {
          person { name @shout(times: $times) card(kind: "azul") @mask(with: $with) @include(if: true) }
        }
        """,
        {"person": {"name": "Ana", "card": "azul 4111"}},
        variables={"times": 2, "with": "*"},
    ),
    Case(
        "a key is fetched beside a field that a directive may change",
        "{ person { id @mask card } }",
        {"person": {"id": "1", "card": "None 4111"}},
    ),
    Case(
        "a mutation's directive goes to the mutation, not to the queries after it",
        "mutation @audited { touch { card } }",
        {"touch": {"card": "None 4111"}},
    ),
    Case(
        "a directive that is not the supergraph's is refused",
        "{ person { name @whisper } }",
        None,
        codes=("GRAPHQL_VALIDATION_FAILED",),
    ),
)

WORLDS = [World("executable-directives", _WORLD, _CASES)]
