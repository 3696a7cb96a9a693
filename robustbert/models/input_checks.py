"""What may be asked of a classifier, and whether its labels are the wanted ones."""

from __future__ import annotations

import re
from collections.abc import Sequence

from robustbert.errors import InputError, ModelError

_SURROGATE = re.compile("[\ud800-\udfff]")


def check_texts(texts: Sequence[str]) -> None:
    r"""Refuse what cannot be classified; anything with a visible or control character may pass.

    >>> check_texts(["fine", "NUL \0 and emoji too"])
    >>> check_texts(["fine", "  "])
    Traceback (most recent call last):
    robustbert.errors.InputError: text 2 of 2 is empty; give at least one word

    Raises:
        InputError: ``texts`` is a single string, or one of them is not a string, is empty or
            blank, or holds half of a surrogate pair.
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
    r"""The text with U+FFFD for each lone surrogate, which tokenizers refuse.

    >>> replace_surrogates("caf\udce9") == "caf\ufffd"
    True
    """
    return _SURROGATE.sub("\ufffd", text)


def label_order(model: str, own: Sequence[str], wanted: Sequence[str], *, named: bool) -> list[int]:
    """Which of a model's outputs belongs to each wanted label.

    >>> label_order("m", ["neg", "pos"], ["pos", "neg"], named=True)
    [1, 0]

    Args:
        model: its name, for the message.
        own: the model's label names, an output each.
        wanted: the dataset's label names.
        named: False where the model's names are mere placeholders, which fit any names.

    Raises:
        ModelError: the labels are not the same set, or the model has one name twice.
    """
    if named and len(set(own)) < len(own):
        raise ModelError(
            f"model {model!r} has the labels {_listed(own)}, one of them twice; "
            "give each label a name of its own"
        )
    fits = len(own) == len(wanted) and (not named or sorted(own) == sorted(wanted))
    if not fits:
        raise ModelError(
            f"model {model!r} has the labels {_listed(own)} but the dataset has "
            f"{_listed(wanted)}; use a model trained on these labels"
        )
    return [own.index(name) for name in wanted] if named else list(range(len(wanted)))


def _listed(names: Sequence[str]) -> str:
    """The first names on one line, however many, long or strange they are."""
    shown = [name if name.isprintable() else ascii(name)[1:-1] for name in names[:10]]
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(name[:40] for name in shown) + more
