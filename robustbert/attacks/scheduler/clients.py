"""Typed clients of a pool: the victim and the sentence encoder, as a search calls them.

Called within a task, each method suspends the task until the pool has answered. The answer to a
text does not depend on the other texts of the call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from robustbert.attacks.scheduler.pool import Pool, Service, ServiceStats

if TYPE_CHECKING:
    import numpy as np

    from robustbert.models.classifier import Classifier, TokenGradient

Rows = Callable[[Sequence[str]], "np.ndarray"]
"""A function that returns one row per text, in order: shape (n, d)."""


class PooledVictim:
    """The victim, called through a pool.

    Args:
        pool: answers the requests.
        classifier: the victim.
        probabilities: what computes its probabilities; ``classifier.predict_proba`` by default.

    Attributes:
        classifier: the victim.
    """

    def __init__(
        self, pool: Pool, classifier: Classifier, probabilities: Rows | None = None
    ) -> None:
        self.classifier = classifier
        self._pool = pool
        self._probabilities: Service[np.ndarray] = Service(
            "probabilities", probabilities or classifier.predict_proba
        )
        self._exact: Service[np.ndarray] = Service(
            "exact probabilities", classifier.predict_proba_exact
        )
        self._gradients: Service[TokenGradient] = Service(
            "gradients", lambda texts: [classifier.token_gradient(text) for text in texts]
        )

    @property
    def stats(self) -> ServiceStats:
        """How much :meth:`probabilities` was used."""
        return self._pool.stats[self._probabilities]

    def probabilities(self, texts: Sequence[str]) -> list[np.ndarray]:
        """The probability of each label for each text: n rows, float32 (k,)."""
        return self._pool.ask(self._probabilities, texts)

    def exact(self, texts: Sequence[str]) -> list[np.ndarray]:
        """The same, each text alone and in at least float32: n rows, float32 (k,)."""
        return self._pool.ask(self._exact, texts)

    def gradients(self, texts: Sequence[str]) -> list[TokenGradient]:
        """The gradient of the predicted label's loss with respect to each text's embeddings."""
        return self._pool.ask(self._gradients, texts)


class PooledEncoder:
    """The sentence encoder, called through a pool.

    Args:
        pool: answers the requests.
        embed: computes embeddings in the encoder's dtype.
        exact: computes embeddings in float32.
        uncached: the same as ``exact``, without a cache.
    """

    def __init__(self, pool: Pool, *, embed: Rows, exact: Rows, uncached: Rows) -> None:
        self._pool = pool
        self._embed: Service[np.ndarray] = Service("embeddings", embed)
        self._exact: Service[np.ndarray] = Service("exact embeddings", exact)
        self._uncached: Service[np.ndarray] = Service("uncached embeddings", uncached)

    def embed(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Unit-norm embeddings in the encoder's dtype: n rows, float32 (d,)."""
        return self._pool.ask(self._embed, texts)

    def exact(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Unit-norm embeddings in float32: n rows, float32 (d,)."""
        return self._pool.ask(self._exact, texts)

    def uncached(self, texts: Sequence[str]) -> list[np.ndarray]:
        """The same as :meth:`exact`, computed without a cache, for verification."""
        return self._pool.ask(self._uncached, texts)
