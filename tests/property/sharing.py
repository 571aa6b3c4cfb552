"""Which subgraph knows and resolves what: entities by key, value types whole or split, roots."""

from __future__ import annotations

from random import Random

from tests.property.model import Field, ObjectType, Part, Subgraph, World, named
from tests.property.types import KEY_FIELDS

__all__ = ["key_parts", "mention", "mention_entity", "share_mutations", "share_out"]


def share_out(world: World, random: Random) -> None:
    """Give every field of the single schema to one or several subgraphs."""
    world.subgraphs = [Subgraph(name) for name in ("alpha", "beta", "gamma", "delta")[: random.randint(2, 4)]]
    _split_values(world, random)
    uniform = _share_interfaces(world, random)
    for entity in world.entities:
        for each in list(entity.fields.values()):
            if each.name not in KEY_FIELDS:
                owner = uniform.get((entity.name, each.name)) or random.choice(world.subgraphs)
                _own(world, owner, entity, each, random)
    _share_roots(world, random)


def key_parts(key: str) -> list[str]:
    """The top-level fields of a key."""
    return [each for each in key.replace("{ oid }", "").split() if each]


def mention(world: World, subgraph: Subgraph, name: str) -> None:
    """Make a type known to a subgraph, with all that its definition needs."""
    if world.is_abstract(name):
        _mention_abstract(world, subgraph, name)
    elif name in world.objects:
        owner = world.objects[name]
        if owner.keys:
            mention_entity(world, subgraph, owner)
        elif name not in subgraph.objects and not owner.split:
            subgraph.objects[name] = {
                each.name: Part(each.type, ["@shareable"]) for each in owner.fields.values()
            }
            for each in owner.fields.values():
                mention(world, subgraph, each.named)


def mention_entity(world: World, subgraph: Subgraph, entity: ObjectType) -> dict[str, Part]:
    """The entity's fields in a subgraph, which has at least some keys of it."""
    known = subgraph.objects.get(entity.name)
    if known is not None:
        return known
    draw = Random(f"{world.seed} {subgraph.name} {entity.name}")
    # One key that all subgraphs have keeps most worlds satisfiable; others make the ways differ.
    keys = [key for key in entity.keys if key == "id" or draw.random() < 0.6]
    if len(keys) > 1 and draw.random() < 0.3:
        keys.remove("id")
    parts = {"id": Part("ID!")}
    for key in keys:
        for name in key_parts(key):
            parts[name] = Part(entity.fields[name].type)
    for name, part in parts.items():
        if name != "id" or "id" not in keys:
            part.share()
    subgraph.objects[entity.name] = parts
    subgraph.keys[entity.name] = keys
    if "org" in parts:
        key_type = {"oid": Part("ID!", ["@shareable"])}
        if draw.random() < 0.4:
            key_type["title"] = Part("String", ["@shareable"])
        subgraph.objects[named(parts["org"].type)] = key_type
    return parts


def _mention_abstract(world: World, subgraph: Subgraph, name: str) -> None:
    """A subgraph may have some only of the members; it never answers with others."""
    if name in subgraph.members:
        return
    draw = Random(f"{world.seed} {subgraph.name} {name}")
    members = world.possible(name)
    if draw.random() < 0.35:
        members = sorted(draw.sample(members, draw.randint(1, len(members))))
    subgraph.members[name] = members
    if name in world.unions:
        subgraph.unions.add(name)
    else:
        subgraph.interfaces[name] = {"id": "ID!"}
    for member in members:
        mention(world, subgraph, member)


def _split_values(world: World, random: Random) -> None:
    """The fields of a split value type are in different subgraphs; what returns it is in all of these."""
    for value in world.objects.values():
        if value.split and not value.name.startswith("K"):
            for each in value.fields.values():
                for owner in random.sample(world.subgraphs, random.choice((1, 1, 2))):
                    mention(world, owner, each.named)
                    owner.objects.setdefault(value.name, {})[each.name] = Part(each.type, ["@shareable"])


