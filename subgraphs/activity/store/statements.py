"""The embedded store's SQL, all of it. Statements are built from the constants below and nothing else:
values travel as named parameters, so no text of a caller ever becomes part of a statement.
"""

from __future__ import annotations

from typing import Any

import orjson

from subgraphs.activity.domain import HistogramInterval, to_micros
from subgraphs.activity.store.port import Filter, Position
from subgraphs.activity.store.words import words

__all__ = [
    "DELETE_EVENTS",
    "DELETE_WORDS",
    "EXPIRE_EVENTS",
    "EXPIRE_WORDS",
    "INSERT_EVENT",
    "INSERT_TOMBSTONE",
    "INSERT_WORDS",
    "LATEST",
    "MISSING",
    "SCHEMA",
    "SCHEMA_VERSION",
    "SPENDING",
    "TOMBSTONE",
    "conditions",
    "count",
    "counts",
    "feed",
    "histogram",
    "pages",
    "position",
]

SCHEMA_VERSION = 1

#: One statement each; run in one transaction.
SCHEMA = (
    """
    CREATE TABLE event (
        -- Joins the row to its words; never leaves the store.
        sequence    INTEGER PRIMARY KEY,
        id          TEXT NOT NULL UNIQUE,
        customer_id TEXT NOT NULL,
        kind        TEXT NOT NULL CHECK (kind IN ('CARD_PURCHASE', 'BUREAU_QUERY', 'MOVEMENT')),
        -- Microseconds since 1970.
        occurred    INTEGER NOT NULL,
        -- Centavos.
        amount      INTEGER CHECK (amount >= 0),
        merchant    TEXT,
        category    TEXT,
        card_last4  TEXT,
        bureau      TEXT,
        reason      TEXT,
        direction   TEXT CHECK (direction IN ('CREDIT', 'DEBIT')),
        description TEXT
    ) STRICT
    """,
    "CREATE INDEX event_of_customer ON event (customer_id, occurred DESC, id DESC)",
    "CREATE INDEX event_of_customer_and_kind ON event (customer_id, kind, occurred DESC, id DESC)",
    "CREATE INDEX event_by_time ON event (occurred DESC, id DESC)",
    """
    -- One row of words for each event, under the event's sequence.
    CREATE VIRTUAL TABLE event_words USING fts5 (words, tokenize = 'unicode61 remove_diacritics 2')
    """,
    """
    CREATE TABLE tombstone (
        customer_id TEXT PRIMARY KEY,
        event_id    TEXT NOT NULL UNIQUE,
        version     INTEGER NOT NULL,
        occurred    INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)

_COLUMNS = (
    "e.id, e.customer_id, e.kind, e.occurred, e.amount, e.merchant, e.category, e.card_last4, e.bureau,"
    " e.reason, e.direction, e.description"
)
_NEWEST_FIRST = "e.occurred DESC, e.id DESC"

INSERT_EVENT = """
INSERT INTO event (id, customer_id, kind, occurred, amount, merchant, category, card_last4, bureau, reason,
                   direction, description)
VALUES (:id, :customer_id, :kind, :occurred, :amount, :merchant, :category, :card_last4, :bureau, :reason,
        :direction, :description)
ON CONFLICT (id) DO NOTHING
"""
TOMBSTONE = "SELECT event_id, version FROM tombstone WHERE customer_id = :customer_id"
INSERT_TOMBSTONE = """
INSERT INTO tombstone (customer_id, event_id, version, occurred)
VALUES (:customer_id, :event_id, :version, :occurred)
"""
DELETE_WORDS = """
DELETE FROM event_words WHERE rowid IN (SELECT sequence FROM event WHERE customer_id = :customer_id)
"""
DELETE_EVENTS = "DELETE FROM event WHERE customer_id = :customer_id"
# `key` is the position in the list that was asked.
MISSING = """
SELECT asked.value FROM json_each(:ids) AS asked
WHERE NOT EXISTS (SELECT 1 FROM event WHERE id = asked.value)
  AND NOT EXISTS (SELECT 1 FROM tombstone WHERE event_id = asked.value)
ORDER BY asked.key
"""
_EXPIRED = "(SELECT sequence FROM event WHERE occurred < :before ORDER BY occurred, id LIMIT :limit)"
EXPIRE_WORDS = f"DELETE FROM event_words WHERE rowid IN {_EXPIRED}"  # noqa: S608  constants only
EXPIRE_EVENTS = f"DELETE FROM event WHERE sequence IN {_EXPIRED}"  # noqa: S608  constants only
INSERT_WORDS = "INSERT INTO event_words (rowid, words) VALUES (:sequence, :words)"

# For each customer one step into the index: the newest row of the kind.
LATEST = f"""
SELECT {_COLUMNS}
FROM json_each(:customers) AS c
JOIN event AS e ON e.sequence = (
    SELECT e.sequence FROM event AS e
    WHERE e.customer_id = c.value AND e.kind = :kind ORDER BY {_NEWEST_FIRST} LIMIT 1
)
"""  # noqa: S608 - constants only

SPENDING = """
SELECT customer_id, month, total, purchases
FROM (
    SELECT customer_id, month, sum(amount) AS total, count(*) AS purchases,
           row_number() OVER (PARTITION BY customer_id ORDER BY month DESC) AS newest
    FROM (
        SELECT customer_id, amount,
               -- Division truncates towards zero; months before 1970 need the floor.
               strftime('%Y-%m-01', (occurred - 999999 * (occurred < 0)) / 1000000, 'unixepoch') AS month
        FROM event
        WHERE kind = 'CARD_PURCHASE' AND customer_id IN (SELECT value FROM json_each(:customers))
    )
    GROUP BY customer_id, month
)
WHERE newest <= :months
ORDER BY customer_id, month DESC
"""

_SECONDS = "(e.occurred - 999999 * (e.occurred < 0)) / 1000000"
_BUCKET_STARTS: dict[HistogramInterval, str] = {
    HistogramInterval.HOUR: f"strftime('%Y-%m-%dT%H:00:00', {_SECONDS}, 'unixepoch')",
    HistogramInterval.DAY: f"strftime('%Y-%m-%dT00:00:00', {_SECONDS}, 'unixepoch')",
    # To the Sunday on or after the day, then six days back: the Monday of its ISO week.
    HistogramInterval.WEEK: f"strftime('%Y-%m-%dT00:00:00', {_SECONDS}, 'unixepoch', 'weekday 0', '-6 days')",
    HistogramInterval.MONTH: f"strftime('%Y-%m-01T00:00:00', {_SECONDS}, 'unixepoch')",
}


def conditions(events: Filter) -> tuple[str, dict[str, Any]]:
    """The condition on `e` that says what the filter says, beginning with AND, and its parameters."""
    parts: list[str] = []
    values: dict[str, Any] = {}
    if events.kinds is not None:
        parts.append("e.kind IN (SELECT value FROM json_each(:kinds))")
        values["kinds"] = orjson.dumps([kind.value for kind in events.kinds]).decode()
    if events.since is not None:
        parts.append("e.occurred >= :since")
        values["since"] = to_micros(events.since)
    if events.until is not None:
        parts.append("e.occurred < :until")
        values["until"] = to_micros(events.until)
    if events.min_amount is not None:
        parts.append("e.amount >= :min_amount")
        values["min_amount"] = events.min_amount
    if events.max_amount is not None:
        parts.append("e.amount <= :max_amount")
        values["max_amount"] = events.max_amount
    if events.search is not None:
        wanted = words(events.search)
        if wanted:
            parts.append("e.sequence IN (SELECT rowid FROM event_words WHERE event_words MATCH :words)")
            # Quoted, each word is a term and never an operator of FTS5; `words` leaves no quote in it.
            values["words"] = " ".join(f'"{word}"' for word in wanted)
        else:
            parts.append("FALSE")
    return "".join(f" AND {part}" for part in parts), values


def position(after: Position | None) -> tuple[str, dict[str, Any]]:
    """The condition that lets through what comes after the position."""
    if after is None:
        return "", {}
    values = {"after_occurred": after.occurred, "after_id": str(after.event_id)}
    return " AND (e.occurred, e.id) < (:after_occurred, :after_id)", values


def pages(where: str) -> str:
    """For each customer a walk down its index, at most `:limit` rows long."""
    return f"""
    SELECT {_COLUMNS}
    FROM json_each(:customers) AS c
    JOIN event AS e ON e.sequence IN (
        SELECT e.sequence FROM event AS e
        WHERE e.customer_id = c.value{where} ORDER BY {_NEWEST_FIRST} LIMIT :limit
    )
    ORDER BY e.customer_id, {_NEWEST_FIRST}
    """  # noqa: S608 - `where` is made by `conditions` and `position`


def feed(where: str) -> str:
    """At most `:limit` rows over all customers."""
    return f"SELECT {_COLUMNS} FROM event AS e WHERE TRUE{where} ORDER BY {_NEWEST_FIRST} LIMIT :limit"  # noqa: S608


def counts(where: str) -> str:
    """Matching rows of each customer that has any."""
    return (
        "SELECT e.customer_id, count(*) FROM event AS e"  # noqa: S608 - as above
        f" WHERE e.customer_id IN (SELECT value FROM json_each(:customers)){where} GROUP BY e.customer_id"
    )


def count(where: str) -> str:
    """Matching rows of all customers."""
    return f"SELECT count(*) FROM event AS e WHERE TRUE{where}"  # noqa: S608 - as above


def histogram(interval: HistogramInterval, where: str) -> str:
    """Rows by the start of their bucket and their kind."""
    return (
        f"SELECT {_BUCKET_STARTS[interval]}, e.kind, count(*), coalesce(sum(e.amount), 0)"  # noqa: S608
        f" FROM event AS e WHERE TRUE{where} GROUP BY 1, 2"
    )
