"""Spell correction: correct misspelled words before the classifier reads them.

After Pruthi et al. 2019, "Combating Adversarial Misspellings with Robust Word Recognition", who put
a word recogniser in front of a classifier, which itself stays as it is. Theirs is a recurrent
network trained for the purpose. This one has no training: unknown words become the most likely of
the known words within an edit (:mod:`robustbert.defenses.spelling`), considering the words beside
them. Two words are joined where a space has probably been inserted.

An unknown word stays if it is more likely a rare word than a typo. A known word is never corrected,
so an edit that makes another known word ("bad" for "bat") remains: this is what an attack that
knows the defense uses. So do words in capitals, which are mostly abbreviations, unless the whole
text is in capitals.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from robustbert.data.word_split import WordSplit
from robustbert.defenses.base import Defense
from robustbert.defenses.letter_case import like_case
from robustbert.defenses.look_alikes import plain_letters
from robustbert.defenses.spelling import SpellingModel, load_spelling_model, spelling_assets
from robustbert.defenses.word_parts import word_parts
from robustbert.errors import InputError

if TYPE_CHECKING:
    from robustbert.models import Classifier


@dataclass(frozen=True)
class SpellCorrection(Defense):
    """Spell correction at inference.

    Args:
        min_zipf: how frequent a word must be to be known, if symspellpy's dictionary does not have
            it: the log10 of its occurrences per billion words, 1 to 8.
        max_edits: the largest number of edits of a typo, 1 or 2: letters deleted, inserted or
            replaced, or swapped with the next.
        typo_rate: the share of words that are typos, above 0 and below 1; the larger, the more rare
            words are corrected too.
        join_ratio: how many times as often a word must occur as its two pieces side by side, for
            these to be joined; at least 1.

    Raises:
        InputError: a number is out of range.
    """

    paper: ClassVar[str] = "Pruthi et al. 2019"
    transforms_texts: ClassVar[bool] = True
    keeps_gradients: ClassVar[bool] = False

    min_zipf: float = 3.5
    max_edits: int = 1
    typo_rate: float = 0.1
    join_ratio: float = 100.0

    def __post_init__(self) -> None:
        if not 1 <= self.min_zipf <= 8:
            raise InputError(f"min_zipf is {self.min_zipf!r}; give a number from 1 to 8")
        if isinstance(self.max_edits, bool) or self.max_edits not in (1, 2):
            raise InputError(f"max_edits is {self.max_edits!r}; give 1 or 2")
        if not 0 < self.typo_rate < 1:
            raise InputError(f"typo_rate is {self.typo_rate!r}; give a number between 0 and 1")
        if not (math.isfinite(self.join_ratio) and self.join_ratio >= 1):
            raise InputError(f"join_ratio is {self.join_ratio!r}; give a number of at least 1")

    def wrapper_assets(self) -> dict[str, str]:
        """Those of the spelling model.

        Raises:
            MissingAssetError: a file of symspellpy or wordfreq is missing.
        """
        return spelling_assets()

    def wrap(self, classifier: Classifier) -> Classifier:
        """The classifier, which reads corrected texts.

        Raises:
            MissingAssetError: a file of symspellpy or wordfreq is missing.
        """
        from robustbert.defenses.transformed_classifier import TransformedClassifier

        model = load_spelling_model(self.min_zipf, self.max_edits, self.typo_rate)
        return TransformedClassifier(classifier, SpellCorrector(model, self.join_ratio))


class SpellCorrector:
    """Corrects the words of texts.

    Args:
        model: the known words.
        join_ratio: see :class:`SpellCorrection`.
    """

    def __init__(self, model: SpellingModel, join_ratio: float) -> None:
        self._model = model
        self._min_gain = math.log10(join_ratio)

    def __call__(self, text: str) -> str:
        """Correct a text; correcting it twice does nothing more.

        All characters between words stay, less the spaces within joined words. Corrected words are
        in upper or lower case, or start with a capital, as they are written.
        """
        while (corrected := self._corrected_once(text)) != text:
            text = corrected
        return text

    def _corrected_once(self, text: str) -> str:
        split = self._joined(WordSplit.of(text))
        words = list(split.words)
        keeps_capitals = not text.isupper()
        for place, word in enumerate(words):
            if not (keeps_capitals and len(word) > 1 and word.isupper()):
                words[place] = self._corrected(words, place)
        return split.with_words(words)

    def _joined(self, split: WordSplit) -> WordSplit:
        """The words, with pairs joined, those with the most evidence first."""
        words, gaps = list(split.words), list(split.gaps)
        gains = [self._gain(words, gaps, place) for place in range(len(words) - 1)]
        while gains and max(gains) > self._min_gain:
            place = gains.index(max(gains))
            words[place : place + 2] = [words[place] + words[place + 1]]
            del gaps[place + 1], gains[place]
            for beside in range(max(place - 1, 0), min(place + 1, len(gains))):
                gains[beside] = self._gain(words, gaps, beside)
        return WordSplit(tuple(words), tuple(gaps))

    def _gain(self, words: Sequence[str], gaps: Sequence[str], place: int) -> float:
        """What joining a word with the next one gains; -inf unless only a space is between them."""
        if gaps[place + 1] != " ":
            return -math.inf
        return self._model.join_gain(words[place].lower(), words[place + 1].lower())

    def _corrected(self, words: Sequence[str], place: int) -> str:
        word = words[place].lower()
        if self._model.is_known(word):
            return words[place]
        plain = plain_letters(words[place])
        beside = [words[i].lower() if 0 <= i < len(words) else "" for i in (place - 1, place + 1)]
        parts = word_parts(plain.lower())
        parts[::2] = [self._corrected_part(part, *beside) for part in parts[::2]]
        found = "".join(parts)
        return words[place] if found == word else like_case(found, plain)

    def _corrected_part(self, part: str, before: str, after: str) -> str:
        if not part or self._model.is_known(part):
            return part

        def score(number: int) -> float:
            candidate = candidates[number]
            association = self._model.association
            return (
                candidate.score
                + association(before, candidate.word)
                + association(candidate.word, after)
            )

        candidates = self._model.candidates(part)
        return candidates[max(range(len(candidates)), key=score)].word
