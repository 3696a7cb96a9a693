"""``robustbert train``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from robustbert.commands.arguments import add_command, add_dtype_and_device, integer
from robustbert.commands.dataset_options import add_dataset_options, training_source


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
    from robustbert.training import make_config, train

    given = {
        name: getattr(options, name)
        for name in (
            *("epochs", "batch_size", "learning_rate", "max_length"),
            *("dtype", "device", "tensorboard"),
        )
        if getattr(options, name) is not None
    }
    check_dtype_and_device(options.dtype, options.device)
    config = make_config(given, seed=options.seed)
    dataset = training_source(options).load()
    trained = train(dataset, options.model, config, options.out, resume=options.resume)
    for name, value in trained.metrics.items():
        print(f"{name.replace('_', ' ')}: {100 * value:.1f}%")
    print(f"{trained.seconds:.0f} s; the model is in {options.out}")
    return 0
