"""Spend the candidates of a search on edits that the victim sees.

A victim that transforms texts (:meth:`robustbert.models.Classifier.seen_as`) undoes some edits, for
example corrects typos. The plain attack asks about them all the same. Here they are left out, and
others take their places, so that each word has as many candidates as the recipe gives it, if there
are enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from textattack.transformations import CompositeTransformation

#: How many times as many candidates are asked for where the recipe limits their number. The word
#: vectors have 100 neighbours per word, so of these it can be less.
WIDER = 4
#: How often a random transformation is applied again.
DRAWS = 10

Seen = Callable[[Sequence[str]], list[str]]
"""What the victim sees of each text."""


class SeenEdits:
    """A transformation without the edits that the victim does not see.

    As long as none is left out, it makes the same texts as the recipe's own transformation, and
    draws the same random numbers.

    Args:
        transformation: the recipe's ``textattack.transformations.Transformation``.
        seen: what the victim sees of each text.
    """

    def __init__(self, transformation: Any, seen: Seen) -> None:
        self._seen = seen
        # other composites, as that of the track unified-li, choose from their parts' candidates
        is_union = type(transformation) is CompositeTransformation
        self._parts = list(transformation.transformations) if is_union else [transformation]
        self._whole = transformation

    def __call__(self, current_text: Any, *given: Any, **options: Any) -> Any:
        """The texts that the recipe asks about, or the indices of words that may change."""
        if options.get("return_indices"):
            return self._whole(current_text, *given, **options)
        return list(
            dict.fromkeys(
                text
                for part in self._parts
                for text in self._of_part(part, current_text, given, options)
            )
        )

    def __getattr__(self, name: str) -> Any:
        if "_whole" not in self.__dict__:  # copy and pickle ask before they restore it
            raise AttributeError(name)
        return getattr(self._whole, name)

    def _of_part(self, part: Any, current: Any, given: Any, options: Any) -> list[Any]:
        own = list(part(current, *given, **options))
        kept = self._without_undone(own, current)
        if len(kept) == len(own):
            return own
        limits = Counter(map(_place, own))
        found = dict.fromkeys(kept)
        counts = Counter(map(_place, kept))
        for texts in _more(part, current, given, options):
            for text in self._without_undone(texts, current):
                place = _place(text)
                if text not in found and counts[place] < limits[place]:
                    found[text] = None
                    counts[place] += 1
            if counts == limits:
                break
        return list(found)

    def _without_undone(self, texts: Sequence[Any], current: Any) -> list[Any]:
        """The texts that the victim sees as others than the current one."""
        if not texts:
            return []
        before, *after = self._seen([text.tokenizer_input for text in (current, *texts)])
        return [text for text, seen in zip(texts, after, strict=True) if seen != before]


def _more(part: Any, current: Any, given: Any, options: Any) -> Iterator[list[Any]]:
    """More candidates of a transformation, if it has any."""
    most = getattr(part, "max_candidates", 0)
    if most > 0:
        part.max_candidates = WIDER * most
        try:
            texts = list(part(current, *given, **options))
        finally:
            part.max_candidates = most
        yield texts
    elif not all(one.deterministic for one in (part, *getattr(part, "transformations", ()))):
        for _ in range(DRAWS):
            yield list(part(current, *given, **options))


def _place(text: Any) -> frozenset[int]:
    """The indices of the words that a text's last edit changed."""
    return frozenset(text.attack_attrs["newly_modified_indices"])
