"""Drawing the data: instances of entities, values, nulls and faults."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.property.model import MOODS, SCALARS, Fault, Field, ObjectType, World
from tests.property.types import KEY_FIELDS

__all__ = ["draw_data"]

#: Chance that a nullable value is null, and that a value nobody depends on is a fault.
NULL_SHARE = 0.12
FAULT_SHARE = 0.02


def draw_data(world: World, random: Random) -> None:
    """Draw instances and root values that all subgraphs' promises hold for."""
    _Data(world, random).draw()


class _Data:
    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random

    def draw(self) -> None:
        """Entities first, so that links find them."""
        world = self._world
        for entity in world.entities:
            for number in range(self._random.randint(1, 4)):
                entity.instances.append(_identity(entity, number))
        for entity in world.entities:
            for instance in entity.instances:
                self._fill(entity, instance)
        for owner, roots in (("Query", world.queries), ("Mutation", world.mutations)):
            for each in roots.values():
                world.roots[each.name] = self._field(owner, each)

    def _fill(self, owner: ObjectType, item: dict[str, Any]) -> None:
        for each in owner.fields.values():
            computed = (each.requires or each.contexts) and each.is_leaf
            if each.name not in item and not computed:
                item[each.name] = self._field(owner.name, each)

    def _field(self, owner: str, each: Field) -> Any:
        return self._value(each.strict or each.type, each.reliable, self._allowed(owner, each))

    def _allowed(self, owner: str, each: Field) -> list[str]:
        """The object types that every subgraph which resolves the field can answer with."""
        world = self._world
        allowed = set(world.possible(each.named))
        for subgraph in world.subgraphs:
            if subgraph.part(owner, each.name) is not None:
                allowed &= set(subgraph.members.get(each.named, allowed))
        return sorted(allowed)

    def _value(self, reference: str, reliable: bool, allowed: list[str]) -> Any:
        if not reliable and self._random.random() < FAULT_SHARE:
            return Fault("drawn")
        if reference.endswith("!"):
            # A null where none may be is a fault as well: it takes its parents with it.
            broken = not reliable and self._random.random() < FAULT_SHARE
            return None if broken else self._present(reference[:-1], allowed)
        return None if self._random.random() < NULL_SHARE else self._present(reference, allowed)

    def _present(self, reference: str, allowed: list[str]) -> Any:
        random = self._random
        if reference.startswith("["):
            item = reference[1:-1]
            return [self._item(item, allowed) for _ in range(random.randint(0, 3))]
        if reference in SCALARS:
            return _scalar(reference, random)
        owner = self._world.objects[random.choice(allowed)]
        if owner.keys:
            return random.choice(owner.instances)
        made: dict[str, Any] = {"__typename": owner.name}
        self._fill(owner, made)
        return made

    def _item(self, reference: str, allowed: list[str]) -> Any:
        if reference.endswith("!"):
            return self._present(reference[:-1], allowed)
        return None if self._random.random() < NULL_SHARE else self._present(reference, allowed)


def _identity(entity: ObjectType, number: int) -> dict[str, Any]:
    identity = f"{entity.name}-{number}"
    values: dict[str, Any] = {
        "id": identity,
        "sku": f"sku-{identity}",
        "a": number,
        "b": f"b-{identity}",
        "codes": [f"c-{identity}", "c"],
        "org": {"__typename": f"K{entity.name[1:]}", "oid": f"o-{identity}", "title": f"t-{identity}"},
    }
    own = {name: value for name, value in values.items() if name in entity.fields}
    assert own.keys() <= KEY_FIELDS.keys()
    return {"__typename": entity.name, **own}


def _scalar(name: str, random: Random) -> object:
    number = random.randint(0, 9_999)
    choices: dict[str, object] = {
        "String": f"s{number}",
        "Int": number,
        "Boolean": number % 2 == 0,
        "ID": f"i{number}",
        "Float": number / 8,
        "Mood": MOODS[number % 3],
    }
    return choices[name]
