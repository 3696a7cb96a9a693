"""How to repeat the results of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from robustbert.records import Record
from robustbert.reports.card.card_protocol import attack_commands

_DEFENDED = (
    "The run was started from Python, and no command can repeat it, because the model has a "
    "defense: use robustbert.run_plan with the settings on this page."
)
_DEFAULTS = (
    "The run was started from Python. From the command line it is as follows, with the default "
    "limits, and with the default training if the model is trained first."
)


@dataclass(frozen=True)
class Reproduction:
    """The commands that repeat results.

    Args:
        recorded: the commands that made the records, as the records have them.
        equivalent: commands for records that were made from Python.
        note: what to know about these; empty if there are none.
    """

    recorded: tuple[str, ...]
    equivalent: tuple[str, ...]
    note: str


def reproduction(records: Sequence[Record]) -> Reproduction:
    """How to repeat the records of one model."""
    recorded = tuple(dict.fromkeys(one.command for one in records if one.command is not None))
    others = [record for record in records if record.command is None]
    if not others:
        return Reproduction(recorded, (), "")
    if others[0].defenses:
        return Reproduction(recorded, (), _DEFENDED)
    return Reproduction(recorded, tuple(attack_commands(others)), _DEFAULTS)
