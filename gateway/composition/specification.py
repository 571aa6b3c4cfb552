"""The directives and types of the specifications that composition understands, by version.

Definitions are written here from the published specifications; they complete a subgraph that only
`@link`s them, and are what a subgraph's own copy of a definition is compared with.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "FEDERATION",
    "FEDERATION_1_DIRECTIVES",
    "JOIN",
    "LATEST_FEDERATION",
    "LINK",
    "SPECIFICATIONS",
    "Definition",
    "Version",
    "federation_directives",
]

Version = tuple[int, int]

LINK = "https://specs.apollo.dev/link"
FEDERATION = "https://specs.apollo.dev/federation"
JOIN = "https://specs.apollo.dev/join"
# 2.13 to 2.15 brought no directive and no new meaning of one.
LATEST_FEDERATION: Version = (2, 15)


@dataclass(frozen=True, slots=True)
class Definition:
    """A directive: argument list and locations as SDL, since which federation version."""

    name: str
    arguments: str
    locations: str
    since: Version = (2, 0)
    repeatable: bool = False

    def sdl(self, name: str, field_set: str, prefix: str) -> str:
        """The definition under a local name; `field_set` and `prefix` name the specification's types."""
        arguments = self.arguments.replace("FieldSet", field_set).replace("~", prefix)
        signature = f"({arguments})" if arguments else ""
        repeatable = " repeatable" if self.repeatable else ""
        return f"directive @{name}{signature}{repeatable} on {self.locations}"


_FIELD_PLACES = "FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"
_TAG_PLACES = (
    "FIELD_DEFINITION | INTERFACE | OBJECT | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE"
    " | INPUT_OBJECT | INPUT_FIELD_DEFINITION"
)

_DIRECTIVES = (
    Definition("key", "fields: FieldSet!, resolvable: Boolean = true", "OBJECT | INTERFACE", repeatable=True),
    Definition("requires", "fields: FieldSet!", "FIELD_DEFINITION"),
    Definition("provides", "fields: FieldSet!", "FIELD_DEFINITION"),
    Definition("external", "reason: String", "OBJECT | FIELD_DEFINITION"),
    Definition("extends", "", "OBJECT | INTERFACE"),
    Definition("tag", "name: String!", _TAG_PLACES + " | SCHEMA", repeatable=True),
    Definition("inaccessible", "", _TAG_PLACES),
    Definition("override", "from: String!, label: String", "FIELD_DEFINITION"),
    Definition("shareable", "", "OBJECT | FIELD_DEFINITION", repeatable=True),
    Definition("composeDirective", "name: String", "SCHEMA", (2, 1), repeatable=True),
    Definition("interfaceObject", "", "OBJECT", (2, 3)),
    Definition("authenticated", "", _FIELD_PLACES, (2, 5)),
    Definition("requiresScopes", "scopes: [[~Scope!]!]!", _FIELD_PLACES, (2, 5)),
    Definition("policy", "policies: [[~Policy!]!]!", _FIELD_PLACES, (2, 6)),
    Definition("context", "name: String!", "INTERFACE | OBJECT | UNION", (2, 8), repeatable=True),
    Definition("fromContext", "field: ~ContextFieldValue", "ARGUMENT_DEFINITION", (2, 8)),
    Definition(
        "cost",
        "weight: Int!",
        "ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR",
        (2, 9),
    ),
    Definition(
        "listSize",
        "assumedSize: Int, slicingArguments: [String!], sizedFields: [String!],"
        " requireOneSlicingArgument: Boolean = true",
        "FIELD_DEFINITION",
        (2, 9),
    ),
    Definition("cacheTag", "format: String!", "OBJECT | FIELD_DEFINITION", (2, 12), repeatable=True),
)

FEDERATION_1_DIRECTIVES = (
    Definition("key", "fields: FieldSet!, resolvable: Boolean = true", "OBJECT | INTERFACE", repeatable=True),
    Definition("requires", "fields: FieldSet!", "FIELD_DEFINITION"),
    Definition("provides", "fields: FieldSet!", "FIELD_DEFINITION"),
    Definition("external", "reason: String", "OBJECT | FIELD_DEFINITION"),
    Definition("extends", "", "OBJECT | INTERFACE"),
    Definition("tag", "name: String!", _TAG_PLACES, repeatable=True),
)


def federation_directives(version: Version) -> tuple[Definition, ...]:
    """What `@link(url: ".../federation/vX.Y")` makes available."""
    return tuple(d for d in _DIRECTIVES if d.since <= version)


def _only(*names: str) -> tuple[Definition, ...]:
    return tuple(d for d in _DIRECTIVES if d.name in names)


# Specifications besides federation whose directives a subgraph may link by themselves: identity →
# newest known version, directives.
SPECIFICATIONS: dict[str, tuple[Version, tuple[Definition, ...]]] = {
    "https://specs.apollo.dev/tag": ((0, 3), _only("tag")),
    "https://specs.apollo.dev/inaccessible": ((0, 2), _only("inaccessible")),
    "https://specs.apollo.dev/authenticated": ((0, 1), _only("authenticated")),
    "https://specs.apollo.dev/requiresScopes": ((0, 1), _only("requiresScopes")),
    "https://specs.apollo.dev/policy": ((0, 1), _only("policy")),
    "https://specs.apollo.dev/cost": ((0, 1), _only("cost", "listSize")),
    "https://specs.apollo.dev/context": ((0, 1), _only("context", "fromContext")),
}
