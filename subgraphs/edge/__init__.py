"""What the GraphQL edges of the three subgraphs share: everything Strawberry-specific, and no domain.

A subgraph builds its schema with `schema.federated_schema`, serves it with `app.graphql_app`, raises the
faults of `errors`, and annotates its fields with the Python types that `scalars` binds. The kernel knows
no GraphQL; this package knows no customer.
"""
