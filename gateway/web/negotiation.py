"""Media types: what the client sends and what it accepts (GraphQL over HTTP, sections 4 and 6)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from gateway.errors import ClientProblem, ErrorCode, Refusal

__all__ = ["GRAPHQL_RESPONSE", "JSON", "answer_type", "check_content_type", "prefers_html"]

GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
JSON: Final = "application/json"


@lru_cache(maxsize=256)
def answer_type(accept: str) -> str | None:
    """The media type to answer with; None when the client accepts neither of the two.

    Without a preference it is `application/json`, as the specification asks for the sake of old clients.
    """
    if not accept.strip():
        return JSON
    ranges = _ranges(accept)
    # Of equal weights the type that is named wins, then the one that is named first, then the older one.
    best = max((JSON, GRAPHQL_RESPONSE), key=lambda media: (*_rank(ranges, media), -_position(ranges, media)))
    return best if _rank(ranges, best)[0] > 0 else None


def _ranges(accept: str) -> dict[str, float]:
    """Media ranges with their weights, in the header's order."""
    ranges: dict[str, float] = {}
    for part in accept.split(",")[:50]:
        media, *parameters = part.split(";")
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "q":
                weight = _weight(value.strip())
        ranges.setdefault(media.strip().lower(), weight)
    return ranges


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0


def _rank(ranges: dict[str, float], media: str) -> tuple[float, int]:
    """The weight of the most specific range that matches, and how specific that is."""
    for specificity, name in ((2, media), (1, "application/*"), (0, "*/*")):
        if name in ranges:
            return ranges[name], specificity
    return 0.0, -1


def _position(ranges: dict[str, float], media: str) -> int:
    order = list(ranges)
    return order.index(media) if media in ranges else len(order)


@lru_cache(maxsize=256)
def prefers_html(accept: str) -> bool:
    """Whether a browser asks for a page: it names text/html, and no JSON above it."""
    ranges = _ranges(accept)
    html = ranges.get("text/html", 0.0)
    return html > 0 and html >= max(ranges.get(JSON, 0.0), ranges.get(GRAPHQL_RESPONSE, 0.0))


@lru_cache(maxsize=256)
def check_content_type(content_type: str) -> None:
    """Raise `Refusal` (415) unless a body is JSON in UTF-8.

    Forms and plain text are what a foreign page may send without asking, so they are never read.
    """
    media, *parameters = content_type.lower().split(";")
    if media.strip() not in (JSON, GRAPHQL_RESPONSE):
        raise _unsupported("Send the request as application/json.")
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name == "charset" and value.strip('"') not in ("utf-8", "utf8"):
            raise _unsupported("Send the request in UTF-8.")


def _unsupported(message: str) -> Refusal:
    return Refusal(ClientProblem(ErrorCode.BAD_REQUEST, message), malformed=True, status=415)
