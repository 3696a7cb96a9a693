"""A classifier that is attacked through another one, which searches query in its place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robustbert.models.classifier import Classifier, TokenGradient
from robustbert.models.inference.invariance import InvarianceResult


def attack_through(classifier: Classifier, votes: int) -> SearchedThrough | None:
    """What an adaptive attack searches in place of a classifier; None if there is nothing to adapt.

    If the classifier is randomised, the search queries the average over more votes. If it
    transforms texts, the search spends no candidates on edits that are undone.

    Args:
        classifier: the classifier under attack.
        votes: the number of votes that a search averages over, at least 1; not fewer than those of
            the classifier are used.
    """
    is_randomised = classifier.redrawn(1) is not classifier
    if not (is_randomised or classifier.transforms_texts):
        return None
    search = classifier
    if is_randomised:
        search = classifier.redrawn(0, max(votes, classifier.num_votes or 1))
    return SearchedThrough(classifier, search)


class SearchedThrough(Classifier):
    """Probabilities of one classifier for searches, exact ones of the attacked one for verdicts.

    A search that queries the average over more votes than the attacked classifier takes follows its
    expectation (Athalye et al. 2018, "Obfuscated Gradients Give a False Sense of Security"). The
    attacked classifier itself decides whether a text fools it, by
    :meth:`Classifier.predict_proba_exact`.

    Args:
        attacked: the classifier under attack.
        search: what searches query; it has the same labels.
    """

    def __init__(self, attacked: Classifier, search: Classifier) -> None:
        self._attacked = attacked
        self._search = search
        self.label_names = attacked.label_names
        self.info = attacked.info
        self.token_budget = search.token_budget

    @property
    def batch_invariance(self) -> InvarianceResult:
        """That of both classifiers."""
        return self._search.batch_invariance & self._attacked.batch_invariance

    @property
    def identified(self) -> bool:
        """That of the attacked classifier."""
        return self._attacked.identified

    @property
    def num_votes(self) -> int | None:
        """That of the classifier that searches query."""
        return self._search.num_votes

    @property
    def has_gradients(self) -> bool:
        """That of the classifier that searches query."""
        return self._search.has_gradients

    @property
    def transforms_texts(self) -> bool:
        """That of the attacked classifier."""
        return self._attacked.transforms_texts

    def seen_as(self, texts: Sequence[str]) -> list[str]:
        """See :meth:`Classifier.seen_as`."""
        return self._attacked.seen_as(texts)

    def token_gradient(self, text: str) -> TokenGradient:
        """That of the classifier that searches query."""
        return self._search.token_gradient(text)

    def token_gradients(self, texts: Sequence[str]) -> list[TokenGradient]:
        """Those of the classifier that searches query."""
        return self._search.token_gradients(texts)

    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return self._search.predict_proba(texts)

    def _unbatched(self, texts: Sequence[str]) -> np.ndarray:
        return self._search.predict_proba_unbatched(texts)

    def _exact(self, texts: Sequence[str]) -> np.ndarray:
        return self._attacked.predict_proba_exact(texts)

    def _truncated(self, texts: Sequence[str]) -> np.ndarray:
        return self._attacked.truncated(texts)
