"""Training with a list of defenses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from robustbert.defenses.added_rows import join_rows
from robustbert.defenses.transformed_rows import (
    those_that_transform,
    transform_dataset,
    transform_epoch_rows,
    transform_rows,
)
from robustbert.errors import InputError

if TYPE_CHECKING:
    from robustbert.data import TextDataset
    from robustbert.defenses.base import Defense
    from robustbert.training import TrainedModel, TrainingConfig


def train_defended(
    defenses: Sequence[Defense],
    dataset: TextDataset,
    base: str | Path,
    config: TrainingConfig,
    out: Path,
    *,
    plain: Path | None = None,
    resume: bool = False,
) -> TrainedModel:
    """Train a model with several defenses, at most one of which has a training loss.

    Each transforms the texts of all splits and changes the training settings in turn; rows, whose
    texts are transformed as well, and callbacks are joined.

    Args:
        defenses: the defenses.
        dataset: the training data.
        base: the model to start from, as :func:`robustbert.training.train` takes it.
        config: the training settings, before the defenses change them.
        out: the folder to write; it must not hold a model already.
        plain: the folder of the plain model; None if no defense needs it.
        resume: continue from the last checkpoint in ``out``, if there is one.

    Raises:
        RobustbertError: as in :meth:`Defense.check_base` and :func:`robustbert.training.train`.
        InputError: no defense trains, one needs a plain model and there is none, or transformed
            texts are not as :meth:`Defense.training_texts` says.
    """
    from robustbert.training import train

    if not any(defense.trains for defense in defenses):
        names = " and ".join(type(defense).__name__ for defense in defenses)
        raise InputError(f"{names} trains nothing; wrap a trained classifier")
    for defense in defenses:
        if defense.needs_plain_model and plain is None:
            name = type(defense).__name__
            raise InputError(f"{name} needs a plain model; train one and give its folder as plain")
        defense.check_base(str(base))
        config = defense.training_config(config)
    transforming = those_that_transform(defenses)
    rows = [
        defense.training_rows(dataset, plain if defense.needs_plain_model else None, config)
        for defense in defenses
    ]
    losses = [defense.training_loss for defense in defenses if defense.has_training_loss]
    return train(
        transform_dataset(dataset, transforming),
        str(base),
        config,
        out,
        extra_examples=transform_rows(join_rows(rows), transforming),
        loss=losses[0] if losses else None,
        callbacks=[callback for defense in defenses for callback in defense.callbacks()],
        epoch_rows=transform_epoch_rows(defenses),
        resume=resume,
    )
