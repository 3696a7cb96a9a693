"""``robustbert train``."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import (
    add_assets_profile,
    add_command,
    add_dtype_and_device,
    integer,
)
from robustbert.commands.dataset_options import add_dataset_options, training_source
from robustbert.commands.defense_options import add_defense_options, chosen_defenses
from robustbert.commands.terminal import INTERRUPTED, print_error
from robustbert.errors import InputError, RobustbertWarning

if TYPE_CHECKING:
    from robustbert.data import TextDataset
    from robustbert.defenses import Composition
    from robustbert.training import TrainedModel, TrainingConfig

#: The options of fine-tuning, which the classical models do not have.
_OF_NETWORKS = (
    *("epochs", "batch_size", "learning_rate", "warmup_ratio", "weight_decay", "optimizer"),
    *("layer_decay", "max_length", "workers", "tensorboard"),
)


def add_train(subparsers: Any) -> None:
    """Add the command ``train``."""
    command = add_command(subparsers, "train", train, "fine-tune a classifier")
    command.add_argument(
        "--model", required=True, help="the model to fine-tune: a name, a folder or hub:NAME"
    )
    command.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for the model; must be new or empty",
    )
    add_defense_options(command, "the model")
    command.add_argument("--epochs", type=integer, metavar="N", help="number of training epochs")
    command.add_argument(
        "--batch-size", type=integer, metavar="N", help="texts per step, of all workers together"
    )
    command.add_argument("--learning-rate", type=float, metavar="X", help="peak learning rate")
    command.add_argument(
        "--warmup-ratio",
        type=float,
        metavar="X",
        help="share of the steps in which the learning rate rises",
    )
    command.add_argument(
        "--weight-decay", type=float, metavar="X", help="weight decay of the optimizer"
    )
    command.add_argument("--optimizer", metavar="NAME", help="adamw or adafactor")
    command.add_argument(
        "--layer-decay",
        type=float,
        metavar="X",
        help="factor of the learning rate from each layer to the one below it; 1: none",
    )
    command.add_argument(
        "--max-length", type=integer, metavar="N", help="maximum number of tokens per text"
    )
    command.add_argument(
        "--workers",
        type=integer,
        metavar="N",
        help="number of processes that train together, each on its part of every batch; default: 1",
    )
    command.add_argument(
        "--seed", type=integer, default=0, metavar="N", help="training seed; default: 0"
    )
    command.add_argument(
        "--resume", action="store_true", help="resume from the last checkpoint in --out"
    )
    command.add_argument(
        "--tensorboard", action="store_true", help="write TensorBoard logs into DIR-logs"
    )
    add_assets_profile(command)
    add_dtype_and_device(command, "training")
    add_dataset_options(command)


def train(options: Any) -> int:
    """Run ``robustbert train``."""
    from robustbert.bench import check_dtype_and_device
    from robustbert.defenses import compose
    from robustbert.training import check_base_and_output, make_config

    given = {
        name: getattr(options, name)
        for name in (*_OF_NETWORKS, "dtype", "device")
        if getattr(options, name) is not None
    }
    check_dtype_and_device(options.dtype, options.device)
    config = make_config(given, seed=options.seed)
    # before the dataset is loaded, which may take long
    base = check_base_and_output(options.model, options.out)
    defenses = compose(chosen_defenses(options))
    _check_defenses(defenses, options.model)
    unused = [
        name
        for name in _OF_NETWORKS
        if getattr(options, name) is not None and getattr(options, name) is not False
    ]
    if base.kind is not None and unused:
        option = unused[0].replace("_", "-")
        raise InputError(
            f"--{option} has no effect on {base.name}, which is not fine-tuned; leave it out, or "
            "train a network, such as minilm"
        )
    dataset = training_source(options).load()
    defenses.check_dataset(dataset)
    try:
        trained = _train(dataset, defenses, config, options)
    except KeyboardInterrupt:
        if base.kind is not None:  # it has no checkpoints
            raise
        print_error("interrupted; to resume, run the same command with --resume")
        return INTERRUPTED
    for name, value in trained.metrics.items():
        print(f"{name.replace('_', ' ')}: {100 * value:.1f}%")
    print(f"{trained.seconds:.0f} s; the model is in {options.out}")
    return 0


def _check_defenses(defenses: Composition, model: str) -> None:
    """Check that the defenses can train the model; warn of what its folder will not hold.

    Raises:
        ModelError: the model does not support a defense.
        InputError: the defenses only change predictions.
    """
    names = " and ".join(defenses.wrappers)
    if defenses.names and not defenses.trains:
        raise InputError(
            f"{names} changes predictions and trains nothing; give it to bench or attack instead"
        )
    defenses.check_base(model)
    if names:
        warnings.warn(
            f"{names} also changes predictions, which a model folder cannot hold: to attack the "
            f"defended model, run attack --model {model} with the same defenses, which trains it",
            RobustbertWarning,
            stacklevel=3,
        )


def _train(
    dataset: TextDataset, defenses: Composition, config: TrainingConfig, options: Any
) -> TrainedModel:
    """Train the model, plainly or with its defenses; these may need a plain model."""
    from robustbert.training import train

    if not defenses.names:
        return train(dataset, options.model, config, options.out, resume=options.resume)
    plain = None
    if defenses.needs_plain_model:
        from robustbert.bench.victims import plain_model

        plain = plain_model(options.model, dataset, replace(config, tensorboard=False)).folder
    return defenses.train(
        dataset, options.model, config, options.out, plain=plain, resume=options.resume
    )