def _share_interfaces(world: World, random: Random) -> dict[tuple[str, str], Subgraph]:
    """An interface's field is declared in one subgraph, which mostly resolves it for all implementers;
    else implementers have owners of their own, and the declaring subgraph knows the field as external."""
    owners: dict[tuple[str, str], Subgraph] = {}
    for name, (fields, implementers) in world.interfaces.items():
        mention(world, random.choice(world.subgraphs), name)
        for each in fields.values():
            if each.name == "id":
                continue
            owner = random.choice(world.subgraphs)
            mention(world, owner, name)
            owner.interfaces[name][each.name] = each.type
            uniform = random.random() < 0.6
            for implementer in implementers:
                home = owner if uniform else random.choice(world.subgraphs)
                owners[implementer, each.name] = home
                if home is not owner and implementer in owner.members[name]:
                    parts = mention_entity(world, owner, world.objects[implementer])
                    parts[each.name] = Part(each.type, ["@external"], forbidden=True)
    return owners


def _own(world: World, owner: Subgraph, entity: ObjectType, each: Field, random: Random) -> None:
    homes = [owner]
    target = world.objects.get(each.named)
    if target is not None and target.split:
        homes = [subgraph for subgraph in world.subgraphs if target.name in subgraph.objects]
    elif each.is_leaf and random.random() < 0.2:
        homes.append(random.choice(world.subgraphs))
    for home in homes:
        parts = mention_entity(world, home, entity)
        if each.name not in parts:
            parts[each.name] = Part(each.type)
            mention(world, home, each.named)
    _mark_shared(world.copies(entity.name, each.name))


def _mark_shared(parts: list[Part]) -> None:
    resolved = [part for part in parts if not part.forbidden]
    if len(resolved) > 1:
        for part in resolved:
            part.share()


def _share_roots(world: World, random: Random) -> None:
    for query in world.queries.values():
        target = world.objects.get(query.named)
        if target is not None and target.split:
            homes = [subgraph for subgraph in world.subgraphs if target.name in subgraph.objects]
        else:
            homes = random.sample(world.subgraphs, 2 if random.random() < 0.25 else 1)
        for home in homes:
            mention(world, home, query.named)
        if world.is_abstract(query.named) and not _common(homes, query.named):
            homes = homes[:1]
        for home in homes:
            home.queries[query.name] = Part(query.type)
        _mark_shared(world.copies("Query", query.name))
    for mutation in world.mutations.values():
        # A mutation that returns a split value type cannot be had: it runs in one subgraph only.
        owner = random.choice(world.subgraphs)
        owner.mutations[mutation.name] = Part(mutation.type)
        mention(world, owner, mutation.named)


def share_mutations(world: World, random: Random) -> None:
    """Let several subgraphs offer one mutation. It runs in one, and keys lead to the rest of its result."""
    split = world.objects.get("W0")
    if split is not None:
        _share_split(world, split, random)
    for mutation in world.mutations.values():
        homes = [each for each in world.subgraphs if mutation.name in each.mutations]
        others = [each for each in world.subgraphs if each not in homes]
        if others and mutation.named != "W0" and random.random() < 0.7:
            homes.append(random.choice(others))
            mention(world, homes[-1], mutation.named)
            if not world.is_abstract(mutation.named) or _common(homes, mutation.named):
                homes[-1].mutations[mutation.name] = Part(mutation.type)
        _mark_shared(world.copies("Mutation", mutation.name))


def _share_split(world: World, split: ObjectType, random: Random) -> None:
    """A mutation with a result without key: one subgraph has all of it, others may have a part."""
    homes = [each for each in world.subgraphs if split.name in each.objects]
    home = random.choice(homes)
    for each in split.fields.values():
        mention(world, home, each.named)
        home.objects[split.name].setdefault(each.name, Part(each.type, ["@shareable"]))
    mutation = Field("mw", random.choice((split.name, f"[{split.name}]", f"{split.name}!")))
    world.mutations[mutation.name] = mutation
    for offering in (home, random.choice(homes)):
        offering.mutations[mutation.name] = Part(mutation.type)


def _common(homes: list[Subgraph], name: str) -> set[str]:
    return set.intersection(*(set(home.members[name]) for home in homes))
