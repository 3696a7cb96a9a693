"""The record of a detector on the attacks of a row; it holds ids and numbers, no texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from robustbert.metrics.detection import BootstrapEstimate
from robustbert.records.fields import (
    Name,
    NonNegativeFloat,
    NonNegativeInt,
    Params,
    PositiveInt,
    Proportion,
    StrictModel,
    Timestamp,
)
from robustbert.records.schema import (
    DatasetRef,
    DefenseRef,
    Environment,
    Metric,
    ModelRef,
    Protocol,
    Track,
)
from robustbert.records.strict_json import encode, parse_object, read_file, validated


class Estimate(StrictModel):
    """A number in [0, 1] with its 95% bootstrap interval over examples."""

    value: Proportion = Field(description="the number")
    low: Proportion | None = Field(description="lower end; null for a single pair")
    high: Proportion | None = Field(description="upper end; null for a single pair")

    @classmethod
    def of(cls, found: BootstrapEstimate) -> Estimate:
        """The entry of a bootstrap."""
        return cls(value=found.value, low=found.low, high=found.high)


class PairScores(StrictModel):
    """The score of each original of the test split and of its adversarial text."""

    example_ids: list[Name] = Field(description="ids of the broken examples")
    originals: list[float] = Field(description="score of each original")
    adversarials: list[float] = Field(description="score of each adversarial text")


class Rejection(StrictModel):
    """The accuracies of the victim alone, and with a detector in front of it."""

    clean: Metric = Field(description="correct on clean texts / all")
    clean_with_detector: Metric = Field(description="correct and not flagged / all")
    attacked: Metric = Field(description="accuracy under attack")
    attacked_with_detector: Metric = Field(
        description=(
            "broken and the adversarial text flagged, or survived and the clean text not flagged, "
            "/ all; the attack does not know the detector"
        )
    )


class DetectionCell(StrictModel):
    """A detector that was fitted to one recipe and judged on another, or the same."""

    fitted_on: Name = Field(description="recipe of the validation attacks that it was fitted to")
    tested_on: Name = Field(description="recipe of the test attacks that it is judged on")
    chosen: dict[str, float] = Field(description="what the fit chose, such as a threshold")
    fit_pairs: NonNegativeInt = Field(
        description="validation pairs that it was fitted to; 0 if it learns from clean texts alone"
    )
    threshold_pairs: PositiveInt = Field(
        description="validation pairs that chose the thresholds, by scores of a detector that was "
        "not fitted to them"
    )
    pairs: PositiveInt = Field(description="test pairs: broken examples")
    auroc: Estimate = Field(description="area under the ROC curve of the test pairs")
    tpr_of_curve: Estimate = Field(
        description="true positive rate at a false positive rate of 10% of the test curve itself"
    )
    threshold: float = Field(
        description="score at a false positive rate of at most 10% on validation"
    )
    tpr: Metric = Field(description="flagged adversarial texts at `threshold`")
    fpr: Metric = Field(description="flagged originals at `threshold`")
    f1_threshold: float = Field(description="score with the highest F1 on validation")
    f1: Estimate = Field(description="F1 of the test pairs at `f1_threshold`")
    failed: Metric | None = Field(
        description="flagged texts with which failed attacks ended, at `threshold`; null if not "
        "scored"
    )
    rejection: Rejection = Field(description="accuracies if flagged texts are rejected")
    scores: PairScores | None = Field(description="null if another recipe was fitted")


class DetectionRecord(StrictModel):
    """A detector on the attacks of one row of a run."""

    robustbert_version: Name = Field(description="version of robustbert that wrote it")
    created_at: Timestamp = Field(description="creation time in UTC")
    command: Name | None = Field(description="the command line; null if run from Python")
    detector: Name = Field(description="name of the detector")
    params: Params = Field(description="its parameters")
    dataset: DatasetRef = Field(description="the data of the test attacks")
    model: ModelRef = Field(description="the victim")
    defenses: list[DefenseRef] = Field(description="its defenses, the outermost first")
    training_seed: NonNegativeInt | None = Field(description="seed of its training")
    track: Track = Field(description="the threat model of all attacks")
    protocol: Protocol = Field(description="seed and limits of the test attacks")
    training_texts: NonNegativeInt = Field(
        description="clean training texts; 0 if it learns from pairs alone"
    )
    validation_examples: PositiveInt = Field(description="attacked validation examples per recipe")
    seconds: NonNegativeFloat = Field(description="time to measure, fit and score, no attacks")
    environment: Environment = Field(description="software versions and hardware")
    cells: list[DetectionCell] = Field(description="one per pair of recipes")


class DetectionFile(StrictModel):
    """The records of a detector on the rows of a run."""

    kind: Literal["detection"] = Field(description="distinguishes it from other files")
    format_version: Literal[1] = Field(description="version of this format")
    records: list[DetectionRecord] = Field(description="one per row")


def encode_detection(records: Sequence[DetectionRecord]) -> str:
    """The JSON of records, with a newline at the end."""
    content = DetectionFile(kind="detection", format_version=1, records=list(records))
    return encode(content, indent=1).decode("utf-8")


def read_detection(path: Path) -> tuple[DetectionRecord, ...]:
    """Read the records of a detector.

    Raises:
        RecordError: the file cannot be read, or holds no such records; the message names the field.
    """
    parsed = parse_object(read_file(path), str(path))
    return tuple(validated(DetectionFile, parsed, str(path)).records)
