"""A world's schemas as SDL: the single one, and one a subgraph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.property.model import ARGUMENTS, MOODS, Field, Part, Subgraph, World

__all__ = ["single_sdl", "subgraph_sdl"]

_LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", '
    '"@external", "@requires", "@provides", "@override", "@interfaceObject", "@inaccessible", "@context", '
    '"@fromContext"])\n'
)
_COMMON = f"enum Mood {{ {' '.join(MOODS)} }}\ninput Filter {{ min: Int = 1, mood: Mood, near: [Filter!] }}"


def single_sdl(world: World) -> str:
    """The schema that a client sees, if one server had it all: whatever some subgraph resolves."""
    lines = [_COMMON]
    for owner in world.objects.values():
        fields = [
            each for each in owner.fields.values() if not each.hidden and _is_known(world, owner.name, each)
        ]
        if fields:
            interfaces = [
                name for name in owner.interfaces if any(owner.name in each for each in _members(world, name))
            ]
            implements = f" implements {' & '.join(interfaces)}" if interfaces else ""
            lines.append(f"type {owner.name}{implements} {{ {_plain(fields)} }}")
    for name, (interface_fields, _) in world.interfaces.items():
        lines.append(f"interface {name} {{ {_plain(interface_fields.values())} }}")
    for name in world.unions:
        members = sorted({member for known in _members(world, name) for member in known})
        if members:
            lines.append(f"union {name} = {' | '.join(members)}")
    lines.append(f"type Query {{ {_plain(world.queries.values())} }}")
    if world.mutations:
        lines.append(f"type Mutation {{ {_plain(world.mutations.values())} }}")
    return "\n".join(lines)


def subgraph_sdl(world: World, subgraph: Subgraph, *, executable: bool = False) -> str:
    """The subgraph's SDL for composition; `executable` leaves federation out, for a server to build on."""
    lines = [_COMMON] if executable else [_LINK, _COMMON]
    for name, fields in subgraph.objects.items():
        owner = world.objects[name]
        interfaces = [
            each
            for each in owner.interfaces
            if each in subgraph.interfaces and name in subgraph.members[each]
        ]
        implements = f" implements {' & '.join(interfaces)}" if interfaces else ""
        keys = "" if executable else _keys(subgraph.keys.get(name, [])) + _contexts(subgraph, name)
        listed = _fields(owner.fields, fields, executable)
        lines.append(f"type {name}{implements}{keys} {{ {listed} }}")
    for name, interface_fields in subgraph.interfaces.items():
        keys = "" if executable else _keys(subgraph.interface_keys.get(name, [])) + _contexts(subgraph, name)
        own = world.interfaces[name][0]
        known = {each: Part(reference) for each, reference in interface_fields.items()}
        lines.append(f"interface {name}{keys} {{ {_fields(own, known, executable)} }}")
    for name, fields in subgraph.interface_objects.items():
        directives = "" if executable else ' @interfaceObject @key(fields: "id")'
        listed = _fields(world.interfaces[name][0], fields, executable)
        lines.append(f"type {name}{directives} {{ {listed} }}")
    for name in sorted(subgraph.unions):
        contexts = "" if executable else _contexts(subgraph, name)
        lines.append(f"union {name}{contexts} = {' | '.join(subgraph.members[name])}")
    queries = _fields(world.queries, subgraph.queries, executable) or ("_unused: Int" if executable else "")
    if queries:
        lines.append(f"type Query {{ {queries} }}")
    if subgraph.mutations:
        lines.append(f"type Mutation {{ {_fields(world.mutations, subgraph.mutations, executable)} }}")
    return "\n".join(lines)


def _members(world: World, name: str) -> list[list[str]]:
    return [each.members[name] for each in world.subgraphs if name in each.members]


def _is_known(world: World, owner: str, each: Field) -> bool:
    return bool(world.owners(owner, each.name)) or any(
        each.name in subgraph.interface_objects.get(name, {})
        for name in world.objects[owner].interfaces
        for subgraph in world.subgraphs
    )


def _keys(keys: list[str]) -> str:
    return "".join(
        f' @key(fields: "{key.rstrip("!")}"{", resolvable: false" if key.endswith("!") else ""})'
        for key in keys
    )


def _contexts(subgraph: Subgraph, name: str) -> str:
    return "".join(f' @context(name: "{each}")' for each in subgraph.contexts.get(name, []))


def _plain(fields: Iterable[Field]) -> str:
    return " ".join(f"{each.signature}: {each.type}" for each in fields)


def _fields(own: Mapping[str, Field], parts: Mapping[str, Part], executable: bool) -> str:
    listed = []
    for name, part in parts.items():
        directives = "" if executable else "".join(f" {each}" for each in part.directives)
        listed.append(f"{_signature(own[name], executable)}: {part.type}{directives}")
    return " ".join(listed)


def _signature(own: Field, executable: bool) -> str:
    """With the arguments that contexts fill in, which clients do not see."""
    if not own.contexts:
        return own.signature
    given = [
        f"{each.name}: {each.type}" + ("" if executable else f' @fromContext(field: "{each.text}")')
        for each in own.contexts
    ]
    plain = ARGUMENTS[own.arguments][1:-1]
    return f"{own.name}({', '.join([plain, *given] if plain else given)})"
