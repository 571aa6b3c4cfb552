"""The ratings in MongoDB, by Beanie. Every call is one short operation with a deadline.

Writes are compare-and-swap on `revision`, so that no lock is held, any number of processes may write, and a
write that the driver repeats after a lost answer has no second effect. Reads are the primary's but for
`lagging_changes`: whoever decides by what it reads, or answers a client, must not be behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pymongo
from beanie import init_beanie
from beanie.odm.utils.projection import get_projection
from beanie.operators import In
from pymongo import AsyncMongoClient, ReadPreference, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError, InvalidURI
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import SecondaryPreferred

from kernel.settings import ConfigurationProblem
from subgraphs.rating.domain.features import Features
from subgraphs.rating.domain.record import Rating, Record
from subgraphs.rating.domain.scorecard import Band
from subgraphs.rating.settings import StoreSettings
from subgraphs.rating.store import documents, indexes, mapping
from subgraphs.rating.store.failures import StoreUnavailable, translated

__all__ = ["AppliedVersion", "BandTotal", "RatingStore", "Row"]

_DEFAULT_DATABASE = "rating"


@dataclass(frozen=True, slots=True)
class Row:
    """One customer for machine learning; `change` is its place in the order of changes."""

    customer_id: UUID
    features: Features
    score: int
    band: Band
    default_probability: float
    model_version: str
    source_version: int
    updated_at: datetime
    change: str


@dataclass(frozen=True, slots=True)
class BandTotal:
    """Customers of one band."""

    band: Band
    count: int
    average_score: float


@dataclass(frozen=True, slots=True)
class AppliedVersion:
    """How far one customer is."""

    customer_id: UUID
    version: int
    erased: bool


class RatingStore:
    """One connection pool. Methods raise StoreUnavailable when the database does not answer in time.

    Beanie binds its documents to one database for the whole process, so one process has one store at a time.
    """

    def __init__(self, settings: StoreSettings) -> None:
        """Does not connect. Raises ConfigurationProblem when the URL is none."""
        self._aggregation_seconds = settings.rating_aggregation_seconds
        self._selection_seconds = settings.rating_selection_seconds
        try:
            self._client = _client(settings)
        except (InvalidURI, ValueError) as error:
            # The driver's text may quote the URL, and with it a password.
            raise ConfigurationProblem(
                "RATING_MONGODB_URL is not a MongoDB URL such as mongodb://host:27017/rating"
            ) from error
        self._database = self._client.get_default_database(_DEFAULT_DATABASE).with_options(
            write_concern=WriteConcern(w=_write_concern(settings.rating_write_concern), j=True),
            read_concern=ReadConcern(settings.rating_read_concern),
            read_preference=ReadPreference.PRIMARY,
        )
        self._bulk_preference = SecondaryPreferred(max_staleness=settings.rating_bulk_staleness_seconds)
        self._opening = asyncio.Lock()
        self._open = False

    async def open(self) -> None:
        """Bind the documents to the database; does nothing when that is done."""
        async with self._opening:
            if not self._open:
                with translated("open"):
                    await init_beanie(
                        self._database, document_models=[documents.RatingDocument], skip_indexes=True
                    )
                self._open = True

    async def close(self) -> None:
        """Give all connections back."""
        await self._client.close()

    async def check(self) -> Mapping[str, bool]:
        """Whether the database answers, and whether its indexes are there."""
        try:
            with pymongo.timeout(self._selection_seconds):
                missing = await self.missing_indexes()
        except StoreUnavailable:
            return {"mongodb": False}
        return {"mongodb": True, "indexes": not missing}

    async def create_indexes(self) -> None:
        """Make the indexes that are not there."""
        with translated("create_indexes"):
            await indexes.create_indexes(self._collection)

    async def missing_indexes(self) -> list[str]:
        """The fields that lack their index."""
        with translated("missing_indexes"):
            return await indexes.missing_indexes(self._collection)

    async def record(self, customer_id: UUID) -> Record | None:
        """Everything that is kept of a customer; None when nothing ever was."""
        await self.open()
        with translated("record"):
            document = await documents.RatingDocument.get(str(customer_id))
        return None if document is None else mapping.record_from(document)

    async def records_of(self, customer_ids: Iterable[UUID]) -> dict[UUID, Record]:
        """The same for several customers, in one read; those of whom nothing was kept are left out."""
        await self.open()
        with translated("records_of"):
            found = await documents.RatingDocument.find(
                In(documents.RatingDocument.id, [str(customer_id) for customer_id in customer_ids])
            ).to_list()
        return {UUID(document.id): mapping.record_from(document) for document in found}

    async def records(self, after: UUID | None, until: UUID) -> list[Record]:
        """Customers that are not erased, by id: those after `after`, up to and with `until`."""
        await self.open()
        ids = {"$lte": str(until)} if after is None else {"$gt": str(after), "$lte": str(until)}
        with translated("records"):
            query = documents.RatingDocument.find({"erased": False, "_id": ids})
            found = await query.sort("_id").to_list()
        return [mapping.record_from(document) for document in found]

    async def ids(self, after: UUID | None, limit: int) -> list[UUID]:
        """Ids of all customers in their order, erased ones too: those after `after`."""
        query: dict[str, Any] = {} if after is None else {"_id": {"$gt": str(after)}}
        with translated("ids"):
            found = self._collection.find(query, {"_id": 1}).sort("_id").limit(limit)
            return [UUID(document["_id"]) async for document in found]

    async def save(self, record: Record, *, expected: Record | None) -> bool:
        """Write `record` in place of `expected` (None: as a new one); False when somebody else was faster."""
        await self.open()
        document = mapping.document_of(record)
        if expected is None:
            with translated("insert"):
                try:
                    await document.insert()
                except DuplicateKeyError:
                    return False
            return True
        document.revision = expected.revision + 1
        collection = self._collection
        condition = {"_id": document.id, "revision": expected.revision}
        with translated("replace"):
            # All its fields are what BSON knows, so Beanie's own encoder, far slower, has nothing to do.
            result = await collection.replace_one(condition, document.model_dump(by_alias=True))
        return result.modified_count == 1

    async def rows(self, customer_ids: Iterable[UUID]) -> dict[UUID, Row]:
        """Features of those that are known and not erased; one read for all."""
        rows = [_row(view) for view in await self._by_id(documents.RowView, customer_ids)]
        return {row.customer_id: row for row in rows if row is not None}

    async def ratings(self, customer_ids: Iterable[UUID]) -> dict[UUID, Rating]:
        """Present ratings of those that are known and not erased; one read for all."""
        views = await self._by_id(documents.RatingView, customer_ids)
        return {UUID(view.id): mapping.rating_from(view.rating) for view in views if view.rating is not None}

    async def histories(self, customer_ids: Iterable[UUID]) -> dict[UUID, tuple[Rating, ...]]:
        """All ratings kept, newest version first; one read for all customers."""
        views = await self._by_id(documents.HistoryView, customer_ids)
        return {UUID(view.id): mapping.history_from(view.rating, view.history) for view in views}

    async def applied_versions(self, customer_ids: Iterable[UUID]) -> dict[UUID, AppliedVersion]:
        """How far each of the customers is; those of whom nothing arrived are left out."""
        views = await self._by_id(documents.VersionView, customer_ids)
        return {UUID(view.id): AppliedVersion(UUID(view.id), view.version, view.erased) for view in views}

    async def changes(self, after: str, until: str, limit: int) -> list[Row]:
        """Rows by their change, those after `after` and before `until`, oldest first."""
        await self.open()
        query = {"change": {"$gt": after, "$lt": until}}
        with translated("changes"):
            views = (
                await documents.RatingDocument.find(query)
                .sort("change")
                .limit(limit)
                .project(documents.RowView)
                .to_list()
            )
        return [row for row in map(_row, views) if row is not None]

    async def lagging_changes(self, after: str, until: str, limit: int) -> list[Row]:
        """As `changes`, by a secondary when there is one: RATING_BULK_STALENESS_SECONDS behind at most."""
        collection = self._collection.with_options(read_preference=self._bulk_preference)
        with translated("lagging_changes"):
            found = collection.find(
                {"change": {"$gt": after, "$lt": until}}, get_projection(documents.RowView)
            )
            views = [
                documents.RowView.model_validate(each) async for each in found.sort("change").limit(limit)
            ]
        return [row for row in map(_row, views) if row is not None]

    async def band_totals(self) -> list[BandTotal]:
        """Customers by band, best band first; bands without customers are left out."""
        pipeline: Sequence[dict[str, Any]] = [
            {"$match": {"erased": False}},
            {"$group": {"_id": "$rating.band", "count": {"$sum": 1}, "average": {"$avg": "$rating.score"}}},
        ]
        with translated("band_totals"), pymongo.timeout(self._aggregation_seconds):
            groups = [group async for group in await self._collection.aggregate(pipeline)]
        totals = [BandTotal(Band(group["_id"]), group["count"], float(group["average"])) for group in groups]
        # Five rows are sorted here: the embedded server ignores $sort after $group.
        return sorted(totals, key=lambda total: total.band)

    async def count(self, after: str = "") -> int:
        """How many rows come after a change."""
        # The command rather than `count_documents`: that one aggregates, which the embedded server does row
        # by row, a thousand times slower.
        query = {"change": {"$gt": after}}
        with translated("count"), pymongo.timeout(self._aggregation_seconds):
            answer = await self._database.command(
                "count", documents.RatingDocument.Settings.name, query=query
            )
        return int(answer["n"])

    async def _by_id(self, view: type[documents.V], customer_ids: Iterable[UUID]) -> list[documents.V]:
        await self.open()
        ids = [str(customer_id) for customer_id in customer_ids]
        with translated("by_id"):
            return (
                await documents.RatingDocument.find(In(documents.RatingDocument.id, ids))
                .project(view)
                .to_list()
            )

    @property
    def _collection(self) -> AsyncCollection[dict[str, Any]]:
        return self._database[documents.RatingDocument.Settings.name]


def _row(view: documents.RowView) -> Row | None:
    if view.features is None or view.change is None:
        return None  # a tombstone
    features = view.features
    return Row(
        customer_id=UUID(view.id),
        features=mapping.features_from(features),
        score=features.score,
        band=Band(features.band),
        default_probability=features.default_probability,
        model_version=features.model_version,
        source_version=features.source_version,
        updated_at=view.updated_at,
        change=view.change,
    )


def _client(settings: StoreSettings) -> AsyncMongoClient[dict[str, Any]]:
    """A pool that is not connected yet; raises InvalidURI or ValueError for what is no URL of MongoDB."""
    url = settings.rating_mongodb_url.get_secret_value()
    if not url.startswith(("mongodb://", "mongodb+srv://")):
        raise ValueError("no scheme of MongoDB's")  # the driver would take it for the name of a host
    return AsyncMongoClient(
        url,
        tz_aware=True,
        appname="customer-graph-rating",
        timeoutMS=_milliseconds(settings.rating_operation_seconds),
        serverSelectionTimeoutMS=_milliseconds(settings.rating_selection_seconds),
        connectTimeoutMS=_milliseconds(settings.rating_selection_seconds),
        maxPoolSize=settings.rating_pool_size,
    )


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)


def _write_concern(text: str) -> int | str:
    return int(text) if text.isdigit() else text
