"""How composition grows with the number of subgraphs, each with 200 types (40 entities common to all).

    python -m bench.composition [--subgraphs 10 20 40 60] [--types 200]

Prints one line per size: seconds of CPU, of composing alone, and characters of supergraph.
"""

from __future__ import annotations

import argparse
import time

from gateway.composition import SubgraphInput, compose

ENTITIES = 40
HEAD = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])\n'
)


def subgraph(number: int, types: int) -> SubgraphInput:
    """One subgraph: its share of every entity, its own value types, enum and input, one shared type."""
    own = types - ENTITIES - 4
    parts = [
        HEAD,
        f"type Query {{ first{number}: Own{number}_0 all{number}(x: In{number}): [E{number % ENTITIES}!]! }}",
        f'input In{number} {{ a: Int b: String! = "x" c: [ID!] }} enum En{number} {{ A B C }}',
        "type PageInfo @shareable { hasNextPage: Boolean endCursor: String }",
    ]
    parts += [
        f'type E{k} @key(fields: "id") {{ id: ID! a{number}: Int b{number}: E{(k + number) % ENTITIES}'
        f" c{number}: Own{number}_{k} page: PageInfo @shareable }}"
        for k in range(ENTITIES)
    ]
    parts += [
        f'"Type {k}" type Own{number}_{k} {{ a: Int b: String! c: [Own{number}_{(k + 1) % own}]'
        f" d: En{number} e: E{k % ENTITIES} f: Float g: ID h(x: Int = 3): Int }}"
        for k in range(own)
    ]
    return SubgraphInput(f"s{number}", f"http://s{number}", "\n".join(parts))


def main() -> None:
    """Compose each size once and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subgraphs", type=int, nargs="+", default=[10, 20, 40, 60])
    parser.add_argument("--types", type=int, default=200)
    given = parser.parse_args()
    for count in given.subgraphs:
        inputs = [subgraph(number, given.types) for number in range(count)]
        began = time.process_time()
        result = compose(inputs)
        seconds = time.process_time() - began
        size = len(result.supergraph_sdl or "")
        print(f"{count:4d} subgraphs × {given.types} types: {seconds:6.2f} s CPU, {size:9,d} characters")


if __name__ == "__main__":
    main()
