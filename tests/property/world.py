"""A random world: entities, value types, interfaces, unions, their data, and how subgraphs share them.

One world gives two things that must answer alike: a single schema over the data (the oracle), and several
subgraphs that each hold a part of it (composed and served by the gateway).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

__all__ = ["Fault", "Field", "ObjectType", "Part", "Subgraph", "World", "make_world"]

#: Chance that a nullable value is null, and that a value nobody depends on is a fault.
NULL_SHARE = 0.12
FAULT_SHARE = 0.02


@dataclass(frozen=True)
class Fault:
    """A value whose resolver raises."""

    message: str


@dataclass
class Field:
    """A field of the single schema."""

    name: str
    #: Type reference as SDL, such as `[E0!]!`.
    type: str
    #: Takes `(n: Int, tag: String = "t")` and answers with them.
    arguments: bool = False
    #: Names of sibling leaves that it is computed from (`@requires`).
    requires: tuple[str, ...] = ()
    #: Keys, required and provided leaves never fail: others are fetched by way of them.
    reliable: bool = False

    @property
    def named(self) -> str:
        """The type without lists and non-null marks."""
        return self.type.strip("[]!")

    @property
    def signature(self) -> str:
        """Name and arguments as SDL."""
        return f'{self.name}(n: Int, tag: String = "t")' if self.arguments else self.name


@dataclass
class ObjectType:
    """An object type of the single schema; an entity when it has keys."""

    name: str
    fields: dict[str, Field] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    interfaces: list[str] = field(default_factory=list)
    instances: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Part:
    """What one subgraph says of one field."""

    type: str
    directives: list[str] = field(default_factory=list)
    #: Neither resolvable (external, overridden): a call is a fault of the plan.
    forbidden: bool = False
    #: Leaves of the returned entity that may be asked here although they are external.
    provides: tuple[str, ...] = ()


@dataclass
class Subgraph:
    """One subgraph: types with the fields it knows."""

    name: str
    objects: dict[str, dict[str, Part]] = field(default_factory=dict)
    #: Applications of `@key` by type, as SDL.
    keys: dict[str, list[str]] = field(default_factory=dict)
    interfaces: dict[str, dict[str, str]] = field(default_factory=dict)
    interface_keys: dict[str, list[str]] = field(default_factory=dict)
    interface_objects: dict[str, dict[str, Part]] = field(default_factory=dict)
    unions: set[str] = field(default_factory=set)
    queries: dict[str, Part] = field(default_factory=dict)
    mutations: dict[str, Part] = field(default_factory=dict)


@dataclass
class World:
    """Everything that was drawn."""

    seed: int
    objects: dict[str, ObjectType] = field(default_factory=dict)
    #: Interface name → its fields and implementers.
    interfaces: dict[str, tuple[dict[str, Field], list[str]]] = field(default_factory=dict)
    unions: dict[str, list[str]] = field(default_factory=dict)
    queries: dict[str, Field] = field(default_factory=dict)
    mutations: dict[str, Field] = field(default_factory=dict)
    roots: dict[str, Any] = field(default_factory=dict)
    subgraphs: list[Subgraph] = field(default_factory=list)

    @property
    def entities(self) -> list[ObjectType]:
        """Object types with keys."""
        return [each for each in self.objects.values() if each.keys]


SCALARS = ("String", "Int", "Boolean", "ID", "Float", "Mood")
MOODS = ("CALM", "HAPPY", "SAD")


def make_world(seed: int) -> World:
    """Draw a world; the same seed gives the same world."""
    random = Random(seed)
    world = World(seed)
    _draw_types(world, random)
    _draw_data(world, random)
    _share_out(world, random)
    return world


# -- the single schema -----------------------------------------------------------------------------------


def _draw_types(world: World, random: Random) -> None:
    for number in range(random.randint(1, 2)):
        value = ObjectType(f"V{number}")
        for index in range(random.randint(1, 3)):
            _add(value, _leaf(f"v{index}", random))
        world.objects[value.name] = value
    for number in range(random.randint(2, 4)):
        entity = ObjectType(f"E{number}", keys=_draw_keys(random))
        _add(entity, Field("id", "ID!", reliable=True))
        for leaf in ("sku", "a", "b"):
            if any(leaf in key.split() for key in entity.keys):
                _add(entity, Field(leaf, "String!" if leaf != "a" else "Int!", reliable=True))
        for index in range(random.randint(2, 5)):
            _add(entity, _leaf(f"f{index}", random))
        world.objects[entity.name] = entity
    entities = world.entities
    for number in range(random.randint(0, 2)):
        _draw_interface(world, f"I{number}", random)
    if random.random() < 0.6:
        world.unions["U0"] = sorted(
            each.name for each in random.sample(entities, random.randint(1, len(entities)))
        )
    targets = [*world.objects, *world.interfaces, *world.unions]
    for entity in entities:
        for index in range(random.randint(1, 3)):
            target = random.choice(targets)
            _add(entity, Field(f"l{index}", _wrap(target, random), arguments=random.random() < 0.2))
        if random.random() < 0.6:
            _add_required(entity, random)
    for index, target in enumerate(targets):
        if target in world.objects and not world.objects[target].keys and random.random() < 0.5:
            continue
        world.queries[f"q{index}"] = Field(f"q{index}", _wrap(target, random))
    for index in range(random.randint(0, 3)):
        world.mutations[f"m{index}"] = Field(f"m{index}", random.choice(entities).name)


def _draw_keys(random: Random) -> tuple[str, ...]:
    others = [key for key in ("sku", "a b") if random.random() < 0.35]
    return ("id", *others)


def _draw_interface(world: World, name: str, random: Random) -> None:
    implementers = random.sample(world.entities, random.randint(1, len(world.entities)))
    shared = {"id": Field("id", "ID!", reliable=True)}
    for index in range(random.randint(0, 2)):
        leaf = _leaf(f"{name.lower()}_{index}", random)
        shared[leaf.name] = leaf
    for entity in implementers:
        entity.interfaces.append(name)
        for leaf in shared.values():
            entity.fields.setdefault(
                leaf.name, Field(leaf.name, leaf.type, leaf.arguments, (), leaf.reliable)
            )
    world.interfaces[name] = (shared, sorted(each.name for each in implementers))


def _add(owner: ObjectType, added: Field) -> None:
    owner.fields[added.name] = added


def _leaf(name: str, random: Random) -> Field:
    scalar = random.choice(SCALARS)
    reference = random.choice((scalar, scalar, f"{scalar}!", f"[{scalar}]", f"[{scalar}!]", f"[{scalar}!]!"))
    return Field(
        name, reference, arguments=scalar == "String" and reference == scalar and random.random() < 0.4
    )


def _wrap(target: str, random: Random) -> str:
    return random.choice(
        (target, target, f"{target}!", f"[{target}]", f"[{target}!]", f"[{target}!]!", f"[[{target}]]")
    )


def _add_required(entity: ObjectType, random: Random) -> None:
    leaves = [
        each
        for each in entity.fields.values()
        if each.named in SCALARS and not each.arguments and each.name.startswith("f")
    ]
    chosen = random.sample(leaves, min(len(leaves), random.randint(1, 2)))
    for leaf in chosen:
        leaf.reliable = True
    if chosen:
        requires = tuple(each.name for each in chosen)
        _add(entity, Field("r0", random.choice(("String", "String!")), requires=requires))


# -- the data --------------------------------------------------------------------------------------------


def _draw_data(world: World, random: Random) -> None:
    for entity in world.entities:
        for number in range(random.randint(1, 4)):
            identity = f"{entity.name}-{number}"
            instance = {
                "__typename": entity.name,
                "id": identity,
                "sku": f"sku-{identity}",
                "b": f"b-{identity}",
            }
            instance["a"] = number
            entity.instances.append(instance)
    for entity in world.entities:
        for instance in entity.instances:
            for each in entity.fields.values():
                if each.name not in instance and not each.requires:
                    instance[each.name] = _value(world, each.type, each.reliable, random)
    for query in world.queries.values():
        world.roots[query.name] = _value(world, query.type, query.reliable, random)
    for mutation in world.mutations.values():
        world.roots[mutation.name] = random.choice(world.objects[mutation.named].instances)


def _value(world: World, reference: str, reliable: bool, random: Random) -> Any:
    if not reliable and random.random() < FAULT_SHARE:
        return Fault("drawn")
    if reference.endswith("!"):
        # A null where none may be is a fault as well: it takes its parents with it.
        broken = not reliable and random.random() < FAULT_SHARE
        return None if broken else _present(world, reference[:-1], random)
    if random.random() < NULL_SHARE:
        return None
    return _present(world, reference, random)


def _present(world: World, reference: str, random: Random) -> Any:
    if reference.startswith("["):
        item = reference[1:-1]
        return [_item(world, item, random) for _ in range(random.randint(0, 3))]
    if reference in SCALARS:
        return _scalar(reference, random)
    if reference in world.interfaces:
        reference = random.choice(world.interfaces[reference][1])
    elif reference in world.unions:
        reference = random.choice(world.unions[reference])
    owner = world.objects[reference]
    if owner.keys:
        return random.choice(owner.instances)
    made: dict[str, Any] = {"__typename": reference}
    for each in owner.fields.values():
        made[each.name] = _value(world, each.type, each.reliable, random)
    return made


def _item(world: World, reference: str, random: Random) -> Any:
    if reference.endswith("!"):
        return _present(world, reference[:-1], random)
    return None if random.random() < NULL_SHARE else _present(world, reference, random)


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


# -- who knows what --------------------------------------------------------------------------------------


def _share_out(world: World, random: Random) -> None:
    names = ["alpha", "beta", "gamma", "delta"][: random.randint(2, 4)]
    world.subgraphs = [Subgraph(name) for name in names]
    uniform = _owners_of_interface_fields(world, random)
    for entity in world.entities:
        for each in list(entity.fields.values()):
            if each.name in ("id", "sku", "a", "b"):
                continue
            if each.requires:
                _own_required(world, entity, each, random)
            else:
                owner = uniform.get((entity.name, each.name)) or random.choice(world.subgraphs)
                _own(world, owner, entity, each, random)
    for query in world.queries.values():
        for owner in random.sample(world.subgraphs, 2 if random.random() < 0.2 else 1):
            shared = sum(query.name in each.queries for each in world.subgraphs) > 0
            owner.queries[query.name] = Part(query.type)
            _mention(world, owner, query.named)
            if shared:
                for each in world.subgraphs:
                    if query.name in each.queries:
                        each.queries[query.name].directives = ["@shareable"]
    for mutation in world.mutations.values():
        owner = random.choice(world.subgraphs)
        owner.mutations[mutation.name] = Part(mutation.type)
        _mention(world, owner, mutation.named)
    for entity in world.entities:
        _guarantee_resolvable_key(world, entity)
    _provide(world, random)
    _override(world, random)
    _add_interface_objects(world, random)


def _owners_of_interface_fields(world: World, random: Random) -> dict[tuple[str, str], Subgraph]:
    """An interface's field has one owner for all implementers; sometimes that is an interface object."""
    owners: dict[tuple[str, str], Subgraph] = {}
    for name, (fields, implementers) in world.interfaces.items():
        home = random.choice(world.subgraphs)
        _mention(world, home, name)
        for each in fields.values():
            if each.name == "id":
                continue
            owner = random.choice(world.subgraphs)
            for implementer in implementers:
                owners[implementer, each.name] = owner
            _mention(world, owner, name)
            owner.interfaces[name][each.name] = each.type
    return owners


