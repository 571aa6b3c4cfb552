"""Drawing the single schema: value types, entities, interfaces, unions, links between them, roots."""

from __future__ import annotations

from random import Random

from tests.property.model import SCALARS, Field, ObjectType, World

__all__ = ["KEY_FIELDS", "draw_types", "leaf", "wrap"]

#: Fields that keys are made of, and their types (`org`'s is the entity's own key type).
KEY_FIELDS = {"id": "ID!", "sku": "String!", "a": "Int!", "b": "String!", "codes": "[ID!]!", "org": "!"}
_KEYS = ("sku", "a b", "org { oid }", "codes", "org { oid } sku")


def draw_types(world: World, random: Random) -> None:
    """Draw everything that a client could see, and its connections."""
    _draw_values(world, random)
    for number in range(random.randint(2, 4)):
        _draw_entity(world, f"E{number}", random)
    for number in range(random.randint(0, 2)):
        _draw_interface(world, f"I{number}", random)
    for number in range(random.randint(0, 2)):
        _draw_union(world, f"U{number}", random)
    targets = [
        *(each for each in world.objects if not each.startswith("K")),
        *world.interfaces,
        *world.unions,
    ]
    for entity in world.entities:
        for index in range(random.randint(1, 3)):
            arguments = random.choice(("", "", "", "plain", "rich"))
            entity.add(Field(f"l{index}", wrap(random.choice(targets), random), arguments))
    _draw_roots(world, targets, random)


def leaf(name: str, random: Random) -> Field:
    """A field of a scalar or enum type."""
    scalar = random.choice(SCALARS)
    reference = random.choice((scalar, scalar, f"{scalar}!", f"[{scalar}]", f"[{scalar}!]", f"[{scalar}!]!"))
    takes = scalar == "String" and reference == scalar and random.random() < 0.4
    return Field(name, reference, random.choice(("plain", "rich")) if takes else "")


def wrap(target: str, random: Random) -> str:
    """The type itself, non-null, or in lists."""
    return random.choice(
        (target, target, f"{target}!", f"[{target}]", f"[{target}!]", f"[{target}!]!", f"[[{target}]]")
    )


def _draw_values(world: World, random: Random) -> None:
    for number in range(random.randint(1, 2)):
        value = ObjectType(f"V{number}")
        value.add(*(leaf(f"v{index}", random) for index in range(random.randint(1, 3))))
        if number and random.random() < 0.5:
            value.add(Field("inner", wrap("V0", random)))
        world.objects[value.name] = value
    if random.random() < 0.5:
        split = ObjectType("W0", split=True)
        split.add(*(leaf(f"w{index}", random) for index in range(random.randint(2, 4))))
        if random.random() < 0.4:
            split.add(Field("inner", wrap("V0", random)))
        world.objects[split.name] = split


def _draw_entity(world: World, name: str, random: Random) -> None:
    entity = ObjectType(name, keys=("id", *(key for key in _KEYS if random.random() < 0.25)))
    entity.add(Field("id", "ID!", reliable=True))
    parts = {part for key in entity.keys for part in key.replace("{", " ").replace("}", " ").split()}
    for part, reference in KEY_FIELDS.items():
        if part in parts and part != "id":
            kind = f"K{name[1:]}!" if part == "org" else reference
            entity.add(Field(part, kind, reliable=True))
    if "org" in parts:
        key_type = ObjectType(f"K{name[1:]}", split=True)
        key_type.add(Field("oid", "ID!", reliable=True), Field("title", "String", reliable=True))
        world.objects[key_type.name] = key_type
    entity.add(*(leaf(f"f{index}", random) for index in range(random.randint(2, 5))))
    world.objects[name] = entity
    values = [each for each in ("V0", "V1") if each in world.objects]
    if random.random() < 0.15 and "ref" not in world.objects[values[-1]].fields:
        world.objects[values[-1]].add(Field("ref", wrap(name, random)))


def _draw_interface(world: World, name: str, random: Random) -> None:
    implementers = random.sample(world.entities, random.randint(1, len(world.entities)))
    shared = {"id": Field("id", "ID!", reliable=True)}
    for index in range(random.randint(0, 2)):
        drawn = leaf(f"{name.lower()}_{index}", random)
        shared[drawn.name] = drawn
    for entity in implementers:
        entity.interfaces.append(name)
        for each in shared.values():
            copy = Field(each.name, each.type, each.arguments, reliable=each.reliable)
            entity.fields.setdefault(each.name, copy)
    world.interfaces[name] = (shared, sorted(each.name for each in implementers))


def _draw_union(world: World, name: str, random: Random) -> None:
    members = [each.name for each in random.sample(world.entities, random.randint(1, len(world.entities)))]
    if random.random() < 0.3:
        members.append("V0")
    world.unions[name] = sorted(members)


def _draw_roots(world: World, targets: list[str], random: Random) -> None:
    for index, target in enumerate(targets):
        is_value = target in world.objects and not world.objects[target].keys
        if not (is_value and random.random() < 0.5):
            arguments = random.choice(("", "", "plain", "rich"))
            world.queries[f"q{index}"] = Field(f"q{index}", wrap(target, random), arguments)
    effects = [each for each in targets if each != "W0"]
    for index in range(random.randint(0, 3)):
        target = random.choice(effects)
        reference = random.choice((target, target, f"[{target}]", f"{target}!"))
        world.mutations[f"m{index}"] = Field(f"m{index}", reference, random.choice(("", "plain")))
