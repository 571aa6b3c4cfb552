"""Fake subgraphs: type-correct, seeded answers for every subgraph of a supergraph."""

from gateway.mock.command import mock

__all__ = ["mock"]
