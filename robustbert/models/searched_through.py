"""A classifier that is attacked through another one, whose scores searches follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from robustbert.models.classifier import Classifier, TokenGradient
from robustbert.models.classifier_wrapper import ClassifierWrapper

#: The seed of the votes beyond those of the attacked classifier. No check draws fresh votes with
#: it, so that the attack does not see them before.
MORE_VOTES_SEED = 1_000
#: The default number of votes that searches average over.
DEFAULT_VOTES = 32


def attack_through(classifier: Classifier, votes: int) -> SearchedThrough | None:
    """What an adaptive attack searches in place of a classifier; None if there is nothing to adapt.

    If the classifier is randomised, the search follows the average over more votes. If it
    transforms texts, the search spends no candidates on edits that are undone.

    Args:
        classifier: the classifier under attack.
        votes: the number of votes that a search averages over, at least 1; not fewer than those of
            the classifier are used.
    """
    return SearchedThrough(classifier, votes) if can_adapt_to(classifier) else None


def can_adapt_to(classifier: Classifier) -> bool:
    """Whether attacks can adapt to a classifier: it is randomised, or it transforms texts."""
    return is_randomised(classifier) or classifier.transforms_texts


def is_randomised(classifier: Classifier) -> bool:
    """Whether predictions of a classifier depend on random numbers."""
    return classifier.redrawn(MORE_VOTES_SEED) is not classifier


class SearchedThrough(ClassifierWrapper):
    """The labels of the attacked classifier, with probabilities that searches can follow.

    The probabilities are the average over more votes than the attacked classifier takes, its own
    among them: searches follow its expectation (Athalye et al. 2018, "Obfuscated Gradients Give a
    False Sense of Security"). Where the average has another label than the attacked classifier, the
    probabilities are those of the attacked classifier, which alone decides whether a text fools it.

    Args:
        attacked: the classifier under attack.
        votes: the number of votes to average over; those of the attacked classifier if it takes
            more, or if it is not randomised.
    """

    def __init__(self, attacked: Classifier, votes: int) -> None:
        super().__init__(attacked)
        self._own_votes = attacked.num_votes or 1
        self._further_votes = max(0, votes - self._own_votes) if is_randomised(attacked) else 0
        self._further = (
            attacked.redrawn(MORE_VOTES_SEED, self._further_votes) if self._further_votes else None
        )

    @property
    def num_votes(self) -> int | None:
        """The number of votes that are averaged; None if the classifier is not randomised."""
        if self._further is None:
            return self._inner.num_votes
        return self._own_votes + self._further_votes

    @property
    def has_gradients(self) -> bool:
        """That of the attacked classifier."""
        return self._inner.has_gradients

    @property
    def transforms_texts(self) -> bool:
        """That of the attacked classifier."""
        return self._inner.transforms_texts

    def seen_as(self, texts: Sequence[str]) -> list[str]:
        """See :meth:`Classifier.seen_as`."""
        return self._inner.seen_as(texts)

    def token_gradient(self, text: str) -> TokenGradient:
        """That of the attacked classifier."""
        return self._inner.token_gradient(text)

    def token_gradients(self, texts: Sequence[str]) -> list[TokenGradient]:
        """Those of the attacked classifier."""
        return self._inner.token_gradients(texts)

    def redrawn(self, seed: int, votes: int | None = None) -> Classifier:
        """The attacked classifier with other random numbers, see :meth:`Classifier.redrawn`."""
        redrawn = self._inner.redrawn(seed, votes)
        return self if redrawn is self._inner else redrawn

    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return self._averaged(lambda classifier: classifier.predict_proba(texts))

    def _unbatched(self, texts: Sequence[str]) -> np.ndarray:
        return self._averaged(lambda classifier: classifier.predict_proba_unbatched(texts))

    def _exact(self, texts: Sequence[str]) -> np.ndarray:
        return self._inner.predict_proba_exact(texts)

    def _averaged(self, predict: Callable[[Classifier], np.ndarray]) -> np.ndarray:
        """The average over all votes; the own ones where that has another label: float32 (n, k)."""
        own = predict(self._inner)
        if self._further is None:
            return own
        weights = (self._own_votes, self._further_votes)
        average = np.average([own, predict(self._further)], axis=0, weights=weights)
        average = average.astype(np.float32)
        agree = average.argmax(axis=1) == own.argmax(axis=1)
        return np.where(agree[:, None], average, own)
