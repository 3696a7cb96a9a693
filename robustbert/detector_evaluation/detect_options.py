"""What ``robustbert detect`` and ``rb.detect`` are asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from robustbert.frozen import FrozenMapping
from robustbert.validation import check_at_least


@dataclass(frozen=True)
class DetectOptions:
    """How to fit and judge a detector.

    Args:
        detector: a name, as listed by ``robustbert list detectors``, or an import path.
        params: its parameters.
        row: only this row of the table, or this model; None for all.
        recipe: fit and judge on this recipe alone; None for every pair of recipes of a row.
        validation: the number of validation examples to attack per recipe, at least 1; None for as
            many as the largest cell has test examples, or all if there are fewer.
        failed: whether to attack the survivors of the test split again, for the texts with which
            failed attacks ended.
        device: auto, cpu, cuda, cuda:N or mps.
        trusted: import paths that records may name.
        command: the command line without absolute paths; None if there is none.

    Raises:
        InputError: a number is out of range.
    """

    detector: str
    params: Mapping[str, Any] = FrozenMapping()
    row: str | None = None
    recipe: str | None = None
    validation: int | None = None
    failed: bool = False
    device: str = "auto"
    trusted: tuple[str, ...] = ()
    command: str | None = None

    def __post_init__(self) -> None:
        check_at_least(1, optional=True, validation=self.validation)
