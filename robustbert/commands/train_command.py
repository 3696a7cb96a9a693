"""``robustbert train``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robustbert.commands.arguments import add_command, add_dtype_and_device, integer
from robustbert.commands.dataset_options import add_dataset_options, training_source
from robustbert.commands.terminal import INTERRUPTED, print_error
from robustbert.errors import InputError

#: The options of fine-tuning, which the classical models do not have.
_OF_NETWORKS = ("epochs", "batch_size", "learning_rate", "max_length", "tensorboard")


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
    command.add_argument("--epochs", type=integer, metavar="N", help="number of training epochs")
    command.add_argument("--batch-size", type=integer, metavar="N", help="training batch size")
    command.add_argument("--learning-rate", type=float, metavar="X", help="peak learning rate")
    command.add_argument(
        "--max-length", type=integer, metavar="N", help="maximum number of tokens per text"
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
    add_dtype_and_device(command, "training")
    add_dataset_options(command, trains=True)


def train(options: Any) -> int:
    """Run ``robustbert train``."""
    from robustbert.bench import check_dtype_and_device
    from robustbert.training import check_base_and_output, make_config, train

    given = {
        name: getattr(options, name)
        for name in (*_OF_NETWORKS, "dtype", "device")
        if getattr(options, name) is not None
    }
    check_dtype_and_device(options.dtype, options.device)
    config = make_config(given, seed=options.seed)
    # before the dataset is loaded, which may take long
    base = check_base_and_output(options.model, options.out)
    unused = [name for name in _OF_NETWORKS if getattr(options, name)]
    if base.kind is not None and unused:
        option = unused[0].replace("_", "-")
        raise InputError(
            f"--{option} has no effect on {base.name}, which is not fine-tuned; leave it out, or "
            "train a network, such as minilm"
        )
    dataset = training_source(options).load()
    try:
        trained = train(dataset, options.model, config, options.out, resume=options.resume)
    except KeyboardInterrupt:
        if base.kind is not None:  # it has no checkpoints
            raise
        print_error("interrupted; to resume, run the same command with --resume")
        return INTERRUPTED
    for name, value in trained.metrics.items():
        print(f"{name.replace('_', ' ')}: {100 * value:.1f}%")
    print(f"{trained.seconds:.0f} s; the model is in {options.out}")
    return 0
