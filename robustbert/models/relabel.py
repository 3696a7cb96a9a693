"""A view of a classifier whose columns are in another order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from robustbert.models.classifier import Classifier, ModelInfo, TokenGradient
from robustbert.models.classifier_wrapper import ClassifierWrapper
from robustbert.models.label_names import label_order

if TYPE_CHECKING:
    from robustbert.models.embedded_network import EmbeddedNetwork
    from robustbert.models.token_network import TokenNetwork


def relabel(classifier: Classifier, label_names: Sequence[str]) -> Classifier:
    """Put a classifier's columns in the order of ``label_names``, matched by name.

    Args:
        classifier: the classifier.
        label_names: its label names in any order, for example those of a dataset.

    Returns:
        ``classifier`` itself if the order is the same, else a wrapper.

    Raises:
        ModelError: the labels are not the classifier's.
    """
    names = tuple(label_names)
    order = label_order(classifier.info.name, classifier.label_names, names, named=True)
    return classifier if names == classifier.label_names else _Relabeled(classifier, names, order)


class _Relabeled(ClassifierWrapper):
    """A classifier with the outputs of another one, in another order."""

    def __init__(
        self, inner: Classifier, label_names: tuple[str, ...], order: Sequence[int]
    ) -> None:
        super().__init__(inner)
        self._order = list(order)
        self._own_info: ModelInfo | None = None
        self.label_names = label_names

    @property
    def info(self) -> ModelInfo:  # type: ignore[override]
        """The metadata of the wrapped classifier, whose hash may change."""
        if self._own_info is None:
            return self._inner.info
        return replace(self._own_info, sha256=self._inner.info.sha256)

    @info.setter
    def info(self, info: ModelInfo) -> None:
        self._own_info = info

    @property
    def has_logits(self) -> bool:
        """That of the wrapped classifier."""
        return self._inner.has_logits

    @property
    def has_gradients(self) -> bool:
        """That of the wrapped classifier."""
        return self._inner.has_gradients

    def token_gradient(self, text: str) -> TokenGradient:
        """See :meth:`Classifier.token_gradient`; the order of the labels does not matter."""
        return self._inner.token_gradient(text)

    def token_gradients(self, texts: Sequence[str]) -> list[TokenGradient]:
        """See :meth:`Classifier.token_gradients`."""
        return self._inner.token_gradients(texts)

    def with_temperature(self, temperature: float) -> Classifier:
        """See :meth:`Classifier.with_temperature`."""
        return self._around(self._inner.with_temperature(temperature))

    @property
    def transforms_texts(self) -> bool:
        """That of the wrapped classifier."""
        return self._inner.transforms_texts

    def seen_as(self, texts: Sequence[str]) -> list[str]:
        """See :meth:`Classifier.seen_as`."""
        return self._inner.seen_as(texts)

    def embedded_network(self) -> EmbeddedNetwork:
        """See :meth:`Classifier.embedded_network`."""
        return self._inner.embedded_network().reordered(self._order)

    def token_network(self) -> TokenNetwork:
        """See :meth:`Classifier.token_network`."""
        return self._inner.token_network().reordered(self._order)

    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return self._inner.predict_proba(texts)[:, self._order]

    def _exact(self, texts: Sequence[str]) -> np.ndarray:
        return self._inner.predict_proba_exact(texts)[:, self._order]

    def _unbatched(self, texts: Sequence[str]) -> np.ndarray:
        return self._inner.predict_proba_unbatched(texts)[:, self._order]

    def _logits(self, texts: Sequence[str]) -> np.ndarray:
        return self._inner.predict_logits(texts)[:, self._order]
