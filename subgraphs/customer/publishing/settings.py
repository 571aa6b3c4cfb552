"""Settings of the outbox relay; each environment variable is the field's name in upper case."""

from __future__ import annotations

from pydantic import Field, SecretStr

from subgraphs.customer.logins import DatabaseLogins

__all__ = ["RelaySettings"]


class RelaySettings(DatabaseLogins):
    """What `customer relay` reads besides boto3's own variables (`AWS_DEFAULT_REGION`, …)."""

    port: int = Field(default=4101, ge=0, le=65535)

    #: Role `customer_relay`: reads the outbox, sets `published_at`, writes `relay_queue`.
    customer_relay_database_url: SecretStr
    customer_relay_database_user: str | None = None
    customer_relay_database_password: SecretStr | None = None
    #: Queue names without prefix, as the outbox's column `queue` holds them.
    relay_queues: tuple[str, ...] = ("customer-rating.fifo", "customer-activity.fifo")
    #: Put before every queue's name, so that several stacks can share one account.
    queue_prefix: str = ""

    #: Create missing queues (and their DLQs). Off on AWS, where the template or `router setup` makes them.
    relay_create_queues: bool = False
    #: Messages in a queue above which nothing more is sent to it; None (AWS) means no bound. For SQS servers
    #: that slow down with their depth, such as moto's: 260 ms a batch at 300 messages, 14 ms when empty.
    relay_max_queue_depth: int | None = Field(default=None, gt=0)
    #: Seconds between two looks at a queue that is at its bound: nothing notifies us when it drains.
    relay_depth_poll_seconds: float = Field(default=0.1, gt=0)

    #: Seconds between two looks into the outbox when no notification comes; the net below LISTEN/NOTIFY.
    relay_poll_seconds: float = Field(default=1.0, gt=0)
    #: Events claimed at once by one pump; bounds memory, whatever the backlog.
    relay_claim_events: int = Field(default=400, gt=0)
    #: Of these at most so many of one customer, whose events go one after the other.
    relay_claim_per_customer: int = Field(default=20, gt=0)
    #: Seconds after which a claim starts no further batch, so that its transaction ends.
    relay_claim_seconds: float = Field(default=10.0, gt=0)
    #: Claims of one queue worked on side by side. With a depth bound there is one.
    relay_pumps: int = Field(default=2, gt=0)
    #: Batches of one claim that are being sent side by side.
    relay_sends: int = Field(default=4, gt=0)

    #: Bytes of a message and of a batch: SQS takes 1 MiB (262,144 before August 2025, some servers still).
    relay_max_message_bytes: int = Field(default=1_048_576, gt=0)
    #: Back-off after a failure, full jitter, seconds.
    relay_backoff_base_seconds: float = Field(default=0.2, gt=0)
    relay_backoff_cap_seconds: float = Field(default=15.0, gt=0)

    #: Seconds between two looks at the queues themselves: depth, DLQ, whether they are still the same.
    relay_observe_seconds: float = Field(default=2.0, gt=0)
    #: A queue that was seen empty at a moment had lost nothing published this long before. SQS's counts are
    #: right within a minute.
    relay_drain_margin_seconds: float = Field(default=60.0, ge=0)

    @property
    def relay_connections(self) -> int:
        """Connections to PostgreSQL: one for each pump, two for the watches, besides the one that listens."""
        return len(self.relay_queues) * self.relay_pumps + 2

    @property
    def relay_threads(self) -> int:
        """Calls of SQS under way at once: all pumps' batches, and the watches' looks."""
        return len(self.relay_queues) * (self.relay_pumps * self.relay_sends + 1)
