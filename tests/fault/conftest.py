"""Fixtures of the fault tests."""

from tests.kit.postgres import customer_database, postgres_cluster

__all__ = ["customer_database", "postgres_cluster"]
