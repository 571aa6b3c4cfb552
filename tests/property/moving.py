"""What differs between subgraphs: `@provides`, `@override`, closed keys, types, entities unknown to some."""

from __future__ import annotations

from random import Random

from tests.property.model import Field, ObjectType, Part, Subgraph, World
from tests.property.sharing import key_parts, mention_entity
from tests.property.types import KEY_FIELDS

__all__ = ["add_overrides", "add_provides", "close_keys", "draw_strangers", "vary_types"]

#: Override labels and whether they are active; `percent` labels are drawn, and these have one outcome only.
_LABELS = {"": True, "fresh": True, "stale": False, "percent(100)": True, "percent(0)": False}


def add_provides(world: World, random: Random) -> None:
    """Some fields provide what their subgraph otherwise does not resolve."""
    for subgraph in world.subgraphs:
        places = [*((name, parts) for name, parts in subgraph.objects.items()), ("Query", subgraph.queries)]
        for owner, parts in places:
            for name, part in list(parts.items()):
                if not part.forbidden and random.random() < 0.25:
                    field = world.queries[name] if owner == "Query" else world.objects[owner].fields[name]
                    part.provides = _provided(world, subgraph, field.named, random, 2)
                    if part.provides:
                        part.directives.append(f'@provides(fields: "{part.provides}")')


def _provided(world: World, subgraph: Subgraph, name: str, random: Random, depth: int) -> str:
    if depth == 0 or name not in (*world.objects, *world.interfaces, *world.unions):
        return ""
    if world.is_abstract(name):
        member = random.choice(subgraph.members[name])
        inner = _provided(world, subgraph, member, random, depth)
        return f"... on {member} {{ {inner} }}" if inner else ""
    target = world.objects[name]
    missing = [each for each in target.fields.values() if _may_provide(world, subgraph, target, each)]
    if not target.keys or not missing:
        return ""
    chosen = random.choice(missing)
    inner = ""
    if not chosen.is_leaf:
        if chosen.named not in subgraph.objects:
            return ""
        inner = _provided(world, subgraph, chosen.named, random, depth - 1)
        if not inner:
            return ""
    chosen.reliable = True
    subgraph.objects[name].setdefault(chosen.name, Part(chosen.type, ["@external"], forbidden=True))
    for owner in world.owners(name, chosen.name):
        owner.objects[name][chosen.name].share()
    return f"{chosen.name} {{ {inner} }}" if inner else chosen.name


def _may_provide(world: World, subgraph: Subgraph, target: ObjectType, each: Field) -> bool:
    part = subgraph.part(target.name, each.name)
    composite = each.named in world.objects and bool(world.objects[each.named].keys)
    return (
        (part is None or part.forbidden)
        and (each.is_leaf or composite)
        and not each.requires
        and not each.arguments
        and not any(
            "@override" in text for copy in world.copies(target.name, each.name) for text in copy.directives
        )
        and bool(world.owners(target.name, each.name))
    )


def add_overrides(world: World, random: Random) -> None:
    """Some leaves have moved, or move under a label: only the one owner of the moment may be called."""
    active = set()
    for entity in world.entities:
        for each in entity.fields.values():
            copies = world.copies(entity.name, each.name)
            plain = each.is_leaf and not each.requires and each.name.startswith("f") and not each.hidden
            if len(copies) != 1 or copies[0].forbidden or not plain or random.random() > 0.15:
                continue
            label = random.choice(tuple(_LABELS))
            new = world.owners(entity.name, each.name)[0]
            old = random.choice([other for other in world.subgraphs if other is not new])
            moved = _LABELS[label]
            mention_entity(world, old, entity)[each.name] = Part(each.type, forbidden=moved)
            copies[0].forbidden = not moved
            said = f', label: "{label}"' if label else ""
            copies[0].directives.append(f'@override(from: "{old.name}"{said})')
            if label == "fresh":
                active.add(label)
    world.labels = frozenset(active)


def close_keys(world: World) -> None:
    """A key by which a subgraph cannot be entered is fine where it has nothing to add."""
    for entity in world.entities:
        draw = Random(f"{world.seed} resolvable {entity.name}")
        for subgraph in world.subgraphs:
            parts = subgraph.objects.get(entity.name, {})
            adds = any(name not in KEY_FIELDS for name in parts)
            entered = any(name in subgraph.interface_keys for name in entity.interfaces)
            if parts and "org" not in parts and not adds and not entered and draw.random() < 0.4:
                subgraph.keys[entity.name] = [f"{key}!" for key in subgraph.keys[entity.name]]


def draw_strangers(world: World, random: Random) -> None:
    """Some subgraphs do not know some entities. Nobody else depends on what they would say of them."""
    for subgraph in world.subgraphs:
        for entity in world.entities:
            if random.random() < 0.3 and _is_aside(world, subgraph, entity):
                for instance in entity.instances:
                    if random.random() < 0.4:
                        subgraph.strangers.add(instance["id"])


def _is_aside(world: World, subgraph: Subgraph, entity: ObjectType) -> bool:
    """Does the subgraph hold nothing but failing leaves of the entity, which it never finds by itself?"""
    parts = subgraph.objects.get(entity.name, {})
    own = [name for name in parts if name != "id"]
    if not own or subgraph.keys.get(entity.name) != ["id"] or subgraph.interfaces:
        return False
    lonely = all(
        len(world.copies(entity.name, name)) == 1
        and not entity.fields[name].reliable
        and not entity.fields[name].requires
        for name in own
    )
    found = {entity.name, *(name for name in world.unions if entity.name in world.unions[name])}
    returned = {
        part.type.strip("[]!")
        for fields in (*subgraph.objects.values(), subgraph.queries, subgraph.mutations)
        for part in fields.values()
    }
    return lonely and not found & returned and "id" in key_parts(subgraph.keys[entity.name][0])


def vary_types(world: World, random: Random) -> None:
    """Subgraphs may promise more than the merged type does: `String!` where another says `String`."""
    for owner in world.objects.values():
        for each in owner.fields.values():
            _vary(world, each, world.copies(owner.name, each.name), random)
    for query in world.queries.values():
        _vary(world, query, world.copies("Query", query.name), random)


def _keeps_whole(world: World, name: str) -> bool:
    """Is an object of this type never nulled by what is in it?"""
    return all(
        each.reliable or not each.type.endswith("!")
        for owner in world.possible(name)
        for each in world.objects[owner].fields.values()
    )


def _vary(world: World, each: Field, copies: list[Part], random: Random) -> None:
    resolved = [part for part in copies if not part.forbidden]
    if len(resolved) < 2 or len(resolved) != len(copies) or each.name in KEY_FIELDS or random.random() > 0.3:
        return
    strict = each.type if each.type.endswith("!") else f"{each.type}!"
    if strict.endswith("]!") and not strict.endswith("!]!") and random.random() < 0.5:
        strict = f"{strict[:-2]}!]!"
    if not each.is_leaf and not _keeps_whole(world, each.named):
        return
    if strict == each.type or any("@override" in text for part in copies for text in part.directives):
        return
    random.choice(resolved).type = strict
    each.strict, each.reliable = strict, True
