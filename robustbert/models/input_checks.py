"""Checks of a classifier's input texts and label names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from robustbert.errors import InputError, ModelError

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


def label_order(
    model: str, own: Sequence[str], requested: Sequence[str], *, named: bool
) -> list[int]:
    """The index of the model's output for each requested label.

    >>> label_order("m", ["neg", "pos"], ["pos", "neg"], named=True)
    [1, 0]

    Args:
        model: the model's name, for the message.
        own: the model's label names, one per output.
        requested: the dataset's label names.
        named: False if the model's label names are placeholders, which match any names.

    Raises:
        ModelError: the two sets of labels differ, or the model has duplicate labels.
    """
    if named and len(set(own)) < len(own):
        raise ModelError(
            f"model {model!r} has duplicate labels: {_listed(own)}; give each label a unique name"
        )
    fits = len(own) == len(requested) and (not named or sorted(own) == sorted(requested))
    if not fits:
        raise ModelError(
            f"model {model!r} has the labels {_listed(own)} but the dataset has "
            f"{_listed(requested)}; use a model trained on these labels"
        )
    return [own.index(name) for name in requested] if named else list(range(len(requested)))


def _listed(names: Sequence[str]) -> str:
    """A truncated, escaped list of names on one line."""
    shown = [name if name.isprintable() else ascii(name)[1:-1] for name in names[:10]]
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(name[:40] for name in shown) + more
