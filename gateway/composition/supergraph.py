"""The supergraph document: the merged schema with the link and join specifications around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.composition.merge.carried import CARRIED
from gateway.composition.merge.directives import MERGED_SPECIFICATIONS
from gateway.composition.merge.naming import applications
from gateway.composition.model import Schema
from gateway.composition.printer import print_schema
from gateway.composition.reader import Subgraph
from gateway.composition.values import literal

__all__ = ["print_supergraph"]

_LINK_DEFINITIONS = (
    "directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on"
    " SCHEMA",
    "scalar link__Import",
    "enum link__Purpose {\n"
    '  """`SECURITY` features provide metadata necessary to securely resolve fields."""\n'
    "  SECURITY\n\n"
    '  """`EXECUTION` features provide metadata necessary for operation execution."""\n'
    "  EXECUTION\n}",
)
_JOIN_DEFINITIONS = (
    "directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments)"
    " repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION",
    "directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE",
    "directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet,"
    " type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String,"
    " contextArguments: [join__ContextArgument!]) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION",
    "directive @join__graph(name: String!, url: String!) on ENUM_VALUE",
    "directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE",
    "directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false,"
    " resolvable: Boolean! = true, isInterfaceObject: Boolean! = false)"
    " repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR",
    "directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION",
    "input join__ContextArgument {\n  name: String!\n  type: String!\n  context: String!\n"
    "  selection: join__FieldValue!\n}",
    "scalar join__DirectiveArguments",
    "scalar join__FieldSet",
    "scalar join__FieldValue",
)
_PLACES = (
    "FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE"
    " | INPUT_OBJECT | INPUT_FIELD_DEFINITION"
)
_AUTH_PLACES = "FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"

# Specification directive → its definitions in the supergraph.
_DEFINITIONS: dict[str, tuple[str, ...]] = {
    "tag": (f"directive @tag(name: String!) repeatable on {_PLACES} | SCHEMA",),
    "inaccessible": (f"directive @inaccessible on {_PLACES}",),
    "authenticated": (f"directive @authenticated on {_AUTH_PLACES}",),
    "requiresScopes": (
        f"directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on {_AUTH_PLACES}",
        "scalar requiresScopes__Scope",
    ),
    "policy": (
        f"directive @policy(policies: [[policy__Policy!]!]!) on {_AUTH_PLACES}",
        "scalar policy__Policy",
    ),
    "cost": (
        "directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION"
        " | INPUT_FIELD_DEFINITION | OBJECT | SCALAR",
    ),
    "listSize": (
        "directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!],"
        " requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
    ),
    "context": (
        "directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION",
        "directive @context__fromContext(field: context__ContextFieldValue) on ARGUMENT_DEFINITION",
        "scalar context__ContextFieldValue",
    ),
}
# Specification → (version, purpose, directives); in the order of the links.
_LINKED: tuple[tuple[str, str, str | None, tuple[str, ...]], ...] = (
    ("tag", "v0.3", None, ("tag",)),
    ("inaccessible", "v0.2", "SECURITY", ("inaccessible",)),
    ("authenticated", "v0.1", "SECURITY", ("authenticated",)),
    ("requiresScopes", "v0.1", "SECURITY", ("requiresScopes",)),
    ("policy", "v0.1", "SECURITY", ("policy",)),
    ("context", "v0.1", "SECURITY", ("context",)),
    ("cost", "v0.1", None, ("cost", "listSize")),
)


def print_supergraph(
    schema: Schema, subgraphs: list[Subgraph], names: dict[str, str], custom_links: Iterable[str] = ()
) -> str:
    """Print the supergraph.

    `names` maps specification directives to what the subgraphs call them (`tag` → `mytag`);
    `custom_links` are links of composed directives' specifications.
    """
    used = {d.name for d in applications(schema) if d.known}
    links = [
        '@link(url: "https://specs.apollo.dev/link/v1.0")',
        '@link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)',
        *_links(used, names),
        *_carried_links(schema),
        *custom_links,
    ]
    _rename(schema, names)
    definitions = [*_LINK_DEFINITIONS, *_JOIN_DEFINITIONS, _graph_enum(subgraphs)]
    for name in (*MERGED_SPECIFICATIONS, "context"):
        sibling = {"cost": "listSize", "listSize": "cost"}.get(name)
        if name in used or sibling in used:
            definitions += (_renamed_definition(text, name, names) for text in _DEFINITIONS[name])
    return print_schema(schema, links, definitions)


def _renamed_definition(text: str, name: str, names: dict[str, str]) -> str:
    return text.replace(f"directive @{name}", f"directive @{names[name]}", 1) if name in names else text


def _graph_enum(subgraphs: list[Subgraph]) -> str:
    values = "\n".join(
        f"  {s.graph} @join__graph(name: {literal(s.name)}, url: {literal(s.url)})"
        for s in sorted(subgraphs, key=lambda s: s.graph)
    )
    return f"enum join__Graph {{\n{values}\n}}"


def _links(used: set[str], names: dict[str, str]) -> Iterator[str]:
    for specification, version, purpose, directives in _LINKED:
        present = [d for d in directives if d in used]
        if not present:
            continue
        imports = [
            f'{{name: "@{d}", as: "@{names[d]}"}}' if d in names else f'"@{d}"'
            for d in directives
            if d in names or (d in used and d != specification)
        ]
        parts = [f'url: "https://specs.apollo.dev/{specification}/{version}"']
        if imports:
            parts.append(f"import: [{', '.join(imports)}]")
        if purpose:
            parts.append(f"for: {purpose}")
        yield f"@link({', '.join(parts)})"


def _carried_links(schema: Schema) -> Iterator[str]:
    carried = {d.arguments.get("name") for d in applications(schema) if d.name == "join__directive"}
    for name, local in CARRIED.items():
        if local in carried:
            yield f'@link(url: "https://specs.apollo.dev/{name}/v0.1", for: EXECUTION)'


def _rename(schema: Schema, names: dict[str, str]) -> None:
    for applied in applications(schema):
        if applied.known and applied.name in names:
            applied.name = names[applied.name]
            applied.known = False
