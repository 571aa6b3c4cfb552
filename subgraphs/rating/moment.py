"""Moments on the command line."""

from __future__ import annotations

from datetime import UTC, datetime

import click

__all__ = ["moment_option"]

_DAY_LENGTH = len("2026-11-24")


def moment_option(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime | None:
    """The callback of an option whose value is a time with offset, or a day, which begins at midnight UTC.

    Raises a usage error for other text.
    """
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is neither a day such as 2026-11-24 nor a time such as 2026-11-24T10:00:00Z"
        ) from None
    if moment.tzinfo is not None:
        return moment
    if len(value) > _DAY_LENGTH:
        raise click.BadParameter(f"{value!r} has no offset; write 2026-11-24T10:00:00-03:00 or …Z")
    return moment.replace(tzinfo=UTC)
