"""Part-of-speech tags of texts; offline, in place of flair's tagger, which has to be downloaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nltk

from robustbert.assets.profiles import is_canonical
from robustbert.attacks.textattack.original_models import original_flair_tag

_UNIVERSAL = "upos-fast"


def flair_tag(original: Callable[..., None]) -> Callable[..., None]:
    """``flair_tag`` with the taggers of the assets.

    Offline, NLTK's tags are given if universal tags are asked for. The recipe clare merges words by
    these tags. NLTK's are those of Petrov et al. 2012, where proper nouns are nouns and auxiliaries
    verbs; flair's tell these apart.
    """
    canonical = original_flair_tag(original)

    def tag(sentence: Any, tag_type: str = _UNIVERSAL) -> None:
        if is_canonical():
            canonical(sentence, tag_type)
            return
        if tag_type != _UNIVERSAL:
            original(sentence, tag_type)
            return
        words = [token.text for token in sentence.tokens]
        tagged = nltk.pos_tag(words, tagset="universal")
        for token, (_, found) in zip(sentence.tokens, tagged, strict=True):
            token.add_label("upos", found)

    return tag
