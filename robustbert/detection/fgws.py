"""FGWS, frequency-guided word substitutions (Mozes et al. 2021).

Mozes, Stenetorp, Kleinberg and Griffin 2021, "Frequency-Guided Word Substitutions for Detecting
Textual Adversarial Examples". Attacks replace words by rarer ones. So each word of a low frequency
in the training texts is replaced by its most frequent synonym or neighbour, and the score is how
much the probability of the predicted class falls: in an adversarial text, the original words
partly come back.

The code is maximilianmozes/fgws; ``detect_utils`` of it is also in javirandor/wdr (``FGWS``). As
there:

- The candidates of a word are its WordNet synonyms of one word and as many of its nearest word
  vectors as a word of the validation texts has synonyms on average, rounded up.
- The most frequent candidate replaces a word if it is more frequent than the word.
- Of the percentiles 0, 10, …, 100 of the logarithms of the frequencies, the one with the highest
  true positive rate at a false positive rate of 10% on the validation split becomes the threshold;
  of equal ones, the highest.

Different from it:

- The word vectors are the counter-fitted ones of the assets, in place of GloVe, so words outside of
  their 30,000 have only synonyms. Attacks with word vectors read the same ones.
- The score can be negative. The code cuts it off at 0, which gives many clean texts the same score.
- The threshold is tuned on the attacks of the validation split that are to be detected; the code
  tunes it on an attack of its own, "prioritized".
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from robustbert.assets import load_word_vectors, use_nltk_assets
from robustbert.assets.profiles import cached_per_profile
from robustbert.data.word_split import WordSplit
from robustbert.detection.detector import Detector, FittedDetector, FittingData
from robustbert.detection.text_measure import TextMeasure
from robustbert.errors import InputError
from robustbert.metrics.detection import tpr_at_fpr
from robustbert.models import Classifier

if TYPE_CHECKING:
    from robustbert.assets.vectors import WordVectors

#: The percentiles of word frequencies that are tried.
PERCENTILES = tuple(range(0, 101, 10))
# Texts per call of the classifier.
_BATCH = 256


@dataclass(frozen=True)
class Fgws(Detector):
    """Replace rare words by frequent ones, and see how much the prediction changes.

    Args:
        max_fpr: the false positive rate at which the threshold of frequencies is tuned, in [0, 1].

    Raises:
        InputError: the parameter is out of range.
    """

    name: ClassVar[str] = "fgws"
    paper: ClassVar[str] = "Mozes et al. 2021"
    needs_texts: ClassVar[bool] = True
    needs_pairs: ClassVar[bool] = True
    assets: ClassVar[tuple[str, ...]] = ("wordnet", "word-vectors")

    max_fpr: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.max_fpr <= 1:
            raise InputError(f"max_fpr is {self.max_fpr!r}; give a number from 0 to 1")

    def _measured(self, classifier: Classifier, texts: Sequence[str]) -> Iterator[np.ndarray]:
        """Yield the probabilities of each text."""
        for start in range(0, len(texts), _BATCH):
            yield from classifier.predict_proba(texts[start : start + _BATCH]).astype(np.float64)

    def _fit(self, measure: TextMeasure, data: FittingData, seed: int) -> FittedDetector:
        frequencies = Counter(word for text in data.texts for word in words_in(text))
        if not frequencies:
            raise InputError("fgws needs the word frequencies of a training split; it has no text")
        originals = {word for text in data.originals for word in words_in(text)}
        count = math.ceil(np.mean([len(synonyms_of(word)) for word in originals] or [0]))

        @cache
        def replacement(word: str) -> str:
            return more_frequent(
                word, {*synonyms_of(word), *nearest_words(word, count)}, frequencies
            )

        def drops(threshold: float, texts: Sequence[str]) -> np.ndarray:
            changed = [substituted(text, frequencies, threshold, replacement) for text in texts]
            return probability_drops(measure(texts), measure(changed))

        best = (-1.0, 0, 0.0)
        for percentile in PERCENTILES:
            threshold = frequency_threshold(frequencies, percentile)
            found = drops(threshold, data.originals), drops(threshold, data.adversarials)
            best = max(best, (tpr_at_fpr(*found, self.max_fpr), percentile, threshold))
        _, percentile, threshold = best
        return FittedDetector(
            self,
            lambda texts: drops(threshold, texts),
            {"percentile": percentile, "log_frequency": threshold, "neighbours": count},
        )


def words_in(text: str) -> list[str]:
    """The words of a text in lower case."""
    return [word.lower() for word in WordSplit.of(text).words]


def frequency_threshold(frequencies: Mapping[str, int], percentile: int) -> float:
    """A percentile of the logarithms of the frequencies over the distinct words.

    >>> round(frequency_threshold({"a": 0, "b": 1, "c": 3}, 50), 3)
    0.693
    """
    return float(np.percentile(np.log1p(list(frequencies.values())), percentile))


def more_frequent(word: str, candidates: Iterable[str], frequencies: Mapping[str, int]) -> str:
    """The most frequent candidate if it is more frequent than the word, else the word.

    Of equally frequent candidates, the last in the alphabet is taken, as in the authors' code.

    >>> more_frequent("flick", ["film", "movie"], {"film": 7, "movie": 9, "flick": 1})
    'movie'
    >>> more_frequent("movie", ["film"], {"film": 7, "movie": 9})
    'movie'
    """
    best = max(candidates, key=lambda one: (frequencies.get(one, 0), one), default=word)
    return best if frequencies.get(best, 0) > frequencies.get(word, 0) else word


def substituted(
    text: str,
    frequencies: Mapping[str, int],
    threshold: float,
    replacement: Callable[[str], str],
) -> str:
    """A text with its rare words replaced; replaced words are in lower case.

    Args:
        text: the text.
        frequencies: how often each word occurs in the training texts, in lower case.
        threshold: words whose ``log(1 + frequency)`` is below it are replaced.
        replacement: gives the replacement of a word in lower case, or the word itself.
    """
    split, words = WordSplit.of(text), []
    for word in split.words:
        lower = word.lower()
        is_rare = math.log1p(frequencies.get(lower, 0)) < threshold
        other = replacement(lower) if is_rare else lower
        words.append(word if other == lower else other)
    return split.with_words(words)


def probability_drops(before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> np.ndarray:
    """How much the probability of each text's predicted class falls: float64 (n,)."""
    rows, changed = np.array(before), np.array(after)
    every, predicted = np.arange(len(rows)), rows.argmax(axis=1)
    return np.asarray(rows[every, predicted] - changed[every, predicted])


@cached_per_profile(maxsize=100_000)
def synonyms_of(word: str) -> tuple[str, ...]:
    """The WordNet synonyms of a word that are one word, in lower case, without the word itself."""
    use_nltk_assets()
    from nltk.corpus import wordnet

    names = {name.lower() for synset in wordnet.synsets(word) for name in synset.lemma_names()}
    return tuple(sorted(name for name in names if "_" not in name and name != word))


def nearest_words(word: str, count: int) -> tuple[str, ...]:
    """The words with the nearest vectors, nearest first; none if the word has no vector."""
    row = _rows().get(word)
    if row is None:
        return ()
    vectors = _vectors()
    return tuple(vectors.words[i] for i in vectors.neighbours[row, 1 : 1 + count])


@cached_per_profile()
def _vectors() -> WordVectors:
    return load_word_vectors()


@cached_per_profile()
def _rows() -> Mapping[str, int]:
    return {word: row for row, word in enumerate(_vectors().words)}
