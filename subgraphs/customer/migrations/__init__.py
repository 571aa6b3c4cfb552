"""Alembic migrations of the customer store; run by the owner role with `customer-graph customer migrate`."""
