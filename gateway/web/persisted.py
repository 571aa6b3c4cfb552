"""Documents by hash or id: automatic persisted queries, and trusted documents from a manifest."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import orjson

from gateway.errors import ClientProblem, ErrorCode, Refusal
from gateway.web.body import malformed
from gateway.web.request import GraphQLRequest

__all__ = ["DocumentStore", "ManifestProblem", "read_manifest"]


class ManifestProblem(Exception):
    """A manifest of trusted documents cannot be used; the text says why."""


class DocumentStore:
    """Finds a request's document: its own text, one registered by hash, or a trusted one.

    `max_entries` and `max_characters` bound what clients register; the least recently used goes first.
    With `only_trusted` nothing is executed but the manifest's documents, by id or by equal text.
    """

    def __init__(
        self,
        trusted: Mapping[str, str],
        *,
        only_trusted: bool = False,
        max_entries: int = 1_000,
        max_characters: int = 4_000_000,
    ) -> None:
        self._trusted = dict(trusted)
        self._trusted_texts = frozenset(trusted.values())
        self._only_trusted = only_trusted
        self._max_entries = max_entries
        self._max_characters = max_characters
        self._characters = 0
        self._registered: OrderedDict[str, str] = OrderedDict()

    def resolve(self, request: GraphQLRequest) -> str:
        """The document's text; raises `Refusal`."""
        persisted = request.extensions.get("persistedQuery")
        if request.document_id is not None:
            return self._trusted_text(request.document_id, request.query)
        text = request.query
        if persisted is not None:
            text = self._persisted(persisted, text)
        if not text:
            raise malformed('The request has no document: the parameter "query" is missing or empty.')
        if self._only_trusted and text not in self._trusted_texts:
            message = "Only documents of the manifest are executed."
            raise _refused(ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED, message)
        return text

    def _trusted_text(self, document_id: str, query: str | None) -> str:
        text = self._trusted.get(document_id.removeprefix("sha256:"), self._trusted.get(document_id))
        if text is None:
            raise _refused(ErrorCode.PERSISTED_QUERY_NOT_FOUND, "There is no document with this id.")
        if query and query != text:
            raise malformed("Send a document or its id, not both.")
        return text

    def _persisted(self, persisted: object, text: str | None) -> str:
        """Automatic persisted queries: a hash alone asks for a text, with it the text is registered."""
        if not isinstance(persisted, dict) or persisted.get("version") != 1:
            raise _refused(ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED, "Only version 1 is supported.")
        digest = persisted.get("sha256Hash")
        if not isinstance(digest, str):
            raise malformed('"persistedQuery" has no "sha256Hash".')
        digest = digest.lower()
        if not text:
            found = self._trusted.get(digest) or self._registered.get(digest)
            if found is None:
                raise _refused(ErrorCode.PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
            if digest in self._registered:
                self._registered.move_to_end(digest)
            return found
        # "replace": a lone surrogate has no bytes to hash, and then no hash fits.
        if sha256(text.encode("utf-8", "replace")).hexdigest() != digest:
            message = "The document does not have the hash that was sent."
            raise Refusal(ClientProblem(ErrorCode.PERSISTED_QUERY_HASH_MISMATCH, message), malformed=True)
        if not self._only_trusted:
            self._register(digest, text)
        return text

    def _register(self, digest: str, text: str) -> None:
        if digest not in self._registered:
            self._characters += len(text)
        self._registered[digest] = text
        self._registered.move_to_end(digest)
        while len(self._registered) > self._max_entries or self._characters > self._max_characters:
            _, evicted = self._registered.popitem(last=False)
            self._characters -= len(evicted)


def _refused(code: ErrorCode, message: str) -> Refusal:
    return Refusal(ClientProblem(code, message))


def read_manifest(path: Path) -> dict[str, str]:
    """Read trusted documents: a JSON object id → text, or Apollo's manifest (`operations` with `id`, `body`).

    Raises `ManifestProblem`.
    """
    try:
        manifest = orjson.loads(path.read_bytes())
    except OSError as error:
        raise ManifestProblem(f"{path}: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise ManifestProblem(f"{path}: not valid JSON ({error})") from error
    if isinstance(manifest, dict) and isinstance(manifest.get("operations"), list):
        pairs = [
            (entry.get("id"), entry.get("body"))
            for entry in manifest["operations"]
            if isinstance(entry, dict)
        ]
    elif isinstance(manifest, dict):
        pairs = list(manifest.items())
    else:
        raise ManifestProblem(f"{path}: not a JSON object")
    trusted: dict[str, str] = {}
    for name, text in pairs:
        if not isinstance(name, str) or not isinstance(text, str):
            raise ManifestProblem(f"{path}: every document needs an id and a text")
        trusted[name.removeprefix("sha256:")] = text
    return trusted
