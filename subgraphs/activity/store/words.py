"""How Brazilian texts become the words that are indexed and looked up: one definition for both stores.

Split at everything that is no letter or digit, lower case, fold accents, drop stop words, reduce plurals.
The embedded store runs `words`; Elasticsearch gets the same steps as `ANALYSIS`. Accents are folded before
plurals are reduced, so that "promocoes", typed without accents, finds "Promoções" and "promoção" alike;
Lucene's own Portuguese stemmers need the accents.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

__all__ = ["ANALYSER", "ANALYSIS", "words"]

#: Name of the analyser in `ANALYSIS`.
ANALYSER = "brazilian_texts"

# Articles, prepositions, conjunctions and pronouns, without accents.
_STOP_WORD_LINES = """
a ao aos aquela aquele as ate com como da das de dela dele do dos e ela ele em entre era essa esse
esta este eu foi ha isso isto ja lhe mais mas me mesmo meu minha na nas nem no nos nossa nosso num
numa nao o os ou para pela pelas pelo pelos por quando que quem se sem ser seu seus sua suas sao so
tambem te tem um uma voce
"""
_STOP_WORDS = frozenset(_STOP_WORD_LINES.split())

# Applied one after the other. Both the text and the search pass through them, so what counts is that singular
# and plural meet, not that the result is a word: "torre" and "torres" meet at "torr".
_PLURALS: tuple[tuple[str, str], ...] = (
    (r"^paes$", "pao"),  # every bakery, and too short for the rule below, which must spare maes
    (r"(?<=..)[oa]es$", "ao"),  # promocoes, capitaes
    (r"(?<=..)([ao])is$", r"\1l"),  # jornais, anzois
    (r"(?<=..)eis$", "el"),  # papeis
    (r"(?<=..)ns$", "m"),  # viagens
    (r"(?<=..)([rz])es?$", r"\1"),  # celulares, vezes, torre
    (r"(?<=..)([^s])s$", r"\1"),  # compras; not the Swiss "ss" of names
)
_COMPILED = tuple((re.compile(pattern), replacement) for pattern, replacement in _PLURALS)
_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """The words to index or to look up, in order, repetitions kept."""
    folded = "".join(
        character
        for character in unicodedata.normalize("NFKD", text.lower())
        if not unicodedata.combining(character)
    )
    return [_singular(word) for word in _WORD.findall(folded) if word not in _STOP_WORDS]


def _singular(word: str) -> str:
    for pattern, replacement in _COMPILED:
        word = pattern.sub(replacement, word)
    return word


def _plural_filters() -> dict[str, dict[str, str]]:
    return {
        f"plural_{number}": {
            "type": "pattern_replace",
            "pattern": pattern,
            "replacement": replacement.replace("\\1", "$1"),
        }
        for number, (pattern, replacement) in enumerate(_PLURALS, start=1)
    }


#: `settings.analysis` of an Elasticsearch index.
ANALYSIS: dict[str, Any] = {
    "tokenizer": {"letters_and_digits": {"type": "pattern", "pattern": r"[^\p{L}\p{N}]+"}},
    "filter": {
        "stop_words": {"type": "stop", "stopwords": sorted(_STOP_WORDS)},
        **_plural_filters(),
    },
    "analyzer": {
        ANALYSER: {
            "type": "custom",
            "tokenizer": "letters_and_digits",
            "filter": ["lowercase", "asciifolding", "stop_words", *_plural_filters()],
        }
    },
}
