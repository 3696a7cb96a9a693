"""Replacing words of a text without looking at those that stay.

To replace one word TextAttack searches the text for every word, from the first to the last, and
counts what each consists of. Where the words stand is a function of the text, and nearly all of
them stay as they are. This makes the same new texts, with the same notes on what was changed, from
what differs alone; whatever is unusual (several inputs, deletions, words that fall apart) goes
TextAttack's way.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import compress
from operator import ne
from typing import Any

from textattack.shared import attacked_text
from textattack.shared.attacked_text import AttackedText

# Texts whose places are kept: those that candidates are made from.
_KEPT = 2**10

Places = tuple[tuple[int, int], ...]
"""Where each word of a text starts and ends."""


def word_places(text: str) -> Places | None:
    """Where each word stands; None if one of them would not be one word by itself."""
    if AttackedText.SPLIT_TOKEN in text:
        return None
    split = attacked_text.words_from_text
    found = []
    end = 0
    for word in split(text):
        start = text.find(word, end)
        if start < 0 or len(split(word)) != 1:
            return None
        end = start + len(word)
        found.append((start, end))
    return tuple(found)


def rewrite(
    text: AttackedText,
    new_words: Sequence[str],
    places_of: Callable[[str], Places | None] = word_places,
) -> AttackedText | None:
    """``text.generate_new_attacked_text(new_words)``, or None where that is not plain enough."""
    old_text = text.text
    places = places_of(old_text) if len(text._text_input) == 1 else None
    words = text.words
    if places is None or not isinstance(new_words, list) or len(new_words) != len(words):
        return None
    attrs = _attributes(text)
    pieces: list[str] = []
    end = more = 0  # of the old text, where its last changed word ends; words more than it had
    for index in compress(range(len(words)), map(ne, words, new_words)):
        old, new = words[index], new_words[index]
        parts = attacked_text.words_from_text(new)
        if not parts:
            return None
        if len(parts) > 1:
            _make_room(attrs, index, len(parts) - 1, before=old != parts[0])
        added = range(index + more, index + more + len(parts))
        attrs["modified_indices"].update(added)
        attrs["newly_modified_indices"].update(added)
        more += len(parts) - 1
        pieces += (old_text[end : places[index][0]], new)
        end = places[index][1]
    whole = "".join([*pieces, old_text[end:]])
    if AttackedText.SPLIT_TOKEN in whole:
        return None
    (name,) = text._text_input
    return AttackedText(OrderedDict([(name, whole)]), attack_attrs=attrs)


def _attributes(text: AttackedText) -> dict[str, Any]:
    """What TextAttack notes of a new text, as yet of one in which nothing is changed."""
    old = text.attack_attrs
    return {
        **({"label_names": old["label_names"]} if "label_names" in old else {}),
        "newly_modified_indices": set(),
        "previous_attacked_text": text,
        "modified_indices": old["modified_indices"].copy(),
        "original_index_map": old["original_index_map"].copy(),
    }


def _make_room(attrs: dict[str, Any], index: int, more: int, *, before: bool) -> None:
    """Shift indices for ``more`` words at ``index``, the first ones before its own word or not."""
    attrs["modified_indices"] = {
        modified if modified < index else modified + more
        for modified in attrs["modified_indices"]
        if modified != index
    }
    places = attrs["original_index_map"]
    places[places > index] += more
    if before:
        places[places == index] += more


@contextmanager
def fast_rewriting() -> Iterator[None]:
    """TextAttack's texts replace words by :func:`rewrite`, for as long as the block lasts."""
    plain = AttackedText.generate_new_attacked_text
    places_of = lru_cache(maxsize=_KEPT)(word_places)

    def generate_new_attacked_text(self: AttackedText, new_words: Sequence[str]) -> AttackedText:
        found = rewrite(self, new_words, places_of)
        return plain(self, new_words) if found is None else found

    AttackedText.generate_new_attacked_text = generate_new_attacked_text
    try:
        yield
    finally:
        AttackedText.generate_new_attacked_text = plain
