"""A classifier at another temperature, whatever computes its logits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robustbert.errors import ModelError
from robustbert.models.classifier import Classifier
from robustbert.models.classifier_wrapper import ClassifierWrapper
from robustbert.models.output_checks import softmax


def at_temperature(classifier: Classifier, temperature: float) -> Classifier:
    """The same classifier with its logits divided by a temperature.

    A classifier that has a temperature of its own keeps its gradients
    (:meth:`Classifier.with_temperature`); another one is wrapped.

    Args:
        classifier: a classifier with logits.
        temperature: a number above 0.

    Raises:
        ModelError: the classifier has no logits.
    """
    if not classifier.has_logits:
        raise ModelError(
            f"model {classifier.info.name!r} has no logits, so it has no temperature; choose a "
            "transformer or a linear model"
        )
    try:
        return classifier.with_temperature(temperature)
    except ModelError:  # only networks of transformers can
        return _Scaled(classifier, temperature)


class _Scaled(ClassifierWrapper):
    """A classifier whose probabilities are computed from the logits of another one.

    Args:
        inner: a classifier with logits.
        temperature: divides the logits.
    """

    def __init__(self, inner: Classifier, temperature: float) -> None:
        super().__init__(inner)
        self._temperature = temperature

    @property
    def has_logits(self) -> bool:
        """Always true."""
        return True

    @property
    def transforms_texts(self) -> bool:
        """That of the wrapped classifier."""
        return self._inner.transforms_texts

    def seen_as(self, texts: Sequence[str]) -> list[str]:
        """See :meth:`Classifier.seen_as`."""
        return self._inner.seen_as(texts)

    def _logits(self, texts: Sequence[str]) -> np.ndarray:
        return self._inner.predict_logits(texts) / self._temperature

    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return softmax(self._logits(texts))

    def _exact(self, texts: Sequence[str]) -> np.ndarray:
        """Softmax of the logarithms, which are the logits up to a constant."""
        exact = self._inner.predict_proba_exact(texts).astype(np.float64)
        smallest = np.finfo(np.float64).tiny  # a probability that was rounded to 0
        return softmax(np.log(np.maximum(exact, smallest)) / self._temperature)