def _own(world: World, owner: Subgraph, entity: ObjectType, each: Field, random: Random) -> None:
    parts = _mention_entity(world, owner, entity)
    part = Part(each.type)
    parts[each.name] = part
    if each.named in world.objects or each.named in world.interfaces or each.named in world.unions:
        _mention(world, owner, each.named)
    if each.named in SCALARS and random.random() < 0.15:
        second = random.choice(world.subgraphs)
        if second is not owner and each.name not in second.objects.get(entity.name, {}):
            _mention_entity(world, second, entity)[each.name] = Part(each.type, ["@shareable"])
            part.directives.append("@shareable")


def _own_required(world: World, entity: ObjectType, each: Field, random: Random) -> None:
    """A computed field's owner knows its sources as external ones only; without such a subgraph it is dropped."""
    owners = [
        subgraph
        for subgraph in world.subgraphs
        if not set(each.requires) & set(subgraph.objects.get(entity.name, ()))
    ]
    if not owners or not each.requires:
        del entity.fields[each.name]
        return
    parts = _mention_entity(world, random.choice(owners), entity)
    for name in each.requires:
        parts[name] = Part(entity.fields[name].type, ["@external"], forbidden=True)
    parts[each.name] = Part(each.type, [f'@requires(fields: "{" ".join(each.requires)}")'])


