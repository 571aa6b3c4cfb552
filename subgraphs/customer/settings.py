"""Settings of the customer subgraph; each environment variable is the field's name in upper case."""

from __future__ import annotations

from pydantic import Field, SecretStr

from subgraphs.customer.logins import DatabaseLogins

__all__ = ["LEAST_DAYS", "CustomerSettings", "MigrationSettings", "ProvisionSettings", "ReplaySettings"]


class CustomerSettings(DatabaseLogins):
    """What `customer serve` reads."""

    port: int = Field(default=4001, ge=0, le=65535)

    #: `postgresql://customer_app:…@host/database`.
    customer_database_url: SecretStr
    #: Who logs in, when a secret store gives it apart from the URL; see `logins`.
    customer_database_user: str | None = None
    customer_database_password: SecretStr | None = None
    #: Encrypts CPF, e-mail, phone and street (AES-256 by pgcrypto). At least 32 characters, random.
    customer_encryption_key: SecretStr = Field(min_length=32)
    #: Keys the blind index of the CPF and the idempotency hashes (HMAC-SHA256). Another one than the above:
    #: who learns one of them must not be able to do the work of both.
    customer_blind_index_key: SecretStr = Field(min_length=32)
    #: Where a day begins and ends: decides when a debt is overdue and how old a customer is.
    customer_time_zone: str = "America/Sao_Paulo"

    #: Connections of one process. PostgreSQL serves few connections best; 10 saturate two of its cores.
    customer_pool_size: int = Field(default=10, gt=0)
    #: Seconds that a request waits for a free connection.
    customer_pool_wait_seconds: float = Field(default=2.0, gt=0)
    #: Seconds for a connection to be made, so that a dead host is noticed well within a request.
    customer_connect_seconds: float = Field(default=2.0, gt=0)
    #: Seconds for a single statement, enforced by PostgreSQL.
    customer_statement_seconds: float = Field(default=5.0, gt=0)
    #: Seconds that a statement waits for a lock: two changes of one customer go one after the other.
    customer_lock_seconds: float = Field(default=3.0, gt=0)
    #: Seconds after which PostgreSQL ends a transaction whose client has gone silent.
    customer_idle_transaction_seconds: float = Field(default=10.0, gt=0)

    #: Rows of the access log that one INSERT carries at most.
    customer_access_log_batch: int = Field(default=200, gt=0)


#: Days that `customer expire` leaves: of the access log six months by law (Lei 12.965/2014, art. 15), of the
#: outbox more than the fourteen days that SQS may keep a message that refers to a row.
LEAST_DAYS = {"access-log": 180, "outbox": 30}


class MigrationSettings(DatabaseLogins):
    """What `customer migrate` and `customer expire` read."""

    #: `postgresql://customer_owner:…@host/database`.
    customer_owner_database_url: SecretStr
    customer_owner_database_user: str | None = None
    customer_owner_database_password: SecretStr | None = None


class ProvisionSettings(DatabaseLogins):
    """What `customer provision` reads: who provisions, and the three roles' URLs with their passwords."""

    #: `postgresql://postgres:…@host/postgres`: a role that may create roles and databases.
    customer_superuser_database_url: SecretStr
    customer_superuser_database_user: str | None = None
    customer_superuser_database_password: SecretStr | None = None
    customer_owner_database_url: SecretStr
    customer_owner_database_password: SecretStr | None = None
    customer_database_url: SecretStr
    customer_database_password: SecretStr | None = None
    customer_relay_database_url: SecretStr
    customer_relay_database_password: SecretStr | None = None


class ReplaySettings(DatabaseLogins):
    """What `customer replay` reads."""

    #: `postgresql://customer_relay:…@host/database`.
    customer_relay_database_url: SecretStr
    customer_relay_database_user: str | None = None
    customer_relay_database_password: SecretStr | None = None
