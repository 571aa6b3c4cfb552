"""The document cache: each text is parsed, bounded and validated once, refusals included."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from graphql import GraphQLSchema

from gateway.errors import Refusal
from gateway.operation.document import Document, fragments_of, operations_of
from gateway.operation.limits import OperationLimits, enforce_limits
from gateway.operation.parse import parse_document
from gateway.operation.validate import refuse_unsupported, validate_document

__all__ = ["DocumentCache", "read_document"]


def read_document(
    schema: GraphQLSchema, text: str, limits: OperationLimits, *, suggestions: bool
) -> Document:
    """Parse, bound and validate; raises `Refusal`. The bounds come first: they make the rest cheap."""
    node = parse_document(text, max_tokens=limits.max_tokens)
    enforce_limits(node, limits)
    refuse_unsupported(node)
    validate_document(schema, node, max_errors=limits.max_validation_errors, suggestions=suggestions)
    return Document(text, node, operations_of(node), fragments_of(node))


@dataclass(frozen=True, slots=True)
class _Refused:
    refusal: Refusal


class DocumentCache:
    """Documents, and refusals, by text; the least recently used goes when a bound is reached.

    Two bounds: `max_entries`, and `max_characters` of text in all, since one text may be as long as
    a whole request body.
    """

    def __init__(self, *, max_entries: int, max_characters: int) -> None:
        self._max_entries = max_entries
        self._max_characters = max_characters
        self._characters = 0
        self._entries: OrderedDict[str, Document | _Refused] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, text: str) -> Document | None:
        """The document of this text, None when it is unknown; raises the `Refusal` that it met before."""
        entry = self._entries.get(text)
        if entry is None:
            return None
        self._entries.move_to_end(text)
        if isinstance(entry, _Refused):
            # A fresh one: a raised exception collects traceback and context of its request.
            known = entry.refusal
            raise Refusal(*known.problems, malformed=known.malformed, status=known.status)
        return entry

    def add(self, text: str, outcome: Document | Refusal) -> None:
        """Remember what became of a text."""
        entry = outcome if isinstance(outcome, Document) else _Refused(_without_traceback(outcome))
        if text not in self._entries:
            self._characters += len(text)
        self._entries[text] = entry
        while len(self._entries) > self._max_entries or self._characters > self._max_characters:
            evicted, _ = self._entries.popitem(last=False)
            self._characters -= len(evicted)

    def texts(self) -> list[str]:
        """The texts of valid documents, most recently used first."""
        return [text for text, entry in reversed(self._entries.items()) if isinstance(entry, Document)]


def _without_traceback(refusal: Refusal) -> Refusal:
    refusal.__traceback__ = None
    refusal.__cause__ = refusal.__context__ = None
    return refusal
