"""Cross-site request forgery: a GET that a foreign page can send is refused.

A browser sends such a request without asking only if all its headers are simple. One header that is
not proves that there was a preflight, or no browser at all. (POSTs are safe by their content type.)
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.errors import ClientProblem, ErrorCode, Refusal

__all__ = ["require_preflight"]

#: Headers that a page may not set without a preflight; any one of them will do.
_PREFLIGHTED = (
    "apollo-require-preflight",
    "graphql-require-preflight",
    "x-apollo-operation-name",
    "apollographql-client-name",
    "graphql-client-name",
    "authorization",
    "if-none-match",
    "traceparent",
    "x-request-id",
)
_SIMPLE_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")


def require_preflight(headers: Mapping[str, str]) -> None:
    """Raise `Refusal` (415) for a GET that a foreign page could have sent."""
    if any(headers.get(name) for name in _PREFLIGHTED):
        return
    content_type = headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type and content_type not in _SIMPLE_TYPES:
        return
    message = (
        "This GET could come from a foreign page; send the header apollo-require-preflight: true with it."
    )
    raise Refusal(ClientProblem(ErrorCode.BAD_REQUEST, message), malformed=True, status=415)
