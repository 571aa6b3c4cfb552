"""Rules that one subgraph must keep by itself, one family of error codes a file."""
