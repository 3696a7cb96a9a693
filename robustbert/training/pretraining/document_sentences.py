"""Split documents into sentences, without trained data."""

from __future__ import annotations

from functools import cache
from typing import Any

#: Abbreviations, without their last period, that do not end a sentence.
_ABBREVIATIONS = (
    *("mr", "mrs", "ms", "dr", "prof", "rev", "gen", "gov", "sen", "rep", "capt", "lt", "sgt"),
    *("col", "st", "jr", "sr", "vs", "e.g", "i.e", "u.s", "u.k", "a.m", "p.m", "co", "corp"),
    *("inc", "ltd", "jan", "feb", "aug", "sept", "oct", "nov", "dec"),
)


def split_sentences(document: str) -> list[str]:
    """Split a document into sentences, of which none is empty.

    By NLTK's Punkt (Kiss and Strunk 2006, "Unsupervised Multilingual Sentence Boundary Detection"),
    which finds initials, ellipses and numbers by rules. Its trained English model is a download, so
    a short list of abbreviations takes its place.

    >>> split_sentences("Mr. Smith went to the U.S. in May. Why? Nobody knew.")
    ['Mr. Smith went to the U.S. in May.', 'Why?', 'Nobody knew.']
    """
    return [sentence for sentence in _punkt().tokenize(document) if sentence.strip()]


@cache
def _punkt() -> Any:
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

    parameters = PunktParameters()
    parameters.abbrev_types = set(_ABBREVIATIONS)
    return PunktSentenceTokenizer(parameters)
