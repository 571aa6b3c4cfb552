"""Registered documents stay within their bounds; manifests are read strictly."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from gateway.errors import Refusal
from gateway.web.persisted import DocumentStore, ManifestProblem, read_manifest
from gateway.web.request import GraphQLRequest


def _request(text: str, *, with_text: bool) -> GraphQLRequest:
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}
    return GraphQLRequest(query=text if with_text else None, extensions=extensions)


def test_the_least_recently_used_document_goes_first() -> None:
    """Bounded by number: what was used stays."""
    store = DocumentStore({}, max_entries=2)
    for text in ("{a}", "{b}"):
        store.resolve(_request(text, with_text=True))
    store.resolve(_request("{a}", with_text=False))
    store.resolve(_request("{c}", with_text=True))
    assert store.resolve(_request("{a}", with_text=False)) == "{a}"
    with pytest.raises(Refusal):
        store.resolve(_request("{b}", with_text=False))


def test_registered_texts_are_bounded_in_all() -> None:
    """Bounded by characters: a few large documents cannot take the memory of many."""
    store = DocumentStore({}, max_characters=10)
    store.resolve(_request("{aaaa}", with_text=True))
    store.resolve(_request("{bbbb}", with_text=True))
    with pytest.raises(Refusal):
        store.resolve(_request("{aaaa}", with_text=False))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": "{x}"}', {"a": "{x}"}),
        ('{"operations": [{"id": "sha256:ab", "body": "{x}", "name": "X"}]}', {"ab": "{x}"}),
    ],
)
def test_both_manifest_formats_are_read(tmp_path: Path, text: str, expected: dict[str, str]) -> None:
    """A plain object, and the list that client tools write."""
    path = tmp_path / "manifest.json"
    path.write_text(text)
    assert read_manifest(path) == expected


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"operations": [{"id": "a"}]}'])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    """With the file's name in the reason."""
    path = tmp_path / "manifest.json"
    path.write_text(text)
    with pytest.raises(ManifestProblem, match="manifest.json"):
        read_manifest(path)
