"""Fields whose arguments are filled from objects above them (`@context`, `@fromContext`).

A type of its own, `C0`, has such fields. It is reached below objects that set the contexts only: along
links of entities, of an interface or a union of them, through a value type, through an interface of which
one implementer sets a context anew, and from itself.
"""

from __future__ import annotations

from random import Random

from tests.property.model import ContextArgument, Field, ObjectType, Part, Subgraph, World
from tests.property.sharing import mention, mention_entity
from tests.property.types import leaf, wrap

__all__ = ["add_contexts"]

#: The type with contextual fields.
_TARGET = "C0"
#: Arguments of type ID take any of these, when the setter's subgraph knows them.
_SOURCES = ("id", "ct")


def add_contexts(world: World, random: Random) -> None:
    """Let some entities set contexts, and lead to fields that take them."""
    _Contexts(world, random).add()


class _Contexts:
    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random
        self._homes = random.sample(
            [each for each in world.subgraphs if not each.interface_objects], random.choice((1, 1, 2))
        )
        self._setters, self._abstract = self._draw_setters()

    def add(self) -> None:
        """Add the target, what sets contexts for it, and the ways that lead to it."""
        self._add_sources()
        self._add_target()
        if not self._link_interface():
            self._link_entities()
        bridge = self._add_bridge() if self._random.random() < 0.4 else ""
        if self._random.random() < 0.3:
            self._add_value()
        again = self._random.random() < 0.4
        for home in self._homes:
            for index in range(self._random.choice((1, 1, 2))):
                name = f"c{index}"
                self._set_context(home, name)
                # What sets a context anew must say what the home's selection asks it for.
                anew = [*((_TARGET,) if again else ()), *((bridge,) if bridge else ())]
                for each in anew:
                    if self._random.random() < 0.7:
                        mention(self._world, home, each)
                        home.contexts.setdefault(each, []).append(name)
            self._add_fields(home)

    def _draw_setters(self) -> tuple[list[ObjectType], str]:
        """Entities, and an abstract type that is all of them, if there is one and it is drawn."""
        world, random = self._world, self._random
        covering = {
            name: world.possible(name)
            for name in (*world.interfaces, *world.unions)
            if all(world.objects[each].keys for each in world.possible(name))
        }
        if covering and random.random() < 0.6:
            name = random.choice(sorted(covering))
            return [world.objects[each] for each in covering[name]], name
        entities = world.entities
        return random.sample(entities, random.randint(1, len(entities))), ""

    def _add_sources(self) -> None:
        """One more field to take values from, which some other subgraph may resolve."""
        for setter in self._setters:
            setter.add(Field("ct", self._random.choice(("ID", "ID!")), reliable=True))
            self._own(setter, "ct", self._random.choice(self._plain()))

    def _add_target(self) -> None:
        world, random = self._world, self._random
        target = ObjectType(_TARGET, keys=("id",))
        target.add(Field("id", "ID!", reliable=True), Field("ct", "ID", reliable=True), leaf("g0", random))
        world.objects[_TARGET] = target
        self._own(target, "ct", random.choice(self._plain()))
        self._own(target, "g0", random.choice(self._plain()))
        if random.random() < 0.4:
            self._link(target, "next", _TARGET)

    def _link_interface(self) -> bool:
        """Let the setters' interface have the link itself, where a subgraph knows all of it."""
        world, random = self._world, self._random
        if self._abstract not in world.interfaces or random.random() < 0.4:
            return False
        everybody = world.possible(self._abstract)
        knowing = [each for each in self._plain() if each.members.get(self._abstract) == everybody]
        if not knowing:
            return False
        home = random.choice(knowing)
        reference = wrap(_TARGET, random).removesuffix("!")
        home.interfaces[self._abstract]["lc"] = reference
        world.interfaces[self._abstract][0]["lc"] = Field("lc", reference)
        mention(world, home, _TARGET)
        for setter in self._setters:
            setter.add(Field("lc", reference))
            self._own(setter, "lc", home)
        return True

    def _link_entities(self) -> None:
        for setter in self._setters:
            self._link(setter, "lc", _TARGET)

    def _add_value(self) -> None:
        """A value type on the way."""
        value = ObjectType("VC")
        value.add(leaf("v0", self._random), Field("lc", wrap(_TARGET, self._random)))
        self._world.objects[value.name] = value
        self._link(self._random.choice(self._setters), "lv", value.name)

    def _add_bridge(self) -> str:
        """An interface on the way; the name of the implementer that may set a context anew."""
        world, random = self._world, self._random
        names = ["B0", "B1"]
        for name in names:
            entity = ObjectType(name, keys=("id",), interfaces=["BI"])
            entity.add(Field("id", "ID!", reliable=True), Field("ct", "ID", reliable=True))
            world.objects[name] = entity
            self._own(entity, "ct", random.choice(self._plain()))
        world.interfaces["BI"] = ({"id": Field("id", "ID!", reliable=True)}, names)
        home = random.choice(self._plain())
        mention(world, home, "BI")
        home.members["BI"] = names
        for name in names:
            mention(world, home, name)
        reference = wrap(_TARGET, random).removesuffix("!")
        declared = random.random() < 0.6
        if declared:
            home.interfaces["BI"]["lc"] = reference
            world.interfaces["BI"][0]["lc"] = Field("lc", reference)
        for name in names:
            world.objects[name].add(Field("lc", reference))
            self._own(world.objects[name], "lc", home if declared else random.choice(self._plain()))
        setter = random.choice(self._setters)
        setter.add(Field("lb", wrap("BI", random).removesuffix("!")))
        self._own(setter, "lb", home)
        return names[0]

    def _set_context(self, home: Subgraph, name: str) -> None:
        """On the abstract type, where the home knows all that is behind it; else on each."""
        world = self._world
        for setter in self._setters:
            mention_entity(world, home, setter)
        known = home.members.get(self._abstract)
        if known == world.possible(self._abstract) and self._random.random() < 0.7:
            home.contexts.setdefault(self._abstract, []).append(name)
            return
        for setter in self._setters:
            home.contexts.setdefault(setter.name, []).append(name)

    def _add_fields(self, home: Subgraph) -> None:
        world, random = self._world, self._random
        target = world.objects[_TARGET]
        parts = mention_entity(world, home, target)
        number = self._homes.index(home)
        for index in range(random.choice((1, 2))):
            name = f"x{number}{index}"
            contexts = sorted({each for names in home.contexts.values() for each in names})
            chosen = random.sample(contexts, random.randint(1, len(contexts)))
            taken = tuple(
                self._argument(home, context, f"given{order}") for order, context in enumerate(chosen)
            )
            target.add(self._contextual(home, name, taken))
            parts[name] = Part(target.fields[name].type)
            if target.fields[name].requires:
                parts[name].directives.append('@requires(fields: "g0")')

    def _contextual(self, home: Subgraph, name: str, taken: tuple[ContextArgument, ...]) -> Field:
        world, random = self._world, self._random
        arguments = random.choice(("", "plain", "rich"))
        if random.random() < 0.3:
            linked = random.choice(world.entities).name
            mention(world, home, linked)
            return Field(name, f"[{linked}]", arguments, contexts=taken)
        made = Field(name, random.choice(("String", "String!")), arguments, reliable=True, contexts=taken)
        known = home.part(_TARGET, "g0")
        if (known is None or known.forbidden) and random.random() < 0.3:
            world.objects[_TARGET].fields["g0"].reliable = True
            mention_entity(world, home, world.objects[_TARGET])["g0"] = Part(
                world.objects[_TARGET].fields["g0"].type, ["@external"], forbidden=True
            )
            made.requires = "g0"
        return made

    def _argument(self, home: Subgraph, context: str, name: str) -> ContextArgument:
        """One field for all that set the context, or one for each of them."""
        world, random = self._world, self._random
        declaring = [each for each, names in home.contexts.items() if context in names]
        setters = sorted({each for owner in declaring for each in world.possible(owner)})
        common = random.choice(_SOURCES)
        in_unions = any(each in world.unions for each in declaring)
        in_interfaces = any(each in world.interfaces for each in declaring)
        if in_unions or (in_interfaces and common == "ct") or random.random() < 0.3:
            sources = {each: random.choice(_SOURCES) for each in setters}
            selection = " ".join(f"... on {each} {{ {source} }}" for each, source in sources.items())
        else:
            sources = dict.fromkeys(setters, common)
            selection = f"{{ {common} }}"
        for each, source in sources.items():
            self._know(home, world.objects[each], source)
        never_null = all(world.objects[each].fields[source].type == "ID!" for each, source in sources.items())
        reference = "ID!" if never_null and random.random() < 0.6 else "ID"
        return ContextArgument(name, reference, f"${context} {selection}", sources)

    def _know(self, home: Subgraph, owner: ObjectType, name: str) -> None:
        parts = mention_entity(self._world, home, owner)
        if name not in parts:
            parts[name] = Part(owner.fields[name].type, ["@external"], forbidden=True)

    def _link(self, owner: ObjectType, name: str, target: str) -> None:
        reference = wrap(target, self._random)
        if owner.interfaces:  # An interface object may lead there: nothing may null it.
            reference = reference.removesuffix("!")
        owner.add(Field(name, reference))
        self._own(owner, name, self._random.choice(self._plain()))

    def _own(self, owner: ObjectType, name: str, home: Subgraph) -> None:
        parts = mention_entity(self._world, home, owner)
        parts[name] = Part(owner.fields[name].type)
        mention(self._world, home, owner.fields[name].named)

    def _plain(self) -> list[Subgraph]:
        return [each for each in self._world.subgraphs if not each.interface_objects]
