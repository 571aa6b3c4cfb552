"""A subgraph of its own that knows interfaces without their implementers, and adds fields to all of them."""

from __future__ import annotations

from random import Random

from tests.property.model import Field, Part, Subgraph, World
from tests.property.sharing import mention, mention_entity
from tests.property.types import wrap

__all__ = ["add_interface_objects"]


def add_interface_objects(world: World, random: Random) -> None:
    """Make interface objects of some interfaces; fields and links lead to them."""
    omega = Subgraph("omega")
    chosen = [name for name in world.interfaces if random.random() < 0.5 and _open_home(world, name)]
    for name in chosen:
        _keep_whole(world, name)
    for name in chosen:
        _add_fields(world, omega, name, random)
        if random.random() < 0.6:
            query = Field(f"qo{name.lower()}", wrap(name, random))
            world.queries[query.name] = query
            omega.queries[query.name] = Part(query.type)
    if omega.interface_objects:
        world.subgraphs.append(omega)
        _add_links(world, omega, random)


def _open_home(world: World, name: str) -> bool:
    """Let one subgraph that has all implementers be entered by the interface's key."""
    implementers = world.possible(name)
    for home in world.subgraphs:
        if home.members.get(name) != implementers:
            continue
        home.interface_keys[name] = ["id"]
        for implementer in implementers:
            others = [key for key in home.keys[implementer] if key.rstrip("!") != "id"]
            home.keys[implementer] = ["id", *others]
            home.objects[implementer]["id"].directives = []
        return True
    return False


def _keep_whole(world: World, name: str) -> None:
    """No field takes an implementer with it: the type of an object that its subgraph nulled is known to
    nobody, when an interface object led there."""
    for implementer in world.possible(name):
        for each in world.objects[implementer].fields.values():
            if each.is_leaf:
                each.reliable = True
            elif each.type.endswith("!") and each.name != "org":
                for part in world.copies(implementer, each.name):
                    part.type = part.type.removesuffix("!")
                each.type = each.type.removesuffix("!")


def _add_fields(world: World, omega: Subgraph, name: str, random: Random) -> None:
    fields, _ = world.interfaces[name]
    parts = omega.interface_objects[name] = {"id": Part("ID!")}
    added = Field(f"o{name.lower()}", random.choice(("String", "Int", "String!")), reliable=True)
    _add(world, name, added)
    parts[added.name] = Part(added.type)
    plain = [each for each in world.objects if each.startswith("V") and _is_plain(world, each)]
    if plain and random.random() < 0.3:
        target = random.choice(plain)
        link = Field(f"v{name.lower()}", wrap(target, random).removesuffix("!"))
        _add(world, name, link)
        parts[link.name] = Part(link.type)
        mention(world, omega, target)
    sources = [each for each in fields.values() if each.name.startswith(f"{name.lower()}_") and each.is_leaf]
    if sources and random.random() < 0.5:
        source = random.choice(sources)
        for owner in world.possible(name):
            world.objects[owner].fields[source.name].reliable = True
        parts[source.name] = Part(source.type, ["@external"], forbidden=True)
        computed = Field(f"c{name.lower()}", "String", requires=source.name, reliable=True)
        _add(world, name, computed)
        parts[computed.name] = Part("String", [f'@requires(fields: "{source.name}")'])


def _is_plain(world: World, name: str) -> bool:
    """Does the value type lead nowhere (an implementer must not be known beside the interface object)?"""
    return all(each.is_leaf for each in world.objects[name].fields.values())


def _add(world: World, name: str, added: Field) -> None:
    fields, implementers = world.interfaces[name]
    fields[added.name] = added
    for implementer in implementers:
        world.objects[implementer].add(added)


def _add_links(world: World, omega: Subgraph, random: Random) -> None:
    """Entities that are no implementers may lead to an interface object."""
    behind = {each for name in omega.interface_objects for each in world.possible(name)}
    for entity in world.entities:
        if entity.name not in behind and random.random() < 0.5:
            target = random.choice(sorted(omega.interface_objects))
            link = Field("lo", wrap(target, random).removesuffix("!"))
            entity.add(link)
            mention_entity(world, omega, entity)["lo"] = Part(link.type)
