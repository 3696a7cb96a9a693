"""Faster versions of pure functions of TextAttack and NLTK that return the same values.

For every candidate, TextAttack splits the whole text into words, splits each word again, and
rebuilds the string whenever it is read. To replace one word, it locates every word of the text in
turn. For every word, NLTK's tagger sums the weights of about fifteen features, label by label, in
Python. All of these are pure functions. Here their results are cached, computed only from the
changed words, or computed with NumPy. Outcomes stay the same. When NLTK loads WordNet, it reads a
map for other languages, which takes as long as the rest and is deferred until something needs it.

The functions of the form ``cached_*`` and ``fast_*`` take the original function and return its
replacement, with empty caches (:mod:`robustbert.attacks.textattack.patches` applies them).
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from itertools import chain, compress
from operator import ne
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from nltk.corpus.reader.wordnet import WordNetCorpusReader
from nltk.tag.perceptron import AveragedPerceptron
from textattack.shared import attacked_text
from textattack.shared.attacked_text import AttackedText

# Maximum number of cached words; texts with Chinese characters are cached as a whole.
_CACHED_WORDS = 2**15
# Maximum number of texts whose word spans are cached: the texts that are perturbed.
_CACHED_SPANS = 2**10
# Maximum number of features whose weights are cached as arrays, of about 0.5 kB each.
_CACHED_WEIGHTS = 2**15

# If a text contains any of these characters, TextAttack segments it with jieba; otherwise it first
# splits the text at white space.
_CHINESE = re.compile("[\u4e00-\u9fff]")

Spans = tuple[tuple[int, int], ...]
"""The start and end offset of each word of a text."""


def cached_words_from_text(split: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """``words_from_text`` with a cache; it returns a new list each time."""

    @lru_cache(maxsize=_CACHED_WORDS)
    def cached(text: str) -> tuple[str, ...]:
        return tuple(split(text))

    def words_from_text(text: str, words_to_ignore: Sequence[str] = ()) -> list[str]:
        if words_to_ignore:
            return split(text, words_to_ignore)
        if _CHINESE.search(text):
            return list(cached(text))
        return list(chain.from_iterable(map(cached, text.split())))

    return words_from_text


def cached_text(original: property) -> property:
    """``AttackedText.text`` that is built once per object."""
    build: Callable[[AttackedText], str] = original.fget  # type: ignore[assignment]

    def text(self: AttackedText) -> str:
        try:
            string: str = self._robustbert_text
        except AttributeError:
            string = self._robustbert_text = build(self)
        return string

    return property(text)


def fast_generate_new_attacked_text(
    original: Callable[[AttackedText, Sequence[str]], AttackedText],
) -> Callable[[AttackedText, Sequence[str]], AttackedText]:
    """``AttackedText.generate_new_attacked_text`` that does not rescan unchanged words."""
    cached_spans = lru_cache(maxsize=_CACHED_SPANS)(word_spans)

    def generate_new_attacked_text(self: AttackedText, new_words: Sequence[str]) -> AttackedText:
        text = replace_words(self, new_words, cached_spans)
        return original(self, new_words) if text is None else text

    return generate_new_attacked_text


def word_spans(text: str) -> Spans | None:
    """The span of each word; None if a word by itself would be split into several words or none."""
    if AttackedText.SPLIT_TOKEN in text:
        return None
    split = attacked_text.words_from_text
    spans = []
    end = 0
    for word in split(text):
        start = text.find(word, end)
        if start < 0 or len(split(word)) != 1:
            return None
        end = start + len(word)
        spans.append((start, end))
    return tuple(spans)


def replace_words(
    text: AttackedText,
    new_words: Sequence[str],
    spans_of: Callable[[str], Spans | None] = word_spans,
) -> AttackedText | None:
    """``text.generate_new_attacked_text(new_words)``, or None if that needs the original function.

    That is the case for texts with several inputs, for deleted words, and for texts for which
    :func:`word_spans` returns None.
    """
    old_text = text.text
    spans = spans_of(old_text) if len(text._text_input) == 1 else None
    words = text.words
    if spans is None or not isinstance(new_words, list) or len(new_words) != len(words):
        return None
    attrs = _initial_attributes(text)
    pieces: list[str] = []
    end = 0  # where the last replaced word ends in the old text
    added = 0  # how many words the new text has gained so far
    for index in compress(range(len(words)), map(ne, words, new_words)):
        old, new = words[index], new_words[index]
        parts = attacked_text.words_from_text(new)
        if not parts:
            return None
        if len(parts) > 1:
            _shift_indices(attrs, index, len(parts) - 1, before=old != parts[0])
        new_indices = range(index + added, index + added + len(parts))
        attrs["modified_indices"].update(new_indices)
        attrs["newly_modified_indices"].update(new_indices)
        added += len(parts) - 1
        pieces += (old_text[end : spans[index][0]], new)
        end = spans[index][1]
    whole = "".join([*pieces, old_text[end:]])
    if AttackedText.SPLIT_TOKEN in whole:
        return None
    (name,) = text._text_input
    return AttackedText(OrderedDict([(name, whole)]), attack_attrs=attrs)


def _initial_attributes(text: AttackedText) -> dict[str, Any]:
    """The attributes of a text made from ``text``, before any change is recorded."""
    old = text.attack_attrs
    return {
        **({"label_names": old["label_names"]} if "label_names" in old else {}),
        "newly_modified_indices": set(),
        "previous_attacked_text": text,
        "modified_indices": old["modified_indices"].copy(),
        "original_index_map": old["original_index_map"].copy(),
    }


def _shift_indices(attrs: dict[str, Any], index: int, count: int, *, before: bool) -> None:
    """Shift indices for ``count`` words inserted before or after the word at ``index``."""
    attrs["modified_indices"] = {
        modified if modified < index else modified + count
        for modified in attrs["modified_indices"]
        if modified != index
    }
    index_map = attrs["original_index_map"]
    index_map[index_map > index] += count
    if before:
        index_map[index_map == index] += count


class _WeightRows:
    """The weights of a tagging model as one array per feature, with one value per label."""

    def __init__(self, model: AveragedPerceptron) -> None:
        # NLTK breaks ties by choosing the alphabetically last label.
        self.labels = sorted(model.classes, reverse=True)
        columns = {label: column for column, label in enumerate(self.labels)}
        weights = model.weights

        @lru_cache(maxsize=_CACHED_WEIGHTS)
        def row(feature: str) -> np.ndarray:
            values = np.zeros(len(columns))
            for label, weight in weights[feature].items():
                if label in columns:  # other labels are never predicted
                    values[columns[label]] = weight
            return values

        self.row = row


def fast_predict(original: Callable[..., tuple[Any, Any]]) -> Callable[..., tuple[str, Any]]:
    """``AveragedPerceptron.predict`` that sums the weights of all labels at once.

    Each sum is computed in the same order, so scores and labels are identical. Models must not be
    trained or reloaded while this is in use.
    """
    models: WeakKeyDictionary[AveragedPerceptron, _WeightRows] = WeakKeyDictionary()

    def predict(
        self: AveragedPerceptron, features: Mapping[str, int], return_conf: bool = False
    ) -> tuple[str, Any]:
        if return_conf:
            label, confidence = original(self, features, return_conf)
            return str(label), confidence
        rows = models.get(self)
        if rows is None:
            rows = models[self] = _WeightRows(self)
        scores = np.zeros(len(rows.labels))
        for feature, value in features.items():
            if value and feature in self.weights:
                scores += value * rows.row(feature)
        return rows.labels[int(scores.argmax())], None

    return predict


class _DeferredMapping(Mapping[str, str]):
    """A mapping that is made when it is first read."""

    def __init__(self, make: Callable[[], Mapping[str, str] | None]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Mapping[str, str]:
        return self._make() or {}

    def __getitem__(self, key: str) -> str:
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)


def deferred_map_wn(
    original: Callable[..., Mapping[str, str] | None],
) -> Callable[..., Mapping[str, str]]:
    """``WordNetCorpusReader.map_wn`` that reads the two indices of senses when it is needed."""

    def map_wn(self: WordNetCorpusReader, version: str = "wordnet") -> Mapping[str, str]:
        return _DeferredMapping(partial(original, self, version))

    return map_wn
