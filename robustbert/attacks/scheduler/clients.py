"""Typed clients of a pool: the victim and the sentence encoder, as a search calls them.

If it is called within a task, each method suspends the task until the pool has answered. The answer
to a text does not depend on the other texts of the call.

Here *exact* means: computed in float32 (classical models: in float64), even if the model otherwise
runs in bfloat16.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from robustbert.attacks.scheduler.pool import Pool, Service, ServiceStats

if TYPE_CHECKING:
    import numpy as np

    from robustbert.models.classifier import Classifier, TokenGradient
    from robustbert.models.original_encoders import TextEncoder

Rows = Callable[[Sequence[str]], "np.ndarray"]
"""A function that returns one row per text, in order: shape (n, d)."""


class PooledVictim:
    """The victim, called through a pool.

    Args:
        pool: answers the requests.
        classifier: the victim.
        probabilities: computes the probabilities; ``classifier.predict_proba`` by default.

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
        self._gradients: Service[TokenGradient] = Service("gradients", classifier.token_gradients)

    @property
    def stats(self) -> ServiceStats:
        """The usage of :meth:`probabilities`."""
        return self._pool.stats[self._probabilities]

    def probabilities(self, texts: Sequence[str]) -> list[np.ndarray]:
        """The probability of each label for each text: n rows, float32 (k,)."""
        return self._pool.request(self._probabilities, texts)

    def exact(self, texts: Sequence[str]) -> list[np.ndarray]:
        """The same in float32 or float64 and with a batch size of 1: n rows, float32 (k,)."""
        return self._pool.request(self._exact, texts)

    def gradients(self, texts: Sequence[str]) -> list[TokenGradient]:
        """The gradient of the predicted label's loss with respect to each text's embeddings."""
        return self._pool.request(self._gradients, texts)


class PooledEncoder:
    """The sentence encoder, called through a pool.

    Args:
        pool: answers the requests.
        embed: computes embeddings in the encoder's dtype.
        exact: computes embeddings in float32.
        uncached: like ``exact``, but bypasses the cache.
        load: loads the encoder with a name, for :meth:`other`; None if there are no others.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        embed: Rows,
        exact: Rows,
        uncached: Rows,
        load: Callable[[str], TextEncoder] | None = None,
    ) -> None:
        self._pool = pool
        self._load = load
        self._others: dict[str, PooledEncoder] = {}
        self._embed: Service[np.ndarray] = Service("embeddings", embed)
        self._exact: Service[np.ndarray] = Service("exact embeddings", exact)
        self._uncached: Service[np.ndarray] = Service("uncached embeddings", uncached)

    def embed(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Unit-norm embeddings in the encoder's dtype: n rows, float32 (d,)."""
        return self._pool.request(self._embed, texts)

    def exact(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Unit-norm embeddings in float32: n rows, float32 (d,)."""
        return self._pool.request(self._exact, texts)

    def uncached(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Like :meth:`exact`, but bypass the cache; for verification."""
        return self._pool.request(self._uncached, texts)

    def other(self, name: str) -> PooledEncoder:
        """The encoder with a name, called through the same pool; it is loaded at its first use."""
        load = self._load
        assert load is not None, f"there is no encoder {name}"
        if name not in self._others:
            self._others[name] = PooledEncoder(
                self._pool,
                embed=lambda texts: load(name).encode(texts),
                exact=lambda texts: load(name).encode(texts),
                uncached=lambda texts: load(name).encode_uncached(texts),
            )
        return self._others[name]
