"""PostgreSQL behind the customer subgraph: the only place that knows SQL."""
