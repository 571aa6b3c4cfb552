"""Satisfiability: whether every query that the supergraph allows can be resolved by the subgraphs."""
