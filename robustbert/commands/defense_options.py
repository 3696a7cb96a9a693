"""The options that choose defenses: ``--defense`` and ``--set``."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robustbert.defenses import DefenseSpec


@dataclass(frozen=True)
class ChosenDefense:
    """A defense of the command line.

    Args:
        name: its name.
        settings: its parameters, each as ``NAME=VALUE``.
    """

    name: str
    settings: tuple[str, ...] = ()


def add_defense_options(command: Any, purpose: str, *, adaptive: bool = False) -> None:
    """Add ``--defense`` and ``--set``, and ``--adaptive`` for attacks that can know the defenses.

    Args:
        command: the parser of a command.
        purpose: what the defenses are applied to, for ``--help``.
        adaptive: whether to add ``--adaptive``.
    """
    command.add_argument(
        "--defense",
        dest="defenses",
        action=_AddDefense,
        default=(),
        metavar="NAME",
        help=f"a defense of {purpose} (see robustbert list defenses), with its default parameters; "
        "give the option again for several, the outermost first",
    )
    command.add_argument(
        "--set",
        action=_AddSetting,
        default=argparse.SUPPRESS,  # it is kept with the defense
        metavar="NAME=VALUE",
        help="a parameter of the --defense before it, such as steps=3; lists are separated by "
        "commas; give the option again for several",
    )
    if adaptive:
        command.add_argument(
            "--adaptive",
            action="store_true",
            help="attack the model through its defenses: follow the average over more votes, and "
            "leave out edits that are undone",
        )


class _AddDefense(argparse.Action):
    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:
        namespace.defenses = (*namespace.defenses, ChosenDefense(values))


class _AddSetting(argparse.Action):
    def __call__(self, parser: Any, namespace: Any, values: Any, option: str | None = None) -> None:
        if not namespace.defenses:
            raise argparse.ArgumentError(
                self, f"there is no --defense before {values}; give the name of the defense first"
            )
        *others, last = namespace.defenses
        last = ChosenDefense(last.name, (*last.settings, values))
        namespace.defenses = (*others, last)


def chosen_defenses(options: Any) -> tuple[DefenseSpec, ...]:
    """The defenses of the command line, with checked parameters.

    Raises:
        UnknownNameError: there is no such defense or parameter; the message lists the near names.
        InputError: a value has the wrong type or is out of range, or two defenses cannot be
            combined.
    """
    from robustbert.defenses import DEFENSES, DefenseSpec, compose
    from robustbert.validation import settings_from_text

    specs = tuple(
        DefenseSpec(one.name, settings_from_text(DEFENSES.load(one.name), one.settings, one.name))
        for one in options.defenses
    )
    compose(specs)
    return specs
