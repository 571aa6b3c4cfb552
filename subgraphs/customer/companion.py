"""The relay inside the subgraph's own process, for `serve --with-relay`."""

from __future__ import annotations

from collections.abc import Mapping

from kernel.settings import load
from subgraphs.customer.publishing.settings import RelaySettings
from subgraphs.customer.relay import Relay
from subgraphs.customer.sqs import SqsPublisher
from subgraphs.customer.store.outbox_reader import OutboxReader

__all__ = ["RelayCompanion", "relay_companion"]


class RelayCompanion:
    """Starts and stops a relay together with the process that it is in."""

    def __init__(self, settings: RelaySettings) -> None:
        self._publisher = SqsPublisher(prefix=settings.queue_prefix, threads=settings.relay_threads)
        self._reader = OutboxReader(
            settings.customer_relay_database_url.get_secret_value(), connections=settings.relay_connections
        )
        self._relay = Relay(settings, self._reader, self._publisher)

    def start(self) -> None:
        """Begin to carry events."""
        self._relay.start()

    async def stop(self) -> None:
        """End; what was sent but not marked will be sent again."""
        await self._relay.stop()
        await self._reader.close()
        self._publisher.close()

    async def ready(self) -> Mapping[str, bool]:
        """The relay's own checks."""
        return {f"relay {name}": well for name, well in (await self._relay.ready()).items()}


def relay_companion() -> RelayCompanion:
    """By the relay's settings; raises ConfigurationProblem."""
    return RelayCompanion(load(RelaySettings))
