"""Part-of-speech tags of texts, in place of flair's tagger, which has to be downloaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nltk

_UNIVERSAL = "upos-fast"


def offline_flair_tag(original: Callable[..., None]) -> Callable[..., None]:
    """``flair_tag`` that gives NLTK's tags if universal tags are asked for.

    The recipe clare merges words by these tags. NLTK's are those of Petrov et al. 2012, where
    proper nouns are nouns and auxiliaries verbs; flair's tell these apart.
    """

    def flair_tag(sentence: Any, tag_type: str = _UNIVERSAL) -> None:
        if tag_type != _UNIVERSAL:
            original(sentence, tag_type)
            return
        words = [token.text for token in sentence.tokens]
        tagged = nltk.pos_tag(words, tagset="universal")
        for token, (_, tag) in zip(sentence.tokens, tagged, strict=True):
            token.add_label("upos", tag)

    return flair_tag
