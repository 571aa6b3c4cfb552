"""The embedded servers that stand in for PostgreSQL, MongoDB and SQS on one machine."""
