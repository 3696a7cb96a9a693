"""The file of a learning curve: its points and what they have in common; it holds no texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from robustbert.records import Counts, DefenseRef, Environment, Metric
from robustbert.records.fields import (
    Name,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    Sha256,
    StrictModel,
    Track,
)
from robustbert.records.strict_json import check_version, parse_object, read_file, validated

#: The only version of the format.
CURVE_VERSION: Literal[1] = 1
CurveSplit: TypeAlias = Literal["test", "validation"]


Digits: TypeAlias = Annotated[str, Field(pattern="^[01]+$")]
#: The key of the examples that are right without an attack.
CLEAN = "clean"


class CurvePoint(StrictModel):
    """A model that was trained on a part of the training split, and its accuracies."""

    size: Annotated[float, Field(gt=0, le=1)] = Field(description="share of the training split")
    noise: Annotated[float, Field(ge=0, lt=1)] = Field(description="share of wrong labels")
    seed: NonNegativeInt = Field(description="seed of the part, the wrong labels and the training")
    num_examples: PositiveInt = Field(description="number of training examples")
    num_changed: NonNegativeInt = Field(description="number of wrong labels among them")
    dataset_sha256: Sha256 = Field(description="hash of all splits, wrong labels included")
    weights_sha256: Sha256 | None = Field(description="hash of the trained weights")
    train_seconds: NonNegativeFloat | None = Field(
        description="training time; null if the training was interrupted"
    )
    clean: Metric = Field(description="accuracy on the whole split")
    attacked: dict[Name, Metric] = Field(description="accuracy under each recipe")
    worst_case: Metric | None = Field(
        description="share of the attacked examples that survive all recipes; null without recipes"
    )
    counts: dict[Name, Counts] = Field(description="number of outcomes per recipe")
    right: dict[Name, Digits] = Field(
        description="`clean` and each recipe: one digit per example, in an order that all points "
        "share; 1 if the model is right, or survives the attack"
    )

    @property
    def place(self) -> tuple[float, float, int]:
        """Size, noise and seed, which identify the point."""
        return self.size, self.noise, self.seed

    @property
    def errors(self) -> int:
        """The number of attacks that failed with an error."""
        return sum(counts.error for counts in self.counts.values())


class LearningCurve(StrictModel):
    """The points of a learning curve, and what they have in common."""

    curve_version: Literal[1] = Field(description="version of this format")
    robustbert_version: Name = Field(description="version that measured the last point")
    command: str | None = Field(description="command line without absolute paths")
    dataset: Name = Field(description="name of the dataset")
    source: Name = Field(description="where it was loaded from")
    model: Name = Field(description="name of the base model")
    defenses: list[DefenseRef] = Field(description="defenses of every model")
    recipes: list[Name] = Field(description="attacks; empty for clean accuracy alone")
    track: Track = Field(description="threat model of the attacks")
    split: CurveSplit = Field(description="split of all accuracies")
    configuration: dict[str, Any] = Field(description="what determines a point, but for its place")
    environment: Environment = Field(description="versions and hardware of the last point")
    points: list[CurvePoint] = Field(description="the points, by seed, noise and size")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len({point.place for point in self.points}) < len(self.points):
            raise ValueError("a point occurs twice")
        for point in self.points:
            if list(point.attacked) != self.recipes or list(point.counts) != self.recipes:
                raise ValueError("a point has other recipes")
            expected = {CLEAN: point.clean, **point.attacked}
            if {name: _accuracy(digits) for name, digits in point.right.items()} != {
                name: (metric.value, metric.n) for name, metric in expected.items()
            }:
                raise ValueError("a point has other accuracies than its examples")
            if (point.worst_case is None) == bool(self.recipes):
                raise ValueError("a point lacks the worst case, or has one without recipes")
        return self

    @property
    def label(self) -> str:
        """The model, followed by a plus sign and the name for each defense."""
        return " + ".join([self.model, *(defense.name for defense in self.defenses)])


def _accuracy(digits: str) -> tuple[float, int]:
    return digits.count("1") / len(digits), len(digits)


def read_curve(path: Path) -> LearningCurve:
    """Read the file of a learning curve.

    Raises:
        RecordError: it cannot be read, or is no such file.
    """
    content = parse_object(read_file(path), str(path))
    check_version(content, "curve_version", CURVE_VERSION, str(path))
    return validated(LearningCurve, content, str(path))