def _mention(world: World, subgraph: Subgraph, name: str) -> None:
    """Make a type known to a subgraph, with all that its definition needs."""
    if name in world.unions:
        subgraph.unions.add(name)
        for member in world.unions[name]:
            _mention(world, subgraph, member)
    elif name in world.interfaces:
        if name not in subgraph.interfaces:
            subgraph.interfaces[name] = {"id": "ID!"}
            for implementer in world.interfaces[name][1]:
                _mention(world, subgraph, implementer)
    elif name in world.objects:
        owner = world.objects[name]
        if owner.keys:
            _mention_entity(world, subgraph, owner)
        elif name not in subgraph.objects:
            subgraph.objects[name] = {
                each.name: Part(each.type, ["@shareable"]) for each in owner.fields.values()
            }


def _mention_entity(world: World, subgraph: Subgraph, entity: ObjectType) -> dict[str, Part]:
    parts = subgraph.objects.get(entity.name)
    if parts is not None:
        return parts
    draw = Random(f"{world.seed} {subgraph.name} {entity.name}")
    # One key that all subgraphs have keeps most worlds satisfiable; others make the ways differ.
    keys = [key for key in entity.keys if key == "id" or draw.random() < 0.6]
    if len(keys) > 1 and draw.random() < 0.3:
        keys.remove("id")
    parts = {"id": Part("ID!")}
    for key in keys:
        for name in key.split():
            parts[name] = Part(entity.fields[name].type)
    if "id" not in keys:
        parts["id"].directives.append("@shareable")
    for name, part in parts.items():
        if name != "id" and "@shareable" not in part.directives:
            part.directives.append("@shareable")
    subgraph.objects[entity.name] = parts
    subgraph.keys[entity.name] = keys
    return parts


