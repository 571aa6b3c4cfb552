"""A random world: entities, value types, interfaces, unions, their data, and how subgraphs share them.

One world gives two things that must answer alike: a single schema over the data (the oracle), and several
subgraphs that each hold a part of it (composed and served by the gateway).
"""

from __future__ import annotations

from random import Random

from tests.property.computed import add_computed
from tests.property.contexts import add_contexts
from tests.property.data import draw_data
from tests.property.interface_objects import add_interface_objects
from tests.property.model import World
from tests.property.moving import add_overrides, add_provides, close_keys, draw_strangers, vary_types
from tests.property.sharing import share_mutations, share_out
from tests.property.types import draw_types

__all__ = ["FURTHER_SHARE", "make_world"]

#: Chance of each kind of thing that worlds have since the first seeds were kept.
FURTHER_SHARE = 0.3


def make_world(seed: int, *, further: float = FURTHER_SHARE) -> World:
    """Draw a world; the same seed gives the same world. `further`: the chance of contexts, and of mutations
    that several subgraphs share."""
    random = Random(seed)
    world = World(seed)
    draw_types(world, random)
    share_out(world, random)
    drawn = Random(f"{seed} mutations")
    if drawn.random() < further:
        share_mutations(world, drawn)
    add_computed(world, random)
    add_provides(world, random)
    add_overrides(world, random)
    add_interface_objects(world, random)
    drawn = Random(f"{seed} contexts")
    if drawn.random() < further:
        add_contexts(world, drawn)
    close_keys(world)
    vary_types(world, random)
    draw_data(world, random)
    draw_strangers(world, random)
    return world
