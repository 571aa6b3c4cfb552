"""Fields with `@requires`: of leaves, with arguments, below links, behind type conditions, in chains."""

from __future__ import annotations

from random import Random

from tests.property.fieldsets import top_level
from tests.property.model import Field, ObjectType, Part, Subgraph, World
from tests.property.sharing import mention, mention_entity
from tests.property.types import KEY_FIELDS

__all__ = ["add_computed"]


def add_computed(world: World, random: Random) -> None:
    """Give entities fields whose subgraph has to be sent what it does not resolve itself."""
    for entity in world.entities:
        for index in range(random.choice((0, 1, 1, 2))):
            owner = random.choice(world.subgraphs)
            _Requirement(world, owner, random).add(entity, f"r{index}")


class _Requirement:
    """One field in the making."""

    def __init__(self, world: World, owner: Subgraph, random: Random) -> None:
        self._world = world
        self._owner = owner
        self._random = random

    def add(self, entity: ObjectType, name: str) -> None:
        """Add the field, if there is anything it can be computed from."""
        random, world = self._random, self._world
        candidates = [each for each in entity.fields.values() if self._usable(entity, each)]
        chosen = random.sample(candidates, min(len(candidates), random.randint(1, 2)))
        wanted = [text for each in chosen if (text := self._require(entity, each, 2))]
        if not wanted:
            return
        requires = " ".join(wanted)
        if random.random() < 0.25:
            target = random.choice(world.entities)
            added = Field(name, random.choice((target.name, f"[{target.name}]")), requires=requires)
            mention(world, self._owner, target.name)
        else:
            added = Field(name, random.choice(("String", "String!")), requires=requires, reliable=True)
        entity.add(added)
        parts = mention_entity(world, self._owner, entity)
        parts[name] = Part(added.type, [f'@requires(fields: "{_escaped(requires)}")'])
        if random.random() < 0.25:
            self._hide(entity, top_level(requires))

    def _usable(self, owner: ObjectType, each: Field) -> bool:
        """Resolved elsewhere only; if it is a link, its subgraph must know all that may be behind it."""
        if each.name in KEY_FIELDS or self._resolved_here(owner, each.name):
            return False
        if each.requires and not each.is_leaf:
            return False
        members = self._owner.members.get(each.named)
        return members is None or members == self._world.possible(each.named)

    def _resolved_here(self, owner: ObjectType, name: str) -> bool:
        part = self._owner.part(owner.name, name)
        return part is not None and not part.forbidden

    def _require(self, owner: ObjectType, each: Field, depth: int) -> str:
        """The field as part of the field set; "" if it cannot be. It is external unless resolved here."""
        selection = ""
        if not each.is_leaf:
            self._owner_knows(each.named)
            everything = self._world.possible(each.named)
            if self._owner.members.get(each.named, everything) != everything:
                return ""
            selection = self._below(each.named, depth)
            if not selection:
                return ""
            _keep_whole(self._world, each.named)
        each.reliable = True
        self._copy(owner, each)
        arguments = "(n: 3)" if each.arguments and self._random.random() < 0.6 else ""
        return f"{each.name}{arguments}{selection}"

    def _owner_knows(self, name: str) -> None:
        target = self._world.objects.get(name)
        if target is not None and target.split:
            self._owner.objects.setdefault(name, {})
        mention(self._world, self._owner, name)

    def _below(self, name: str, depth: int) -> str:
        """A selection on a composite type."""
        world, random = self._world, self._random
        if world.is_abstract(name):
            branches = []
            for member in random.sample(world.possible(name), 1 + (len(world.possible(name)) > 1)):
                inner = self._below(member, depth)
                if inner:
                    branches.append(f"... on {member}{inner}")
            return f" {{ {' '.join(branches)} }}" if branches else ""
        target = world.objects[name]
        fields = [
            each
            for each in target.fields.values()
            if (each.is_leaf or (depth > 0 and random.random() < 0.3))
            and not each.requires
            and world.owners(name, each.name)
        ]
        chosen = random.sample(fields, min(len(fields), random.randint(1, 2)))
        parts = [text for each in chosen if (text := self._require(target, each, depth - 1))]
        return f" {{ {' '.join(parts)} }}" if parts else ""

    def _copy(self, owner: ObjectType, each: Field) -> None:
        """Let the subgraph know a field that it needs to be sent."""
        if owner.keys:
            parts = mention_entity(self._world, self._owner, owner)
        else:
            parts = self._owner.objects.setdefault(owner.name, {})
        if each.name not in parts:
            parts[each.name] = Part(each.type, ["@external"], forbidden=True)

    def _hide(self, entity: ObjectType, names: list[str]) -> None:
        """What a field is computed from may be for subgraphs' eyes only."""
        in_interfaces = {each for name in entity.interfaces for each in self._world.interfaces[name][0]}
        for name in names:
            hidden = entity.fields[name]
            if name not in in_interfaces and hidden.is_leaf and name not in KEY_FIELDS:
                hidden.hidden = True
                for part in self._world.copies(entity.name, name):
                    if "@inaccessible" not in part.directives and "@external" not in part.directives:
                        part.directives.append("@inaccessible")


def _keep_whole(world: World, name: str) -> None:
    """A required object is not nulled by what a client asks of it beside what is required.

    The gateway fetches an object once for both, as the reference does, so such a null would be sent.
    """
    for owner in world.possible(name):
        for each in world.objects[owner].fields.values():
            if each.type.endswith("!") and not each.reliable:
                each.reliable = True
                if not each.is_leaf:
                    _keep_whole(world, each.named)


def _escaped(text: str) -> str:
    return text.replace('"', '\\"')
