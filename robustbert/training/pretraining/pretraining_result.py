"""The results of a pre-training: ``pretraining.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from robustbert.models.folders import PRETRAINING_FILE
from robustbert.models.json_files import Line, StoredModel, read_checked
from robustbert.training.pretraining.held_out_scores import HeldOutScores


class LoggedLosses(StoredModel):
    """The mean training losses since the entry before; None for an objective that is not trained.

    Attributes:
        step: the step after which they were logged.
        loss: the sum of both.
        mlm_loss: of masked language modelling, in nats per masked token.
        nsp_loss: of next sentence prediction, in nats per pair.
    """

    step: int
    loss: float
    mlm_loss: float | None = None
    nsp_loss: float | None = None


class _Config(StoredModel):
    objectives: list[Line]


class _Result(StoredModel):
    config: _Config
    before: HeldOutScores
    after: HeldOutScores
    losses: list[LoggedLosses]
    seconds: Annotated[float, Field(ge=0)]
    steps: Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class PretrainedModel:
    """A completed pre-training.

    Args:
        folder: the folder, a base for :func:`robustbert.train`. ``transformers``' classes
            ``BertForPreTraining`` and ``BertForMaskedLM`` load it, too.
        objectives: mlm, nsp or both; a head that was not trained is the base's, or random.
        before: what the base predicts on the held-out rows; with new heads, about chance.
        after: what the pre-trained network predicts on them.
        losses: the training losses.
        seconds: the training time, without reading texts and measuring; a resumed training
            includes the time up to its checkpoint.
        steps: optimizer steps.
    """

    folder: Path
    objectives: tuple[str, ...]
    before: HeldOutScores
    after: HeldOutScores
    losses: tuple[LoggedLosses, ...]
    seconds: float
    steps: int


def read_pretraining(folder: Path) -> PretrainedModel:
    """Read the results of a pre-training from its folder.

    Raises:
        ModelError: ``pretraining.json`` is missing or damaged.
    """
    stored = read_checked(Path(folder) / PRETRAINING_FILE, _Result)
    return PretrainedModel(
        folder=Path(folder),
        objectives=tuple(stored.config.objectives),
        before=stored.before,
        after=stored.after,
        losses=tuple(stored.losses),
        seconds=stored.seconds,
        steps=stored.steps,
    )


def write_pretraining(
    folder: Path,
    plan: Mapping[str, Any],
    *,
    before: HeldOutScores,
    after: HeldOutScores,
    losses: Sequence[LoggedLosses],
    seconds: float,
    steps: int,
) -> None:
    """Write `PRETRAINING_FILE` into a folder: the plan and the results."""
    content = {
        **plan,
        "before": before.model_dump(),
        "after": after.model_dump(),
        "losses": [entry.model_dump(exclude_none=True) for entry in losses],
        "seconds": round(seconds, 3),
        "steps": steps,
    }
    text = json.dumps(content, indent=2, ensure_ascii=False)
    (folder / PRETRAINING_FILE).write_text(text + "\n", encoding="utf-8")
