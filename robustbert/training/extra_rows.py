"""What a training tells a maker of extra rows at the start of an epoch, and gets from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustbert.errors import InputError

if TYPE_CHECKING:
    from robustbert.data import TextDataset
    from robustbert.models import Classifier
    from robustbert.training.config import TrainingConfig


@dataclass(frozen=True)
class ExtraRow:
    """A text to train on, besides the training row that it was made from.

    Args:
        row: the index of that training row, from 0.
        text: the text.
        label: its label.
        weight: multiplies its loss, at least 0.
    """

    row: int
    text: str
    label: int
    weight: float = 1.0


@dataclass(frozen=True)
class EpochStart:
    """A training at the start of an epoch.

    Args:
        epoch: the epoch, from 0.
        dataset: the data.
        texts: the texts of all training rows.
        labels: their labels.
        config: the training settings.
        make_classifier: makes a classifier with a copy of the network as it is now, in evaluation
            mode; the training does not change it.
    """

    epoch: int
    dataset: TextDataset
    texts: Sequence[str]
    labels: Sequence[int]
    config: TrainingConfig
    make_classifier: Callable[[], Classifier]


def check_extra_rows(rows: Sequence[ExtraRow], start: EpochStart) -> None:
    """Check what a maker of extra rows has made.

    Raises:
        InputError: one is not an :class:`ExtraRow`, is of no training row, has a label that the
            data does not have, or a weight that is negative or not finite.
    """
    for row in rows:
        if not isinstance(row, ExtraRow):
            raise InputError(f"an extra row of an epoch is {row!r}; give robustbert's ExtraRow")
        ranges = {"row": len(start.texts), "label": len(start.dataset.label_names)}
        for name, count in ranges.items():
            if not 0 <= getattr(row, name) < count:
                raise InputError(
                    f"an extra row of an epoch has the {name} {getattr(row, name)}; give 0 to "
                    f"{count - 1}"
                )
        if not (math.isfinite(row.weight) and row.weight >= 0):
            raise InputError(
                f"an extra row of an epoch has the weight {row.weight}; give a number of at least 0"
            )


EpochRows = Callable[[EpochStart], Sequence[ExtraRow]]
"""Makes the extra rows of an epoch: the same for the same network and arguments."""
