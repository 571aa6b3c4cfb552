"""Fake subgraphs: type-correct, seeded answers for every subgraph of a supergraph."""

from gateway.mock.server import command

__all__ = ["command"]
