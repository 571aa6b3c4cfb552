"""Cursors and page sizes."""

from __future__ import annotations

import base64
import contextlib
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.edge.cursor import CursorValue, decode, encode, page_size
from subgraphs.edge.errors import BadUserInput

VALUES = st.lists(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=50), max_size=4)


@given(VALUES)
def test_a_cursor_gives_back_its_values(values: list[CursorValue]) -> None:
    """For the connection that it was made for."""
    assert decode("feed", encode("feed", values)) == values


def test_a_cursor_is_safe_in_a_url() -> None:
    """No padding, no plus, no slash."""
    assert encode("feed", ["ÿþ?>~" * 9, 1]).replace("-", "").replace("_", "").isalnum()


def test_a_cursor_of_another_connection_is_bad_input() -> None:
    """Also when its values would fit."""
    with pytest.raises(BadUserInput, match="not a cursor of this connection"):
        decode(f"activity:{uuid.UUID(int=2)}", encode(f"activity:{uuid.UUID(int=1)}", [1, "x"]))


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        " ",
        "garbage",
        "====",
        "é",
        "\x00",
        "W10",
        "bnVsbA",
        "eyIkbmUiOjF9",
        "WyJmZWVkIiwge31d",
        "WyJmZWVkIiwgWzFdXQ",
        "A" * 2000,
        base64.b64encode(b"\xff\xfe").decode(),
        encode("feed", [1]) + "\n",
        encode("feed", [1])[:-3],
    ],
)
def test_garbage_is_bad_input(cursor: str) -> None:
    """Whatever it decodes to: nothing, another JSON type, nested values."""
    with pytest.raises(BadUserInput):
        decode("feed", cursor)


@given(st.text(max_size=200))
def test_no_text_breaks_the_decoder(text: str) -> None:
    """It is decoded or refused, and nothing else is raised."""
    with contextlib.suppress(BadUserInput):
        decode("feed", text)


@pytest.mark.parametrize(("first", "size"), [(None, 20), (0, 0), (1, 1), (100, 100)])
def test_a_page_has_the_size_asked_for(first: int | None, size: int) -> None:
    """The default when nothing is asked."""
    assert page_size(first, 100) == size


@pytest.mark.parametrize("first", [-1, 101, 10**9])
def test_a_page_size_out_of_bounds_is_bad_input(first: int) -> None:
    """Never cut in silence: a client would take the page for the whole."""
    with pytest.raises(BadUserInput, match="from 0 to 100"):
        page_size(first, 100)
