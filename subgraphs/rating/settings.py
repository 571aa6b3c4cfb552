"""What the rating subgraph reads from the environment."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from kernel.settings import ConfigurationProblem, ServiceSettings
from subgraphs.rating.domain.scorecard import CURRENT, InvalidScorecard, Scorecard, load_scorecard

__all__ = ["RatingSettings", "StoreSettings", "chosen_scorecard"]


class StoreSettings(ServiceSettings):
    """Enough for the commands that only need the store."""

    #: `mongodb://host:27017/rating`; the path names the database. Secret, because it may hold a password.
    rating_mongodb_url: SecretStr

    #: Seconds for one read or write, connecting, retrying and waiting for a free connection included. Below
    #: the gateway's time for a fetch, so that it hears an error and not silence.
    rating_operation_seconds: float = Field(default=2.0, gt=0)
    #: Seconds to find a server and connect to it, once.
    rating_selection_seconds: float = Field(default=1.0, gt=0)
    #: Seconds for counting all customers (`ratingDistribution`), which grows with their number.
    rating_aggregation_seconds: float = Field(default=5.0, gt=0)
    #: Connections of one process. An operation takes a millisecond, so few of them serve many requests.
    rating_pool_size: int = Field(default=20, gt=0)
    #: Who must have a write, in the journal, before it counts: with "majority" no failover can take an
    #: acknowledged event back. Also a number of members from 1 on, or the name of a rule of the replica set.
    rating_write_concern: str = "majority"
    #: Reads see only what can no longer be rolled back, for else a copy could be ahead of its own store.
    rating_read_concern: str = "majority"
    #: Seconds that a secondary may be behind for bulk extraction to read from it; MongoDB allows 90 and more.
    rating_bulk_staleness_seconds: int = Field(default=90, ge=90)

    #: A packaged version, or the path of a .json file.
    rating_scorecard: str = CURRENT

    #: Seconds between stamping a change and its being visible to every reader, at most (see `extraction`).
    rating_settle_seconds: float = Field(default=0.25, ge=0, le=2)
    #: Tries of one read-decide-write (see `swap`). The router sends a customer's events one by one, so more
    #: than two are needed only when something else writes the same customer.
    rating_swap_attempts: int = Field(default=32, gt=0)
    #: Rows that an extraction holds in memory at a time: 500 are 2 MB.
    rating_extract_page: int = Field(default=500, gt=0, le=10_000)

    @field_validator("rating_write_concern")
    @classmethod
    def _is_acknowledged(cls, value: str) -> str:
        """Without an answer the inbox would not know whether it has won."""
        if not value or value.strip("0") == "":
            raise ValueError("writes must be acknowledged: majority, or a number of members from 1 on")
        return value


class RatingSettings(StoreSettings):
    """Everything that `serve` needs."""

    port: int = Field(default=4002, ge=0, le=65535)


def chosen_scorecard(version: str) -> Scorecard:
    """The scorecard that RATING_SCORECARD names; raises ConfigurationProblem."""
    try:
        return load_scorecard(version)
    except InvalidScorecard as invalid:
        raise ConfigurationProblem(f"RATING_SCORECARD: {invalid}") from invalid
