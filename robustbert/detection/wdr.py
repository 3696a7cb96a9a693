"""WDR, the word-level differential reaction of the logits (Mosca et al. 2022).

Mosca, Agarwal, Rando Ramírez and Groh 2022, '"That Is a Suspicious Reaction!": Interpreting Logits
Variation to Detect NLP Adversarial Attacks'. An adversarial text has its label because of a few
replaced words. So each word in turn is replaced by ``[UNK]``, and the logit of the predicted class
is compared with the highest of the others: a negative difference means that the prediction
changes. The differences are sorted, that of the word whose loss costs the predicted class most
first, and a classifier learns which texts are adversarial.

The code is javirandor/wdr, ``Classifier/Training Classifier/Training_Classifier.ipynb``. Different
from it:

- It splits all texts at random, so the original of a training text can be in the test set. Here the
  test texts come from another split of the dataset.
- Its best classifier is XGBoost with tuned parameters; here it is scikit-learn's gradient boosting
  with the parameters that both have.
- It splits texts at spaces and reads their first 512 words; here words are those of attacks,
  without punctuation, and of a longer text the 512 words that matter most are kept.
- A classifier without logits is measured by the logarithms of its probabilities.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from robustbert.data.word_split import WordSplit
from robustbert.detection.detector import Detector, FittedDetector, FittingData
from robustbert.detection.row_classifier import RowClassifier
from robustbert.detection.text_measure import TextMeasure
from robustbert.errors import InputError
from robustbert.models import Classifier
from robustbert.validation import check_at_least

# Texts per call of the classifier.
_BATCH = 1024
# Smaller probabilities are as good as this one, whose logarithm is finite.
_SMALLEST = 1e-7


@dataclass(frozen=True)
class Wdr(Detector):
    """Classify texts by how their logits react to the loss of each word.

    Args:
        replacement: what a word is replaced by: the unknown token of the network's tokenizer.
            Classical models do not know this word either.
        max_words: the largest number of words of a text that count, at least 1.

    Raises:
        InputError: a parameter is out of range.
    """

    name: ClassVar[str] = "wdr"
    paper: ClassVar[str] = "Mosca et al. 2022"
    needs_pairs: ClassVar[bool] = True

    replacement: str = "[UNK]"
    max_words: int = 512

    def __post_init__(self) -> None:
        check_at_least(1, max_words=self.max_words)
        if not self.replacement.strip():
            raise InputError("replacement is empty; give a word, such as [UNK]")

    def _measured(self, classifier: Classifier, texts: Sequence[str]) -> Iterator[np.ndarray]:
        """Yield the sorted differences of each text's logits, one per word."""
        for some in _groups(map(self._variants, texts)):
            rows = logits_of(classifier, [variant for variants in some for variant in variants])
            start = 0
            for variants in some:
                own = rows[start : start + len(variants)]
                yield sorted_reactions(own[0], own[1:])
                start += len(variants)

    def _variants(self, text: str) -> list[str]:
        """The text, and the text without each word in turn."""
        split = WordSplit.of(text)
        found = [text]
        for i in range(len(split.words)):
            words = [*split.words[:i], self.replacement, *split.words[i + 1 :]]
            found.append(split.with_words(words))
        return found

    def _fit(self, measure: TextMeasure, data: FittingData, seed: int) -> FittedDetector:
        fitted = RowClassifier.fit(
            measure(data.originals), measure(data.adversarials), self.max_words, seed
        )
        return FittedDetector(self, lambda texts: fitted.scores(measure(texts)))


def sorted_reactions(logits: np.ndarray, without: np.ndarray) -> np.ndarray:
    """The differences of a text's logits without each word, the most salient word first.

    A difference is the logit of the class that is predicted for the whole text, minus the highest
    other logit. Saliency is how much the logit of the predicted class falls.

    >>> sorted_reactions(np.array([1.0, 3.0]), np.array([[1.0, 2.5], [2.0, 0.5]])).tolist()
    [-1.5, 1.5]

    Args:
        logits: of the text, (k,).
        without: of the text without each of its n words, (n, k).
    """
    predicted = int(logits.argmax())
    order = np.argsort(without[:, predicted], kind="stable")
    others = np.delete(without, predicted, axis=1).max(axis=1)
    return np.asarray((without[:, predicted] - others)[order])


def logits_of(classifier: Classifier, texts: Sequence[str]) -> np.ndarray:
    """The logits, or the logarithms of the probabilities if there are none: float64 (n, k)."""
    if classifier.has_logits:
        return classifier.predict_logits(texts).astype(np.float64)
    return np.log(np.maximum(classifier.predict_proba(texts).astype(np.float64), _SMALLEST))


def _groups(variants: Iterable[list[str]]) -> Iterator[list[list[str]]]:
    """Consecutive texts with at most :data:`_BATCH` variants together, at least one text each."""
    group: list[list[str]] = []
    size = 0
    for one in variants:
        if group and size + len(one) > _BATCH:
            yield group
            group, size = [], 0
        group.append(one)
        size += len(one)
    if group:
        yield group
