"""A classifier that reads a transformed text in place of the text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from robustbert.models import Classifier
from robustbert.models.classifier_wrapper import ClassifierWrapper
from robustbert.models.input_checks import check_texts


class TransformedClassifier(ClassifierWrapper):
    """A classifier whose texts are transformed before it reads them.

    It has no gradients: those of the wrapped classifier are of the tokens of the transformed text,
    which are not those of the text.

    Args:
        classifier: the classifier.
        transformation: transforms a text, as a function of that text alone. Where the result is
            blank, the classifier reads the text as it is.
    """

    def __init__(self, classifier: Classifier, transformation: Callable[[str], str]) -> None:
        super().__init__(classifier)
        self._transformation = transformation

    def transform(self, texts: Sequence[str]) -> list[str]:
        """What the wrapped classifier reads in place of each text.

        Two texts with the same result have the same predictions. So an attack can ask which edits
        are seen at all, without a query.

        Raises:
            InputError: a text is empty, blank or not valid Unicode.
        """
        check_texts(texts)
        return [self._transform(text) for text in texts]

    @property
    def transforms_texts(self) -> bool:
        """Always true."""
        return True

    def seen_as(self, texts: Sequence[str]) -> list[str]:
        """What the innermost classifier reads in place of each text, see :meth:`transform`."""
        return self._inner.seen_as(self.transform(texts))

    @property
    def has_logits(self) -> bool:
        """That of the wrapped classifier."""
        return self._inner.has_logits

    def with_temperature(self, temperature: float) -> Classifier:
        """See :meth:`Classifier.with_temperature`."""
        return self._around(self._inner.with_temperature(temperature))

    def _transform(self, text: str) -> str:
        transformed = self._transformation(text)
        return transformed if transformed.strip() else text

    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return self._of_transformed(self._inner.predict_proba, texts)

    def _exact(self, texts: Sequence[str]) -> np.ndarray:
        return self._of_transformed(self._inner.predict_proba_exact, texts)

    def _unbatched(self, texts: Sequence[str]) -> np.ndarray:
        return self._of_transformed(self._inner.predict_proba_unbatched, texts)

    def _logits(self, texts: Sequence[str]) -> np.ndarray:
        return self._of_transformed(self._inner.predict_logits, texts)

    def _truncated(self, texts: Sequence[str]) -> np.ndarray:
        return self._of_transformed(self._inner.truncated, texts)

    def _of_transformed(
        self, function: Callable[[Sequence[str]], np.ndarray], texts: Sequence[str]
    ) -> np.ndarray:
        """The rows of the transformed texts, each different one of which is computed once."""
        indices: dict[str, int] = {}
        inverse = [indices.setdefault(self._transform(text), len(indices)) for text in texts]
        return function(list(indices))[inverse]
