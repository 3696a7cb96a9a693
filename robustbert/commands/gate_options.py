"""The options that say what a gate allows, and the ``[gate]`` table of a configuration file."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import names

if TYPE_CHECKING:
    from robustbert.gate import GatePolicy
    from robustbert.gate.gate_config import GateTable


@dataclass(frozen=True)
class GateSettings:
    """What a gate allows, from a configuration file and the options of the command line.

    Args:
        policy: the policy.
        allow: kinds of differences that are allowed.
        config: the table of the configuration file.
    """

    policy: GatePolicy
    allow: frozenset[str]
    config: GateTable


def add_policy_options(command: Any) -> None:
    """Add the options that say what is allowed."""
    command.add_argument(
        "--max-drop",
        type=float,
        metavar="X",
        help="the drop of accuracy that is allowed, 0 to 1, except where a rule of the "
        "configuration gives another one; default: 0.02, two points",
    )
    command.add_argument(
        "--alpha",
        type=float,
        metavar="X",
        help="level of significance for all tests together; default: 0.05",
    )
    command.add_argument(
        "--strict",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="fail if there are too few examples to see the allowed drop with a power of 0.8; "
        "default: no",
    )
    add_allow(command)
    add_config(command)


def add_allow(command: Any) -> None:
    """Add ``--allow``."""
    command.add_argument(
        "--allow",
        type=names,
        metavar="KIND[,KIND]",
        help="differences between the runs that are allowed, and marked: assets, seed, protocol, "
        "versions, examples, errors, missing",
    )


def add_config(command: Any) -> None:
    """Add ``--config``."""
    command.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="TOML file with a [gate] table; default: robustbert.toml, or [tool.robustbert.gate] "
        "in pyproject.toml; options override it",
    )


def gate_settings(options: Any) -> GateSettings:
    """The settings of the configuration file, with the options applied.

    Raises:
        SuiteError: the configuration file is invalid.
        InputError: a number is out of range.
        UnknownNameError: there is no such kind of difference.
    """
    from robustbert.gate.gate_config import load_gate_config
    from robustbert.gate.policy import check_differences

    config = load_gate_config(options.config)
    given = {
        name: value
        for name in ("max_drop", "alpha", "strict")
        if (value := getattr(options, name, None)) is not None
    }
    policy = replace(config.policy(), **given)
    allow = check_differences([*config.allow, *(options.allow or ())])
    return GateSettings(policy, allow, config)
