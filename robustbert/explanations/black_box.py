"""The base class of methods that only ask a classifier for predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from robustbert.data.word_split import WordSplit
from robustbert.errors import InputError, ModelError
from robustbert.explanations.explainer import Explainer
from robustbert.models import Classifier, check_texts

#: What is classified in place of a text of which nothing is left: classifiers accept no blank text.
NOTHING = "."


def without_words(split: WordSplit, keep: Sequence[bool] | np.ndarray, mask: str = "") -> str:
    """A text with some of its words replaced by a mask; punctuation and spaces stay.

    Args:
        split: the text.
        keep: for each word, whether it stays.
        mask: what replaces the others, for example ``[MASK]``; empty to remove them.

    Returns:
        the text; ``.`` if it would be blank.

    >>> without_words(WordSplit.of("a fine film!"), [True, False, True], "[MASK]")
    'a [MASK] film!'
    >>> without_words(WordSplit.of("fine"), [False])
    '.'
    """
    words = [word if kept else mask for word, kept in zip(split.words, keep, strict=True)]
    text = split.with_words(words)
    return text if text.strip() else NOTHING


@dataclass(frozen=True)
class BlackBoxExplainer(Explainer):
    """A method that replaces words and observes the prediction.

    Predictions are those of :meth:`Classifier.predict_proba` in the inference dtype, many texts per
    call, as for attacks. Punctuation is part of every text and has no score.

    Args:
        mask: what replaces a hidden word, for example ``[MASK]``; empty to remove it.
        output: ``probability`` or ``log-odds``, log(p / (1 - p)), which adds up over the features
            of a linear model. It is computed from logits, which only networks and linear models
            have.

    Raises:
        InputError: the mask is not valid Unicode.
    """

    mask: str = ""
    output: Literal["probability", "log-odds"] = "probability"

    def __post_init__(self) -> None:
        if self.mask.strip():
            check_texts([self.mask])
        if self.output not in ("probability", "log-odds"):
            raise InputError(f"output is {self.output!r}; give probability or log-odds")

    @property
    def explained_output(self) -> str:
        """The parameter ``output``."""
        return self.output

    def check(self, classifier: Classifier) -> None:
        """See :meth:`Explainer.check`; the classifier has the explained output.

        Raises:
            ModelError: log-odds are to be explained and the classifier has no logits.
        """
        super().check(classifier)
        if self.output == "log-odds" and not classifier.has_logits:
            raise ModelError(
                f"model {classifier.info.name!r} has no logits; explain its probability"
            )

    def _predictor(self, classifier: Classifier) -> Callable[[Sequence[str]], np.ndarray]:
        """A function from n texts to the explained outputs of all classes: float64 (n, k)."""
        if self.output == "log-odds":
            return lambda texts: log_odds(classifier.predict_logits(list(texts)))
        return lambda texts: classifier.predict_proba(list(texts)).astype(np.float64)


def log_odds(logits: np.ndarray) -> np.ndarray:
    """The log-odds of each class against all others: float64 (n, k).

    Args:
        logits: float (n, k).

    >>> log_odds(np.array([[0.0, 2.0]])).tolist()
    [[-2.0, 2.0]]
    """
    from scipy.special import logsumexp

    exact = np.asarray(logits, dtype=np.float64)
    others = [logsumexp(np.delete(exact, i, axis=1), axis=1) for i in range(exact.shape[1])]
    return np.asarray(exact - np.stack(others, axis=1))
