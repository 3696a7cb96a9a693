"""Random substitution of words, and random masking."""

from __future__ import annotations

import numpy as np

from robustbert.data.word_split import WordSplit
from robustbert.defenses.letter_case import like_case
from robustbert.defenses.perturbation_sets import PerturbationSets
from robustbert.defenses.text_noise import TextNoise
from robustbert.metrics import mask_radius, substitution_radius

#: Words of a text that are never masked together: at least as many are kept, as by the authors.
MIN_KEPT = 2


class SubstitutionNoise(TextNoise):
    """Replaces every word by a random one of its perturbation set, all as likely.

    Words are those of :class:`robustbert.data.word_split.WordSplit`; what is between them stays.
    Upper case and a capital first letter are kept, as in TextAttack; other capitals are not.

    The certificate holds for attacks that replace words by their substitutes S(w), in the same
    spelling, and for no others.

    Args:
        sets: the words that may replace each word.
    """

    def __init__(self, sets: PerturbationSets) -> None:
        self._sets = sets

    @property
    def certified_attacks(self) -> str:
        """See :meth:`TextNoise.certified_attacks`."""
        return "a word is replaced by one of the defense's own substitutes, in the same spelling"

    def draw(self, text: str, generator: np.random.Generator, count: int) -> list[str]:
        """See :meth:`TextNoise.draw`."""
        split = WordSplit.of(text)
        choices = [self._choices(word) for word in split.words]
        sizes = [len(words) for words in choices]
        if max(sizes, default=1) == 1:
            return [text] * count
        drawn = generator.integers(sizes, size=(count, len(sizes))).tolist()
        return [
            split.with_words([words[index] for words, index in zip(choices, row, strict=True)])
            for row in drawn
        ]

    def num_words(self, text: str) -> int:
        """See :meth:`TextNoise.num_words`."""
        return len(WordSplit.of(text).words)

    def certified_radius(self, text: str, low: float) -> int | None:
        """See :meth:`TextNoise.certified_radius`; words may change into their substitutes S(w)."""
        words = WordSplit.of(text).words
        return substitution_radius(low, [self._sets.overlap(word.lower()) for word in words])

    def _choices(self, word: str) -> tuple[str, ...]:
        lower = word.lower()
        found = self._sets.perturbations(lower)
        if len(found) == 1:
            return (word,)
        return found if word == lower else tuple(like_case(other, word) for other in found)


class MaskNoise(TextNoise):
    """Replaces a share of the words, at random places, by a mask.

    Words are what stands between white space, as by the authors, so punctuation is part of a word
    or is one. Changed texts have single spaces between words.

    The certificate holds for attacks that put anything without white space in the place of words.

    Args:
        mask: what masked words are replaced by.
        share: the share of words that are masked, 0 to 1; rounded to a number of words, and at
            least :data:`MIN_KEPT` are kept.
    """

    def __init__(self, mask: str, share: float) -> None:
        self._mask = mask
        self._share = share

    @property
    def certified_attacks(self) -> str:
        """See :meth:`TextNoise.certified_attacks`."""
        return "a word is replaced by anything without white space"

    def num_kept(self, words: int) -> int:
        """The number of words of a text that are kept.

        >>> [MaskNoise("[MASK]", 0.7).num_kept(words) for words in (1, 4, 10, 20)]
        [1, 2, 3, 6]
        """
        return max(words - round(words * self._share), min(words, MIN_KEPT))

    def draw(self, text: str, generator: np.random.Generator, count: int) -> list[str]:
        """See :meth:`TextNoise.draw`."""
        words = text.split()
        kept = self.num_kept(len(words))
        # the places with the smallest random numbers are a random subset
        places = generator.random((count, len(words))).argsort(axis=1)[:, kept:]
        changed = []
        for row in places.tolist():
            own = list(words)
            for place in row:
                own[place] = self._mask
            changed.append(" ".join(own))
        return changed

    def num_words(self, text: str) -> int:
        """See :meth:`TextNoise.num_words`."""
        return len(text.split())

    def certified_radius(self, text: str, low: float) -> int | None:
        """See :meth:`TextNoise.certified_radius`; words may change into anything."""
        words = self.num_words(text)
        return mask_radius(low, words, self.num_kept(words))
