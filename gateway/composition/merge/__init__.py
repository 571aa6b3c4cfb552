"""Merging valid subgraphs into one schema with join directives, one concept a file."""
