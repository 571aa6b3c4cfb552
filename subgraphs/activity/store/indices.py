"""The indices of the Elasticsearch store: versioned, each behind an alias, and strict.

Readers and writers know the alias alone. A change of mapping is a new version: `migrate` fills it from the
old index and turns the alias in one step; the old index stays until somebody deletes it.
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
    "REINDEX_SECONDS",
    "TOMBSTONES_VERSION",
    "Index",
    "events_index",
    "migrate",
    "tombstones_index",
]

EVENTS_VERSION = 1
TOMBSTONES_VERSION = 1

#: A customer's events lie on one shard, so this bounds how far one index spreads. Three fill three nodes.
_SHARDS = 3
#: How long a write waits at most until searches see it (`refresh=wait_for`).
_REFRESH_INTERVAL = "250ms"
#: Seconds for copying an index into its next version.
REINDEX_SECONDS = 3_600

_KEYWORD = {"type": "keyword"}
#: Kept for the answer, not searchable by itself.
_STORED = {"type": "keyword", "index": False, "doc_values": False}
_SEARCHED_TEXT = {"type": "text", "index": False, "copy_to": "words"}

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
        return {
            "number_of_shards": self.shards,
            "auto_expand_replicas": "0-1",
            "refresh_interval": _REFRESH_INTERVAL,
            "analysis": dict(self.analysis),
        }


def events_index(prefix: str) -> Index:
    """Events, routed by customer."""
    return Index(f"{prefix}-events", EVENTS_VERSION, _EVENT_PROPERTIES, ANALYSIS, routed=True, shards=_SHARDS)


def tombstones_index(prefix: str) -> Index:
    """Erased customers, by customer id."""
    return Index(
        f"{prefix}-tombstones", TOMBSTONES_VERSION, _TOMBSTONE_PROPERTIES, {}, routed=False, shards=1
    )


async def migrate(client: AsyncElasticsearch, index: Index) -> str:
    """Let the alias stand for this version of the index; answers what was done.

    The router must rest while an older version is copied: what is erased meanwhile would come back.
    Raises `ConfigurationProblem` when the alias stands for a newer version.
    """
    current = await _current_version(client, index.alias)
    if current is None:
        await _create(client, index, {index.alias: {"is_write_index": True}})
        return f"created {index.name}"
    if current == index.version:
        return f"{index.name} was there already"
    if current > index.version:
        raise ConfigurationProblem(
            f"{index.alias} stands for version {current}, newer than this program's {index.version}:"
            " run the newer program"
        )
    old = f"{index.alias}-v{current}"
    await _create(client, index, {})
    copied = await client.options(request_timeout=REINDEX_SECONDS).reindex(
        source={"index": old},
        dest={"index": index.name, "op_type": "create"},
        conflicts="proceed",  # a second attempt finds part of the work done
        refresh=True,
        wait_for_completion=True,
    )
    if copied["failures"]:
        raise ConfigurationProblem(
            f"{old} could not be copied into {index.name}; the alias still stands for {old}"
        )
    await client.indices.update_aliases(
        actions=[
            {"remove": {"index": old, "alias": index.alias}},
            {"add": {"index": index.name, "alias": index.alias, "is_write_index": True}},
        ]
    )
    return f"copied {copied['created']} documents from {old} to {index.name}"


async def _current_version(client: AsyncElasticsearch, alias: str) -> int | None:
    if not await client.indices.exists_alias(name=alias):
        return None
    names = list(await client.indices.get_alias(name=alias))
    versions = [name.removeprefix(f"{alias}-v") for name in names]
    if len(versions) != 1 or not versions[0].isdigit():
        raise ConfigurationProblem(
            f"the alias {alias} stands for {', '.join(sorted(names))}, not for one version"
        )
    return int(versions[0])


async def _create(client: AsyncElasticsearch, index: Index, aliases: Mapping[str, Any]) -> None:
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
