"""Months on the calendar."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

__all__ = ["months_later"]


def months_later(day: date, months: int) -> date:
    """The same day of the month `months` later (earlier when negative), or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
