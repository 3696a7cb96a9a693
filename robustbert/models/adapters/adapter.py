"""The base of the classifiers around models in memory: from raw outputs to probabilities."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from robustbert.errors import InputError, ModelError
from robustbert.models.classifier import Classifier
from robustbert.models.label_names import check_label_names
from robustbert.models.output_checks import (
    SUM_TOLERANCE,
    are_probabilities,
    check_output_kind,
    check_probabilities,
    check_rows,
    normalized,
    softmax,
)

#: The number of rows that are not all probability distributions by chance.
MIN_ROWS = 8


class Adapter(Classifier):
    """A classifier around a model that returns probabilities or logits.

    Subclasses implement ``_outputs_of`` and ``_exact_outputs_of``. What they return is checked
    before it is believed.

    Args:
        label_names: the name of each output, in order.
        outputs: ``probabilities`` or ``logits``.

    Raises:
        InputError: the label names are not at least two different strings.
        UnknownNameError: there is no such kind of outputs.
    """

    def __init__(self, label_names: Sequence[str], outputs: str) -> None:
        self.label_names = check_label_names(label_names)
        self._kind = check_output_kind(outputs)

    @property
    def has_logits(self) -> bool:
        """Whether the model returns logits."""
        return self._kind == "logits"

    @property
    def _sum_tolerance(self) -> float:
        """How far the sum of a row of the model's probabilities may be from 1."""
        return SUM_TOLERANCE

    @abstractmethod
    def _outputs_of(self, texts: Sequence[str], *, unbatched: bool = False) -> Any:
        """The model's outputs (n, k) for ``n >= 1`` checked texts."""

    @abstractmethod
    def _exact_outputs_of(self, texts: Sequence[str]) -> Any:
        """The model's outputs (n, k) in full precision, with a batch size of 1."""

    def _probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return self._as_probabilities(self._outputs_of(texts))

    def _unbatched(self, texts: Sequence[str]) -> np.ndarray:
        return self._as_probabilities(self._outputs_of(texts, unbatched=True))

    def _exact(self, texts: Sequence[str]) -> np.ndarray:
        return self._as_probabilities(self._exact_outputs_of(texts))

    def _logits(self, texts: Sequence[str]) -> np.ndarray:
        return np.asarray(self._outputs_of(texts))

    def _as_probabilities(self, outputs: Any) -> np.ndarray:
        """Check finite outputs (n, k) and turn them into probabilities, float64."""
        rows = check_rows(outputs, self.info.name, len(outputs), self.label_names)
        if self._kind == "logits":
            return softmax(rows)
        return normalized(check_probabilities(rows, self.info.name, self._sum_tolerance))

    def _check_logits(self, rows: np.ndarray) -> None:
        """Check that finite rows (n, k) are not probabilities, if there are enough of them.

        Raises:
            ModelError: each of at least `MIN_ROWS` rows is in [0, 1] and sums to 1.
        """
        if len(rows) >= MIN_ROWS and are_probabilities(rows):
            raise ModelError(
                f"model {self.info.name!r} returns probabilities: each row is in [0, 1] and sums "
                'to 1; pass outputs="probabilities", or return logits, before softmax'
            )


def check_name(name: str | None, default: str) -> str:
    """The name of a model: ``name``, or ``default`` if it is None.

    Raises:
        InputError: it is not a string with at least one printable character.
    """
    if name is None:
        return default
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise InputError(f"name must be a short printable string, not {ascii(name)[:40]}")
    return name
