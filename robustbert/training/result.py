"""The results of a training: ``training.json``, accuracies, and the folder of checkpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from robustbert.models.folders import TRAINING_FILE
from robustbert.models.json_files import Line, StoredModel, read_checked

if TYPE_CHECKING:
    from robustbert.data import TextDataset
    from robustbert.models import Classifier

#: The subfolder of an output folder that holds checkpoints; removed when training completes.
CHECKPOINTS = "checkpoints"


class _Result(StoredModel):
    metrics: dict[Line, Annotated[float, Field(ge=0, le=1)]]
    seconds: Annotated[float, Field(ge=0)]
    steps: Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class TrainedModel:
    """A completed training.

    Args:
        folder: the model's folder, for :func:`robustbert.models.load_model`.
        metrics: validation_accuracy, and test_accuracy if there is a test split, from 0 to 1.
        seconds: the training time, without loading the dataset and measuring the final
            accuracies; a resumed training includes the time up to its checkpoint.
        steps: optimizer steps; 0 for classical models.
    """

    folder: Path
    metrics: Mapping[str, float]
    seconds: float
    steps: int


def read_training(folder: Path) -> TrainedModel:
    """Read the results of a training from its model's folder.

    Raises:
        ModelError: ``training.json`` is missing or damaged.
    """
    stored = read_checked(Path(folder) / TRAINING_FILE, _Result)
    return TrainedModel(Path(folder), stored.metrics, stored.seconds, stored.steps)


def write_training(
    folder: Path,
    plan: Mapping[str, Any],
    *,
    metrics: Mapping[str, float],
    seconds: float,
    steps: int,
) -> None:
    """Write `TRAINING_FILE` into a folder: the plan and the results."""
    content = {**plan, "metrics": dict(metrics), "seconds": round(seconds, 3), "steps": steps}
    text = json.dumps(content, indent=2, ensure_ascii=False)
    (folder / TRAINING_FILE).write_text(text + "\n", encoding="utf-8")


def measure(classifier: Classifier, dataset: TextDataset) -> dict[str, float]:
    """Measure a classifier's accuracy on the validation and the test split, if there is one."""
    metrics = {}
    for name in ("validation", "test"):
        split = dataset.splits.get(name)
        if split is None:
            continue
        metrics[f"{name}_accuracy"] = accuracy(
            classifier.predict_proba(list(split["text"])), split["label"]
        )
    return metrics


def accuracy(scores: np.ndarray, labels: Sequence[int]) -> float:
    """The share of rows whose largest score is that of their label.

    >>> accuracy(np.array([[0.9, 0.1], [0.2, 0.8]]), [0, 0])
    0.5
    """
    return float(np.mean(scores.argmax(axis=-1) == np.asarray(labels)))
