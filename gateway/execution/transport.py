"""The port between the executor and the network: one POST, bytes to bytes.

Chosen by measurement (docs/decisions): the HTTP client is the largest single cost of a federated
request, so it sits behind this protocol and can be exchanged, also for a fake in tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

__all__ = ["AnswerTooLarge", "HttpAnswer", "HttpRequest", "Transport", "TransportFault"]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A POST of a JSON body; `headers` holds everything but length and content type."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    #: Bytes of an answer's body; a longer one is a fault, and is not read to its end.
    max_answer_bytes: int
    #: Whether sending it twice is harmless. Others are only sent on a connection that is surely open.
    idempotent: bool


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A complete answer."""

    status: int
    content_type: str
    body: bytes


class TransportFault(Exception):
    """There was no complete answer; the text is for the log.

    `unsent` says that the server cannot have begun to work on the request, so that even a mutation
    could be sent again.
    """

    def __init__(self, reason: str, *, unsent: bool = False) -> None:
        super().__init__(reason)
        self.unsent = unsent


class AnswerTooLarge(TransportFault):
    """The answer exceeded `max_answer_bytes`."""


class Transport(Protocol):
    """Sends requests. Time limits are the caller's: a cancelled `post` gives its connection up."""

    async def post(self, request: HttpRequest) -> HttpAnswer:
        """Send and wait for the answer; raises `TransportFault`."""

    async def close(self) -> None:
        """Close all connections."""
