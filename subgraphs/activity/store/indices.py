"""The indices of the Elasticsearch store: versioned, each behind an alias, and strict.

Readers and writers know the alias alone. A change of mapping is a new version, see `migration`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from elasticsearch import AsyncElasticsearch, BadRequestError

from kernel.settings import ConfigurationProblem
from subgraphs.activity.store.words import ANALYSER, ANALYSIS

__all__ = [
    "EVENTS_VERSION",
    "TOMBSTONES_VERSION",
    "Index",
    "create",
    "current_version",
    "ensure",
    "events_index",
    "refuse_newer",
    "tombstones_index",
]

EVENTS_VERSION = 1
TOMBSTONES_VERSION = 1

#: A customer's events lie on one shard, so this bounds how far one index spreads. Three fill three nodes.
_SHARDS = 3
#: How long it takes at most until searches see a write.
_REFRESH_INTERVAL = "250ms"

_KEYWORD = {"type": "keyword"}
#: Kept for the answer, not searchable by itself.
_STORED = {"type": "keyword", "index": False, "doc_values": False}
_SEARCHED_TEXT = {"type": "text", "index": False, "copy_to": "words"}

#: Segments lie in the order of pages, so that a page ends after its first matches, however many events there
#: are. Must be that of `queries.NEWEST_FIRST`.
_PAGE_ORDER = {"occurred": "desc", "event_id": "desc"}

_EVENT_PROPERTIES: Mapping[str, Any] = {
    "event_id": _KEYWORD,
    "customer_id": _KEYWORD,
    "kind": _KEYWORD,
    # Microseconds since 1970: the order of pages and the edges of time ranges; a date has milliseconds.
    "occurred": {"type": "long"},
    # The same moment for histograms.
    "occurred_at": {"type": "date", "format": "epoch_millis"},
    # YYYY-MM-01, so that the newest months of many customers are one bounded aggregation.
    "month": _KEYWORD,
    # Centavos.
    "amount": {"type": "long"},
    "merchant": _SEARCHED_TEXT,
    "category": _SEARCHED_TEXT,
    "bureau": _SEARCHED_TEXT,
    "reason": _SEARCHED_TEXT,
    "description": _SEARCHED_TEXT,
    "words": {"type": "text", "analyzer": ANALYSER},
    "card_last4": _STORED,
    "direction": _STORED,
}
_TOMBSTONE_PROPERTIES: Mapping[str, Any] = {
    "event_id": _KEYWORD,
    "customer_id": _KEYWORD,
    "version": {"type": "long"},
    "occurred": {"type": "long"},
}


@dataclass(frozen=True, slots=True)
class Index:
    """One version of an index and the alias in front of it."""

    alias: str
    version: int
    properties: Mapping[str, Any]
    analysis: Mapping[str, Any]
    routed: bool
    shards: int
    #: The order in which segments keep their documents; None: as they come.
    order: Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        """The name of this version."""
        return f"{self.alias}-v{self.version}"

    @property
    def mappings(self) -> dict[str, Any]:
        """Strict: a field that is not listed is refused, never guessed."""
        routing = {"_routing": {"required": True}} if self.routed else {}
        return {"dynamic": "strict", **routing, "properties": dict(self.properties)}

    @property
    def settings(self) -> dict[str, Any]:
        """One replica as soon as there is a second node."""
        order = self.order or {}
        return {
            "number_of_shards": self.shards,
            "auto_expand_replicas": "0-1",
            "refresh_interval": _REFRESH_INTERVAL,
            "analysis": dict(self.analysis),
            **({"sort.field": list(order), "sort.order": list(order.values())} if order else {}),
        }


def events_index(prefix: str) -> Index:
    """Events, routed by customer."""
    return Index(
        f"{prefix}-events",
        EVENTS_VERSION,
        _EVENT_PROPERTIES,
        ANALYSIS,
        routed=True,
        shards=_SHARDS,
        order=_PAGE_ORDER,
    )


def tombstones_index(prefix: str) -> Index:
    """Erased customers, by customer id."""
    return Index(
        f"{prefix}-tombstones", TOMBSTONES_VERSION, _TOMBSTONE_PROPERTIES, {}, routed=False, shards=1
    )


async def ensure(client: AsyncElasticsearch, index: Index) -> None:
    """Let the alias stand for this version if it stands for nothing yet.

    Raises `ConfigurationProblem` when it stands for another version: copying is `migrate`'s work, which must
    not begin because a process starts.
    """
    current = await current_version(client, index.alias)
    if current is None:
        await create(client, index, {index.alias: {"is_write_index": True}})
    elif current < index.version:
        raise ConfigurationProblem(
            f"{index.alias} stands for version {current}, older than this program's {index.version}:"
            " run `customer-graph activity migrate`"
        )
    else:
        refuse_newer(index, current)


def refuse_newer(index: Index, current: int) -> None:
    """Raise `ConfigurationProblem` when the index is of a version that this program does not know."""
    if current > index.version:
        raise ConfigurationProblem(
            f"{index.alias} stands for version {current}, newer than this program's {index.version}:"
            " run the newer program"
        )


async def current_version(client: AsyncElasticsearch, alias: str) -> int | None:
    """The version that the alias stands for, if any."""
    if not await client.indices.exists_alias(name=alias):
        return None
    names = list(await client.indices.get_alias(name=alias))
    versions = [name.removeprefix(f"{alias}-v") for name in names]
    if len(versions) != 1 or not versions[0].isdigit():
        raise ConfigurationProblem(
            f"the alias {alias} stands for {', '.join(sorted(names))}, not for one version"
        )
    return int(versions[0])


async def create(client: AsyncElasticsearch, index: Index, aliases: Mapping[str, Any]) -> None:
    """Make the index, unless it is there."""
    try:
        await client.indices.create(
            index=index.name,
            mappings=index.mappings,
            settings=index.settings,
            aliases=aliases,
            # Searches on an index whose primaries are not there yet would fail.
            wait_for_active_shards=1,
        )
    except BadRequestError as error:
        # Another copy of this process was faster; it has set the alias in the same step.
        if error.error != "resource_already_exists_exception":
            raise
