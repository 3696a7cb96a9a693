"""The results of attacking a finished row again, to find out whether its robustness is real.

They are stored beside the records, one file per row; the checks that follow from them are added to
the records of the row.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from robustbert.io import write_bytes
from robustbert.records.fields import (
    Name,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    Proportion,
    Sha256,
    StrictModel,
    Timestamp,
    Track,
)
from robustbert.records.measures import Metric
from robustbert.records.schema import Record
from robustbert.records.storage import record_name
from robustbert.records.strict_json import (
    check_version,
    encode,
    parse_object,
    read_file,
    validated,
)

#: The version of the format of rechecks.
RECHECK_VERSION: Final = 1
#: The folder of rechecks in a run folder.
RECHECKS_FOLDER: Final = "rechecks"


class SecondAttack(StrictModel):
    """The worst case of a second attack on the same examples, and a test of the difference."""

    worst_case: Metric = Field(description="share of examples that survive the second attack")
    only_before: NonNegativeInt = Field(description="examples that survive only the first attack")
    only_after: NonNegativeInt = Field(description="examples that survive only the second attack")
    p_value: Proportion = Field(description="of the exact McNemar test, two-sided")


class TriedTemperature(StrictModel):
    """A temperature, and how the model does under attack with it on validation examples."""

    temperature: NonNegativeFloat = Field(description="the logits are divided by it")
    accuracy: Proportion = Field(description="worst case on the validation examples")


class Calibration(StrictModel):
    """The attack on the model with calibrated probabilities."""

    temperature: NonNegativeFloat = Field(description="the logits are divided by it")
    fitted_temperature: NonNegativeFloat = Field(
        description="the temperature that fits the validation split"
    )
    nll_before: NonNegativeFloat = Field(
        description="negative log-likelihood of the validation split, in nats per example"
    )
    nll: NonNegativeFloat = Field(description="the same at the fitted temperature")
    num_examples: PositiveInt = Field(description="number of examples of the validation split")
    tried: list[TriedTemperature] = Field(
        description="temperatures tried under attack; empty unless the model is under-confident"
    )
    attack: SecondAttack = Field(description="the attack on the calibrated model")


class AdaptiveAttack(StrictModel):
    """The attack that knows the defense of the model."""

    votes: PositiveInt | None = Field(
        description="number of votes that the search averages over; null if it is not randomised"
    )
    leaves_out_undone_edits: bool = Field(
        description="whether the search leaves out edits that the model undoes"
    )
    attack: SecondAttack = Field(description="the attack on the same model")


class RowRecheck(StrictModel):
    """The second attacks on a row: one model with its defenses on one dataset and track."""

    recheck_version: Literal[1] = Field(RECHECK_VERSION, description="version of this format")
    robustbert_version: Name = Field(description="version of robustbert that made the attacks")
    created_at: Timestamp = Field(description="time in UTC, such as `2026-11-24T12:00:00Z`")
    row: Name = Field(description="label of the row")
    dataset: Name = Field(description="name of the dataset")
    track: Track = Field(description="the track")
    recipes: list[Name] = Field(description="the recipes of the worst case")
    model_sha256: Sha256 = Field(description="hash of the model")
    worst_case: Metric = Field(description="share of examples that survive the first attack")
    calibration: Calibration | None = Field(description="null if it was not checked")
    adaptive: AdaptiveAttack | None = Field(description="null if it was not checked")
    not_checked: dict[str, str] = Field(
        description="why a check was not made, keyed by its name, for example `miscalibration`"
    )


def recheck_path(run: Path, record: Record) -> Path:
    """The path of a row's recheck in a run folder, given one of the row's records."""
    row, _, _ = record_name(record).rpartition("--")
    return run / RECHECKS_FOLDER / f"{row}.json"


def write_recheck(recheck: RowRecheck, path: Path) -> None:
    """Write a recheck atomically.

    Raises:
        OutputError: the file cannot be written.
    """
    write_bytes(path, encode(recheck, indent=1))


def read_recheck(path: Path) -> RowRecheck:
    """Read a recheck.

    Raises:
        RecordError: the file is missing or not a recheck; the message names the field.
    """
    return parse_recheck(read_file(path), str(path))


def parse_recheck(content: bytes, place: str) -> RowRecheck:
    """Read a recheck from the content of its file.

    Args:
        content: the content.
        place: where it is, for messages.

    Raises:
        RecordError: it is not a recheck; the message names the field.
    """
    parsed = parse_object(content, place)
    check_version(parsed, "recheck_version", RECHECK_VERSION, place)
    return validated(RowRecheck, parsed, place)