def _guarantee_resolvable_key(world: World, entity: ObjectType) -> None:
    """A key a subgraph cannot be entered by is fine where it has nothing to add."""
    draw = Random(f"{world.seed} resolvable {entity.name}")
    for subgraph in world.subgraphs:
        parts = subgraph.objects.get(entity.name, {})
        adds = [name for name in parts if name not in ("id", "sku", "a", "b")]
        if parts and not adds and draw.random() < 0.4:
            subgraph.keys[entity.name] = [f"{key}!" for key in subgraph.keys[entity.name]]


def _provide(world: World, random: Random) -> None:
    """Some fields that return an entity provide a leaf which their subgraph otherwise does not resolve."""
    for subgraph in world.subgraphs:
        for parts in list(subgraph.objects.values()):
            for part in list(parts.values()):
                target = world.objects.get(part.type.strip("[]!"))
                if target is None or not target.keys or part.forbidden or random.random() > 0.25:
                    continue
                known = subgraph.objects[target.name]
                missing = [
                    each
                    for each in target.fields.values()
                    if each.named in SCALARS
                    and each.name not in known
                    and not each.requires
                    and not each.name.startswith("i")
                    and not each.arguments
                    and any(
                        (other := elsewhere.objects.get(target.name, {}).get(each.name))
                        and not other.forbidden
                        for elsewhere in world.subgraphs
                    )
                ]
                if missing and not world.objects[target.name].interfaces:
                    leaf = random.choice(missing)
                    leaf.reliable = True
                    _make_reliable(world, target, leaf, random)
                    known[leaf.name] = Part(leaf.type, ["@external"], forbidden=True)
                    part.provides = (leaf.name,)
                    part.directives.append(f'@provides(fields: "{leaf.name}")')
                    _share_where_resolved(world, subgraph, target.name, leaf.name)


