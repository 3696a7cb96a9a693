"""The base class of methods that only ask a classifier for predictions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias

import numpy as np

from robustbert.attacks.scheduler.pool import Finished, Pool, Service, Task
from robustbert.data.word_split import WordSplit
from robustbert.errors import InputError, ModelError
from robustbert.explanations.explainer import Example, Explainer, Scores
from robustbert.models import Classifier
from robustbert.models.input_checks import replace_surrogates
from robustbert.validation import check_between

#: What is classified in place of a text of which nothing is left: classifiers accept no blank text.
NOTHING = "."
#: Texts that are explained at the same time, and the characters of a round of predictions.
_LANES, _ROUND_CHARACTERS = 16, 1_000_000
_MAX_SEED = 2**32 - 1

Outputs: TypeAlias = Callable[[Sequence[str]], np.ndarray]
"""Maps n texts to the explained outputs of all classes: float64 (n, k)."""


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

    Predictions are those of :meth:`Classifier.predict_proba` in the inference dtype. Several texts
    are explained at the same time, and what all of them ask is predicted in one call, by the pool
    that attacks use. Punctuation is part of every text and has no score.

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
        if self.mask != replace_surrogates(self.mask):
            raise InputError("mask is not valid Unicode (a lone surrogate); decode it as UTF-8")
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

    @abstractmethod
    def word_scores(self, outputs: Outputs, example: Example) -> Scores:
        """Compute the scores of one text; the global generators are seeded for it.

        Args:
            outputs: predicts texts.
            example: the text, with at least one word, and the explained class.
        """

    def _scores(self, classifier: Classifier, examples: Sequence[Example]) -> Iterator[Scores]:
        pool = Pool(lanes=_LANES, round_characters=_ROUND_CHARACTERS)
        service = Service(self.output, self._predictor(classifier))

        def outputs(texts: Sequence[str]) -> np.ndarray:
            return np.stack(pool.request(service, texts))

        seed = int(self.params().get("seed", 0))
        tasks = (
            Task(str(i), seed, partial(self.word_scores, outputs, example))
            for i, example in enumerate(examples)
        )
        yield from _in_order(pool.run(tasks))

    def _predictor(self, classifier: Classifier) -> Outputs:
        if self.output == "log-odds":
            return lambda texts: log_odds(classifier.predict_logits(texts))
        return lambda texts: classifier.predict_proba(texts).astype(np.float64)


def check_seed(seed: int) -> None:
    """Check that a seed is one of NumPy's; raise InputError if not."""
    check_between(0, _MAX_SEED, seed=seed)


def _in_order(finished: Iterable[Finished]) -> Iterator[Scores]:
    """The values of tasks with the keys 0, 1, and so on, in this order.

    Raises:
        Exception: what a task raised.
    """
    done: dict[int, Scores] = {}
    position = 0
    for one in finished:
        if one.error is not None:
            raise one.error
        done[int(one.key)] = one.value
        while position in done:
            yield done.pop(position)
            position += 1


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
