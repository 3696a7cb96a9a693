"""The texts of broken examples, read from run folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from robustbert.errors import RecordError
from robustbert.records import Outcome, Record, read_run, record_name
from robustbert.reports.conditions import recipe_differences, row_differences
from robustbert.reports.row_labels import record_label


@dataclass(frozen=True)
class Attack:
    """What the rows of a comparison have in common.

    Args:
        dataset: its name.
        split: which part of it.
        track: the threat model.
        recipe: the attack recipe.
    """

    dataset: str
    split: str
    track: str
    recipe: str


@dataclass(frozen=True)
class BrokenText:
    """A text and what an attack made of it to fool the victim.

    Args:
        original: the clean text.
        adversarial: the text that fooled the victim.
        words_changed: words replaced, inserted or removed, as the record has it.
    """

    original: str
    adversarial: str
    words_changed: int


@dataclass(frozen=True)
class Cell:
    """The broken examples of one row (a model under a defense) under one attack.

    Args:
        attack: the attack.
        row: the label of the row, as tables show it.
        texts: by example id.
        run: the folder it was read from.
    """

    attack: Attack
    row: str
    texts: dict[str, BrokenText]
    run: Path


def read_cells(runs: Sequence[Path]) -> tuple[Cell, ...]:
    """Read the broken examples of every cell of some run folders.

    The cells come in the order of the folders, and within a folder in the order of their rows'
    labels, so that an undefended model comes before its defended ones.

    Raises:
        RecordError: a folder is no run, lacks outcomes or their texts, or holds a cell that another
            one holds too; or cells of one attack were made under other conditions.
    """
    cells: dict[tuple[Attack, str], Cell] = {}
    records: dict[Attack, dict[str, Record]] = {}
    for run in runs:
        for cell, record in _read_folder(Path(run)):
            other = cells.setdefault((cell.attack, cell.row), cell)
            if other is not cell:
                raise RecordError(
                    f"{cell.run} and {other.run} both hold {cell.row} under "
                    f"{_described(cell.attack)}; give one of them"
                )
            records.setdefault(cell.attack, {})[cell.row] = record
    for attack, of_rows in records.items():
        _check_conditions(attack, of_rows)
    return tuple(cells.values())


def _check_conditions(attack: Attack, records: Mapping[str, Record]) -> None:
    """Refuse cells whose texts had to keep different limits, or were made in another way."""
    found = [*records.values()]
    of_row, of_recipe = row_differences(found), recipe_differences(found)
    for row, first, second in zip(records, of_row, of_recipe, strict=True):
        if differences := [*first, *second]:
            raise RecordError(
                f"the rows under {_described(attack)} cannot be compared; {row} differs from most "
                f"of them: {'; '.join(differences)}; give runs that were made alike"
            )


def _described(attack: Attack) -> str:
    return f"{attack.recipe} on {attack.dataset} ({attack.track} track)"


def _read_folder(run: Path) -> list[tuple[Cell, Record]]:
    if not (run / "records").is_dir():
        raise RecordError(f"{run} is no run folder: it has no records; give the --out of a run")
    read = read_run(run)
    if not read.records:
        raise RecordError(f"{run} holds no finished cell; run the same bench command to go on")
    cells = []
    for record in read.records:
        name = record_name(record)
        if name not in read.outcomes:
            raise RecordError(f"{run} has no outcomes of {name}; run that cell again")
        cells.append((_cell(run, name, record, read.outcomes[name]), record))
    return sorted(cells, key=lambda found: found[0].row)


def _cell(run: Path, name: str, record: Record, outcomes: Sequence[Outcome]) -> Cell:
    """The one place that says which parts of a record and an outcome are used."""
    attack = Attack(record.dataset.name, record.dataset.split, record.track, record.recipe.name)
    texts = {}
    for outcome in outcomes:
        if outcome.status != "broken":
            continue
        if outcome.text is None or outcome.adversarial_text is None:
            raise RecordError(
                f"{run}: the outcomes of {name} are without texts, as they are published; "
                "give the folder of a run of your own"
            )
        texts[outcome.example_id] = BrokenText(
            outcome.text, outcome.adversarial_text, outcome.words_changed or 0
        )
    return Cell(attack, record_label(record), texts, run)
