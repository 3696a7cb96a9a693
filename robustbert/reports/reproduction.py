"""How to repeat the results of a model: the commands that made them, or equivalent ones."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from robustbert.records import DefenseRef, ModelRef, Record
from robustbert.validation import setting_as_text

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

    @property
    def recorded_note(self) -> str:
        """What to know about the recorded commands; empty if there are none."""
        if not self.recorded:
            return ""
        commands = "This command" if len(self.recorded) == 1 else "These commands"
        return (
            f"{commands} made the records, possibly with those of other models; of an absolute "
            "path only the last part is kept."
        )


def reproduction(records: Sequence[Record]) -> Reproduction:
    """How to repeat the records of one model."""
    recorded = tuple(dict.fromkeys(one.command for one in records if one.command is not None))
    others = [record for record in records if record.command is None]
    if not others:
        return Reproduction(recorded, (), "")
    return Reproduction(recorded, tuple(_attack_commands(others)), _DEFAULTS)


def _attack_commands(records: Iterable[Record]) -> list[str]:
    """The commands that attack the model of records again, one for each dataset, track and size."""
    recipes: dict[str, list[str]] = {}
    for record in records:
        recipes.setdefault(_command(record), []).append(record.recipe.name)
    return [f"{start} --recipe {shlex.quote(','.join(names))}" for start, names in recipes.items()]


def _command(record: Record) -> str:
    """The command without the recipe."""
    protocol = record.protocol
    options = {
        "model": _model(record.model),
        "dataset": record.dataset.name,
        "split": record.dataset.split,
        "track": record.track,
        "num-examples": str(protocol.n),
        "seed": str(protocol.seed),
        "dtype": record.model.dtype,
    }
    # with "=", because a name may begin with a dash
    words = [f"--{option}={value}" for option, value in options.items()]
    words += [word for defense in record.defenses for word in _defense_words(defense)]
    words += ["--adaptive"] if protocol.adaptive else []
    return " ".join(["robustbert attack", *map(shlex.quote, words)])


def _defense_words(defense: DefenseRef) -> list[str]:
    """The options that apply a defense; a parameter that is None cannot be given."""
    given = [(name, value) for name, value in defense.params.items() if value is not None]
    return [
        f"--defense={defense.name}",
        *(f"--set={setting_as_text(name, value)}" for name, value in given),
    ]


def _model(model: ModelRef) -> str:
    """What ``--model`` takes; the place of a model in a folder is not known."""
    if model.training is not None:
        return model.name
    return model.source if model.source.startswith("hub:") else f"{model.name}=path/to/model"
