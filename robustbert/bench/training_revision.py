"""The revision of training, a part of every cache key and of the records of trained models."""

from __future__ import annotations

import math

from robustbert.data import TextDataset
from robustbert.defenses import Composition
from robustbert.models.pretrained import find_base
from robustbert.training import TrainingConfig

#: Increment it when a change of the code changes the trained models.
TRAINING_REVISION = 3
# In revision 2 the last step was evaluated only if an evaluation was due then.
_UNEVALUATED_LAST_STEP = 2


def training_revision(
    base: str, defenses: Composition, dataset: TextDataset, config: TrainingConfig
) -> int:
    """The revision of training that last changed the weights of a model.

    Revision 3 evaluates the network after its last step. That changes nothing if an evaluation is
    due then anyway, nor for classical models: theirs is revision 2.

    Args:
        base: the base that is trained.
        defenses: the defenses.
        dataset: the training data.
        config: the training settings.

    Raises:
        UnknownNameError: there is no such base.
        DatasetError: the dataset has no training split.
    """
    if find_base(base).folder is None:
        return _UNEVALUATED_LAST_STEP
    if any(defense.overrides("training_rows") for defense in defenses.defenses):
        return TRAINING_REVISION  # the number of steps is not known before the rows are made
    steps = math.ceil(len(dataset.split("train")) / config.batch_size)
    between_evaluations = math.ceil(steps / config.evals_per_epoch)
    is_due = steps * config.epochs % between_evaluations == 0
    return _UNEVALUATED_LAST_STEP if is_due else TRAINING_REVISION
