"""Small supergraphs written by hand, for tests of loading and planning."""

from __future__ import annotations

__all__ = ["LINK", "supergraph_sdl"]

LINK = '@link(url: "https://specs.apollo.dev/link/v1.0")'
_JOIN = '@link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)'


def supergraph_sdl(types: str, graphs: str = "A B", links: str = "", roots: str = "query: Query") -> str:
    """A supergraph of these types; the graphs are named in capitals, the subgraphs in small letters."""
    values = " ".join(
        f'{g} @join__graph(name: "{g.lower()}", url: "http://{g.lower()}.test")' for g in graphs.split()
    )
    return f"schema {LINK} {_JOIN} {links} {{ {roots} }}\nenum join__Graph {{ {values} }}\n{types}"
