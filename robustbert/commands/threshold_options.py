"""``--fail-under`` and ``--on``: thresholds for accuracies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from robustbert.errors import InputError

if TYPE_CHECKING:
    from robustbert.gate import Thresholds


def add_thresholds(command: Any) -> None:
    """Add ``--fail-under`` and ``--on``."""
    command.add_argument(
        "--fail-under",
        metavar="NAME=X[,NAME=X]",
        help="exit with 1 if an accuracy of a model is below X, a proportion from 0 to 1; NAME is "
        "worst_case (over the core recipes of the run), clean, or a recipe; for example, "
        "worst_case=0.4,clean=0.8",
    )
    command.add_argument(
        "--on",
        choices=("low", "value"),
        help="the number that --fail-under compares: low (default), the lower end of the 95%% "
        "interval, for which few examples are not enough, or value",
    )


def chosen_thresholds(options: Any) -> Thresholds | None:
    """The thresholds of the command line; None if there are none.

    Raises:
        InputError: ``--fail-under`` cannot be parsed, or ``--on`` is given without it.
    """
    if options.fail_under is None:
        if options.on is not None:
            raise InputError("--on is given without --fail-under; add, say, --fail-under clean=0.8")
        return None
    from robustbert.gate import parse_thresholds

    return parse_thresholds(options.fail_under, options.on or "low")
