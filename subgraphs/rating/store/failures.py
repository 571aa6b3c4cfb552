"""PyMongo's exceptions, translated once: a store that does not answer is not the caller's fault, nor ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import (
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
    WTimeoutError,
)

from kernel import telemetry
from subgraphs.edge.errors import TemporarilyUnavailable

__all__ = ["StoreUnavailable", "translated"]

_PASSING = (
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    WriteConcernError,
    WTimeoutError,
)

#: Unauthorized and AuthenticationFailed, by MongoDB's error codes.
_UNAUTHORISED = (13, 18)


class StoreUnavailable(TemporarilyUnavailable):
    """The database did not answer in time or cannot take writes; whether a write happened is not known."""


@contextmanager
def translated(operation: str) -> Iterator[None]:
    """Raise StoreUnavailable for what may pass; other exceptions of the driver go on as they are."""
    try:
        yield
    except PyMongoError as error:
        if isinstance(error, _PASSING) or error.timeout or _is_refusal(error):
            telemetry.get_logger().warning(
                "rating.store_unavailable", operation=operation, error_type=type(error).__name__
            )
            raise StoreUnavailable from error
        raise


def _is_refusal(error: PyMongoError) -> bool:
    """The server does not know us (yet): passwords are changed on both sides one after the other."""
    return isinstance(error, OperationFailure) and error.code in _UNAUTHORISED
