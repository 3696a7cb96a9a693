"""What a training tells a maker of extra rows at the start of an epoch, and gets from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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


EpochRows = Callable[[EpochStart], Sequence[ExtraRow]]
"""Makes the extra rows of an epoch: the same for the same network and arguments."""
