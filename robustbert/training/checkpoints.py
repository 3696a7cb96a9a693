"""Checkpoints of an unfinished training, which are kept with the plan that they belong to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_utils import get_last_checkpoint

from robustbert.errors import OutputError
from robustbert.training.result import CHECKPOINTS

PLAN_FILE = "plan.json"


def last_checkpoint(out: Path, plan: Mapping[str, Any], *, resume: bool) -> str | None:
    """Return the checkpoint to resume from, and create the folder of checkpoints.

    Args:
        out: the output folder of the training.
        plan: everything that determines the result; it must be the same when resuming.
        resume: whether to continue from a checkpoint, if there is one.

    Raises:
        OutputError: the folder cannot be written, holds a training that is not to be resumed, or
            holds one with another plan.
    """
    checkpoints = out / CHECKPOINTS
    plan_file = checkpoints / PLAN_FILE
    text = json.dumps(plan, indent=2, sort_keys=True)
    found = _last_complete(checkpoints)
    if found is not None and not resume:
        raise OutputError(
            f"{out} holds an unfinished training; resume it (--resume; resume=True in "
            f"Python), or remove its {CHECKPOINTS}"
        )
    if found is not None and plan_file.read_text(encoding="utf-8") != text:
        raise OutputError(
            f"{checkpoints} belongs to a training with other data, base or settings; "
            "remove it or choose another output folder"
        )
    try:
        checkpoints.mkdir(parents=True, exist_ok=True)
        plan_file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"cannot write to {out} ({error.strerror}); choose another output folder"
        ) from error
    return found


def _last_complete(folder: Path) -> str | None:
    """The last complete checkpoint; later ones, which are incomplete, are deleted."""
    while folder.is_dir() and (found := get_last_checkpoint(str(folder))) is not None:
        try:
            json.loads((Path(found) / TRAINER_STATE_NAME).read_text(encoding="utf-8"))
        except (OSError, ValueError):  # the Trainer writes this file last
            shutil.rmtree(found)
        else:
            return str(found)
    return None