def _share_where_resolved(world: World, provider: Subgraph, type_name: str, name: str) -> None:
    for other in world.subgraphs:
        part = other.objects.get(type_name, {}).get(name)
        if other is not provider and part and not part.forbidden and "@shareable" not in part.directives:
            part.directives.append("@shareable")


def _make_reliable(world: World, owner: ObjectType, leaf: Field, random: Random) -> None:
    for instance in owner.instances:
        if isinstance(instance.get(leaf.name), Fault):
            instance[leaf.name] = _present(world, leaf.type.rstrip("!"), random)


def _override(world: World, random: Random) -> None:
    """Some leaves have moved: the old owner still has a resolver, which must not be called any more."""
    for entity in world.entities:
        for each in entity.fields.values():
            owners = [
                subgraph
                for subgraph in world.subgraphs
                if (part := subgraph.objects.get(entity.name, {}).get(each.name)) and not part.forbidden
            ]
            plain = each.named in SCALARS and not each.requires and each.name.startswith("f")
            external = any(
                (part := subgraph.objects.get(entity.name, {}).get(each.name)) and part.forbidden
                for subgraph in world.subgraphs
            )
            if len(owners) != 1 or not plain or external or random.random() > 0.15:
                continue
            old = random.choice([each for each in world.subgraphs if each is not owners[0]])
            _mention_entity(world, old, entity)[each.name] = Part(each.type, forbidden=True)
            owners[0].objects[entity.name][each.name].directives.append(f'@override(from: "{old.name}")')


def _add_interface_objects(world: World, random: Random) -> None:
    """A subgraph of its own that knows interfaces without their implementers, and adds a field to all."""
    omega = Subgraph("omega")
    for name, (fields, implementers) in world.interfaces.items():
        if random.random() < 0.5:
            continue
        added = Field(f"o{name.lower()}", random.choice(("String", "Int", "String!")), reliable=True)
        fields[added.name] = added
        for implementer in implementers:
            owner = world.objects[implementer]
            owner.fields[added.name] = added
            for instance in owner.instances:
                instance[added.name] = _value(world, added.type, True, random)
        omega.interface_objects[name] = {"id": Part("ID!"), added.name: Part(added.type)}
        home = next(each for each in world.subgraphs if name in each.interfaces)
        home.interface_keys[name] = ["id"]
        for implementer in implementers:
            keys = home.keys[implementer]
            home.keys[implementer] = ["id", *(key for key in keys if key.rstrip("!") != "id")]
            home.objects[implementer]["id"].directives = []
        if random.random() < 0.5:
            query = Field(
                f"qo{name.lower()}", random.choice((name, f"[{name}!]!", f"[{name}]")), reliable=True
            )
            world.queries[query.name] = query
            world.roots[query.name] = _value(world, query.type, True, random)
            omega.queries[query.name] = Part(query.type)
    if omega.interface_objects:
        world.subgraphs.append(omega)
