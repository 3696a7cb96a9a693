"""Checks of a classifier's input texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from robustbert.errors import InputError

_SURROGATE = re.compile("[\ud800-\udfff]")


def check_texts(texts: Sequence[str]) -> None:
    r"""Reject texts that cannot be classified; any other valid Unicode text is accepted.

    >>> check_texts(["fine", "NUL \0 and emoji too"])
    >>> check_texts(["fine", "  "])
    Traceback (most recent call last):
    robustbert.errors.InputError: text 2 of 2 is empty; give at least one word

    Raises:
        InputError: ``texts`` is a single string, or a text is not a string, is blank, or contains
            a lone surrogate.
    """
    if isinstance(texts, str):
        raise InputError("expected a list of texts, got one string; put it in a list")
    if not isinstance(texts, Iterable):
        raise InputError(f"expected a list of texts, got {texts!r:.80}; give a list of strings")
    for position, text in enumerate(texts, start=1):
        where = f"text {position} of {len(texts)}"
        if not isinstance(text, str):
            raise InputError(f"{where} is a {type(text).__name__}, not a string; convert it first")
        if not text.strip():
            raise InputError(f"{where} is empty; give at least one word")
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            raise InputError(f"{where} is not valid Unicode (a lone surrogate); decode it as UTF-8")


def replace_surrogates(text: str) -> str:
    r"""Replace each lone surrogate, which tokenizers reject, by U+FFFD.

    >>> replace_surrogates("caf\udce9") == "caf\ufffd"
    True
    """
    return _SURROGATE.sub("\ufffd", text)
