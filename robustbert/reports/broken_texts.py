"""Read the texts of broken examples from run folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from robustbert.errors import RecordError
from robustbert.records import Outcome, Record, record_name
from robustbert.reports.conditions import recipe_differences, row_differences
from robustbert.reports.row_labels import record_label
from robustbert.reports.run_folder import check_texts, read_finished


@dataclass(frozen=True)
class Attack:
    """The attack that the compared rows have in common.

    Args:
        dataset: name of the dataset.
        split: name of the split.
        track: the threat model.
        recipe: the attack recipe.
    """

    dataset: str
    split: str
    track: str
    recipe: str


@dataclass(frozen=True)
class BrokenText:
    """An original text and its adversarial version.

    Args:
        original: the clean text.
        adversarial: the text that fooled the victim.
        words_changed: number of words replaced, inserted or removed, from the outcome.
    """

    original: str
    adversarial: str
    words_changed: int


@dataclass(frozen=True)
class Cell:
    """The broken examples of one row (a model with its defenses) under one attack.

    Args:
        attack: the attack.
        row: the label of the row, as tables show it.
        texts: keyed by example id.
        run: the folder that the cell was read from.
    """

    attack: Attack
    row: str
    texts: dict[str, BrokenText]
    run: Path


def read_cells(runs: Sequence[Path]) -> tuple[Cell, ...]:
    """Read the broken examples of every cell of the run folders.

    Cells are ordered by folder and, within a folder, by row label, so that an undefended model
    comes before its defended versions.

    Raises:
        RecordError: a folder is not a run folder, lacks outcomes or their texts, or contains the
            same cell as another folder; or the cells of one attack were run under different
            conditions.
    """
    cells: dict[tuple[Attack, str], Cell] = {}
    records: dict[Attack, dict[str, Record]] = {}
    for run in runs:
        for cell, record in _read_folder(Path(run)):
            other = cells.setdefault((cell.attack, cell.row), cell)
            if other is not cell:
                raise RecordError(
                    f"{cell.run} and {other.run} both contain {cell.row} under "
                    f"{_describe(cell.attack)}; pass only one of them"
                )
            records.setdefault(cell.attack, {})[cell.row] = record
    for attack, by_row in records.items():
        _check_conditions(attack, by_row)
    return tuple(cells.values())


def _check_conditions(attack: Attack, records: Mapping[str, Record]) -> None:
    """Reject cells that were attacked under different limits or other conditions."""
    compared = [*records.values()]
    by_row, by_recipe = row_differences(compared), recipe_differences(compared)
    for row, first, second in zip(records, by_row, by_recipe, strict=True):
        if differences := [*first, *second]:
            raise RecordError(
                f"the rows under {_describe(attack)} cannot be compared; {row} differs from most "
                f"of them: {'; '.join(differences)}; pass runs with the same settings"
            )


def _describe(attack: Attack) -> str:
    return f"{attack.recipe} on {attack.dataset} ({attack.track} track)"


def _read_folder(run: Path) -> list[tuple[Cell, Record]]:
    read = read_finished(run)
    names = {record_name(record): record for record in read.records}
    cells = [
        (_cell(run, name, record, read.outcomes[name]), record) for name, record in names.items()
    ]
    return sorted(cells, key=lambda pair: pair[0].row)


def _cell(run: Path, name: str, record: Record, outcomes: Sequence[Outcome]) -> Cell:
    """Build a cell; all accesses to fields of a record or an outcome are here."""
    attack = Attack(record.dataset.name, record.dataset.split, record.track, record.recipe.name)
    broken = [outcome for outcome in outcomes if outcome.status == "broken"]
    check_texts(run, name, broken)
    texts = {
        outcome.example_id: BrokenText(
            outcome.text or "", outcome.adversarial_text or "", outcome.words_changed or 0
        )
        for outcome in broken
    }
    return Cell(attack, record_label(record), texts, run)
