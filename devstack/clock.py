"""The calendar day of the demo's customers."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

__all__ = ["today"]

#: Brasília time; Brazil has had no summer time since 2019.
_BRASILIA = timezone(timedelta(hours=-3))


def today() -> date:
    """Today in Brasília, never later than today in UTC: no debt is contracted tomorrow."""
    return datetime.now(_BRASILIA).date()
