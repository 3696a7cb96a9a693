"""Argument types, and arguments that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any


def add_command(subparsers: Any, name: str, run: Callable[[Any], int], summary: str) -> Any:
    """Add a command and return its parser.

    Args:
        subparsers: where to add it.
        name: the name of the command.
        run: runs the command on the parsed options and returns the exit code.
        summary: one line for ``--help``, without a capital and a full stop.
    """
    command = subparsers.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False
    )
    command.set_defaults(run=run)
    return command


def add_dtype_and_device(command: Any, purpose: str) -> None:
    """Add ``--dtype`` and ``--device``."""
    command.add_argument(
        "--dtype",
        default="auto",
        help=f"dtype for {purpose}: float32, bfloat16, or auto (default), the faster one",
    )
    command.add_argument(
        "--device", default="auto", help="cpu, cuda, cuda:N, mps, or auto (default)"
    )


def add_assets_profile(command: Any, *, suite: bool = False) -> None:
    """Add ``--assets``; the command line makes the profile the current one.

    Args:
        command: the parser.
        suite: whether the command runs a suite, which may name a profile.
    """
    default = "from the suite, or else " if suite else ""
    command.add_argument(
        "--assets",
        dest="assets_profile",
        metavar="PROFILE",
        help="offline, or canonical for the original assets of recipes, which are downloaded; "
        f"default: {default}ROBUSTBERT_ASSETS, or else offline",
    )


def add_labels(command: Any) -> None:
    """Add ``--labels``."""
    command.add_argument(
        "--labels",
        type=names,
        metavar="NAME,NAME",
        help="names of the model's outputs, in order; needed if its configuration has none "
        "(LABEL_0, LABEL_1, ...)",
    )


def add_cell_choice(command: Any, verb: str) -> None:
    """Add ``--dataset``, ``--model`` and ``--recipe``, which choose cells of a run.

    Args:
        command: the parser.
        verb: what is done with the chosen ones, for the help.
    """
    for option, kind in (
        ("--dataset", "dataset"),
        ("--model", "model or row of the table"),
        ("--recipe", "recipe"),
    ):
        command.add_argument(option, metavar="NAME", help=f"{verb} only this {kind}")


def names(text: str) -> list[str]:
    """Parse comma-separated names, at least one."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise argparse.ArgumentTypeError("give at least one name")
    return found


def integers(text: str) -> list[int]:
    """Parse comma-separated integers, at least one."""
    if not text.strip(" ,"):
        raise argparse.ArgumentTypeError("give at least one integer")
    return [integer(name) for name in names(text)]


def integer(text: str) -> int:
    """Parse an integer."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer") from None
