"""A world's schemas as SDL: the single one, and one a subgraph."""

from __future__ import annotations

from collections.abc import Mapping

from tests.property.world import MOODS, Part, Subgraph, World

__all__ = ["single_sdl", "subgraph_sdl"]

_LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", '
    '"@external", "@requires", "@provides", "@override", "@interfaceObject"])\n'
)
_MOOD = f"enum Mood {{ {' '.join(MOODS)} }}\n"


def single_sdl(world: World) -> str:
    """The schema that a client sees, if one server had it all: whatever some subgraph resolves or overrides."""
    parts = [_MOOD]
    known = {
        (owner, name)
        for subgraph in world.subgraphs
        for owner, fields in subgraph.objects.items()
        for name in fields
    } | {
        (implementer, name)
        for subgraph in world.subgraphs
        for interface, fields in subgraph.interface_objects.items()
        for implementer in world.interfaces[interface][1]
        for name in fields
    }
    for owner in world.objects.values():
        fields = [
            f"{each.signature}: {each.type}"
            for each in owner.fields.values()
            if (owner.name, each.name) in known
        ]
        if fields:
            implements = f" implements {' & '.join(owner.interfaces)}" if owner.interfaces else ""
            parts.append(f"type {owner.name}{implements} {{ {' '.join(fields)} }}")
    for name, (interface_fields, _) in world.interfaces.items():
        listed = " ".join(f"{each.signature}: {each.type}" for each in interface_fields.values())
        parts.append(f"interface {name} {{ {listed} }}")
    for name, members in world.unions.items():
        if any(name in subgraph.unions for subgraph in world.subgraphs):
            parts.append(f"union {name} = {' | '.join(members)}")
    queries = " ".join(f"{each.signature}: {each.type}" for each in world.queries.values())
    parts.append(f"type Query {{ {queries} }}")
    if world.mutations:
        mutations = " ".join(f"{each.signature}: {each.type}" for each in world.mutations.values())
        parts.append(f"type Mutation {{ {mutations} }}")
    return "\n".join(parts)


def subgraph_sdl(world: World, subgraph: Subgraph, *, executable: bool = False) -> str:
    """The subgraph's SDL for composition; `executable` leaves federation out, for a server to build on."""
    lines = [] if executable else [_LINK]
    lines.append(_MOOD)
    for name, fields in subgraph.objects.items():
        owner = world.objects[name]
        interfaces = [each for each in owner.interfaces if each in subgraph.interfaces]
        implements = f" implements {' & '.join(interfaces)}" if interfaces else ""
        keys = "" if executable else _keys(subgraph.keys.get(name, []))
        lines.append(f"type {name}{implements}{keys} {{ {_fields(world, name, fields, executable)} }}")
    for name, interface_fields in subgraph.interfaces.items():
        keys = "" if executable else _keys(subgraph.interface_keys.get(name, []))
        own = world.interfaces[name][0]
        listed = " ".join(
            f"{own[each].signature}: {reference}" for each, reference in interface_fields.items()
        )
        lines.append(f"interface {name}{keys} {{ {listed} }}")
    for name, fields in subgraph.interface_objects.items():
        directives = "" if executable else ' @interfaceObject @key(fields: "id")'
        lines.append(f"type {name}{directives} {{ {_fields(world, name, fields, executable)} }}")
    for name in sorted(subgraph.unions):
        lines.append(f"union {name} = {' | '.join(world.unions[name])}")
    queries = _roots(world, subgraph.queries, executable)
    if not queries and executable:
        queries = "_unused: Int"
    if queries:
        lines.append(f"type Query {{ {queries} }}")
    if subgraph.mutations:
        lines.append(f"type Mutation {{ {_roots(world, subgraph.mutations, executable)} }}")
    return "\n".join(lines)


def _keys(keys: list[str]) -> str:
    # A mark of our own: `id!` is a key by which the subgraph cannot be entered.
    return "".join(
        f' @key(fields: "{key.rstrip("!")}"{", resolvable: false" if key.endswith("!") else ""})'
        for key in keys
    )


def _fields(world: World, owner: str, fields: Mapping[str, Part], executable: bool) -> str:
    own = world.objects[owner].fields if owner in world.objects else world.interfaces[owner][0]
    listed = []
    for name, part in fields.items():
        directives = "" if executable else "".join(f" {each}" for each in part.directives)
        listed.append(f"{own[name].signature}: {part.type}{directives}")
    return " ".join(listed)


def _roots(world: World, fields: Mapping[str, Part], executable: bool) -> str:
    own = {**world.queries, **world.mutations}
    return " ".join(
        f"{own[name].signature}: {part.type}{''.join(f' {each}' for each in part.directives) if not executable else ''}"
        for name, part in fields.items()
    )
