"""Match the rows and cells of two runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from robustbert.errors import InputError
from robustbert.gate.comparison.cell_differences import differences
from robustbert.gate.gate_run import GateCell, GateRun
from robustbert.gate.policy import check_differences
from robustbert.records import Record
from robustbert.reports.conditions import canonical
from robustbert.reports.wording import listed

#: The relation of two rows with the same weights and defenses.
SAME_MODEL: Final = "the same model"
#: How the relation of two models starts that differ in their training seed alone.
SAME_TRAINING: Final = "the same training"


@dataclass(frozen=True)
class RowPair:
    """Two rows that are compared, on one dataset: a row may have one model per dataset.

    Args:
        base: label of the row of the base.
        candidate: label of the row of the candidate.
        base_sha256: hash of the weights of the base.
        candidate_sha256: hash of the weights of the candidate.
        relation: what the two models have in common, in words.
    """

    base: str
    candidate: str
    base_sha256: str
    candidate_sha256: str
    relation: str

    @property
    def label(self) -> str:
        """Both labels; one if they are the same."""
        return self.base if self.base == self.candidate else f"{self.base} → {self.candidate}"


@dataclass(frozen=True)
class CellPair:
    """Two cells that can be compared.

    Args:
        rows: the rows that they belong to.
        base: the cell of the base.
        candidate: the cell of the candidate.
        allowed: differences between them that were allowed.
    """

    rows: RowPair
    base: GateCell
    candidate: GateCell
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class NotCompared:
    """A cell or a row that was not compared.

    Args:
        row: the label of its row.
        reason: why it was not compared.
        dataset: name of the dataset; None for a whole row.
        split: name of the split; None for a whole row.
        track: name of the track; None for a whole row.
        recipe: name of the recipe; None for a whole row.
        allow: the differences that would have to be allowed; empty if nothing has to be done, as
            for a cell that only the candidate has.
    """

    row: str
    reason: str
    dataset: str | None = None
    split: str | None = None
    track: str | None = None
    recipe: str | None = None
    allow: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Row, dataset, split, track and recipe, as far as they are known."""
        parts = (self.row, self.dataset, self.split, self.track, self.recipe)
        return " ".join(filter(None, parts))


@dataclass(frozen=True)
class Matching:
    """The cells of two runs.

    Args:
        pairs: those that can be compared.
        not_compared: the others.
    """

    pairs: tuple[CellPair, ...]
    not_compared: tuple[NotCompared, ...]


@dataclass
class _Found:
    pairs: list[CellPair] = field(default_factory=list)
    not_compared: list[NotCompared] = field(default_factory=list)


def match_runs(base: GateRun, candidate: GateRun, allow: Collection[str] = ()) -> Matching:
    """Match the rows of two runs, and their cells by dataset, split, track and recipe.

    If each run has a single row, these are matched whatever their labels. Otherwise rows are
    matched by their labels.

    Args:
        base: the base.
        candidate: the candidate.
        allow: kinds of differences to allow, names in
            :data:`robustbert.gate.policy.DIFFERENCES`.

    Raises:
        InputError: no row of one run has the label of a row of the other, or a run has two cells
            with the same row, dataset, split, track and recipe.
        UnknownNameError: there is no such kind of difference.
    """
    allow = check_differences(allow)
    found = _Found()
    old, new = base.rows(), candidate.rows()
    pairs = [(old[0], new[0])] if len(old) == len(new) == 1 else [(r, r) for r in old if r in new]
    if not pairs:
        raise InputError(
            f"{base.name} has the rows {listed(old)}, and {candidate.name} has {listed(new)}; "
            "choose one of each with --base-row and --candidate-row"
        )
    for old_row, new_row in pairs:
        _match_cells(base.only_row(old_row), candidate.only_row(new_row), allow, found)
    missing = () if "missing" in allow else ("missing",)
    for row in old:
        if row not in {pair[0] for pair in pairs}:
            reason = "the candidate has no such row"
            found.not_compared.append(NotCompared(row, reason, allow=missing))
    for row in new:
        if row not in {pair[1] for pair in pairs}:
            reason = "the base has no such row"
            found.not_compared.append(NotCompared(row, reason))
    return Matching(tuple(found.pairs), tuple(found.not_compared))


def _match_cells(base: GateRun, candidate: GateRun, allow: Collection[str], found: _Found) -> None:
    """Match the cells of one row of each run."""
    old, new = _by_key(base), _by_key(candidate)
    for key, cell in old.items():
        if key not in new:
            missing = () if "missing" in allow else ("missing",)
            found.not_compared.append(_not_compared(cell, "only the base has it", missing))
            continue
        differing = differences(cell, new[key])
        refused = tuple(kind for kind in differing if kind not in allow)
        reasons = [text for kind in refused for text in differing[kind]]
        if not refused and not _finished(cell) & _finished(new[key]):
            refused, reasons = ("examples",), ["no example was finished in both"]
        if refused:
            reason = "; ".join(reasons)
            found.not_compared.append(_not_compared(new[key], reason, refused))
        else:
            allowed = tuple(text for texts in differing.values() for text in texts)
            found.pairs.append(CellPair(_row_pair(cell, new[key]), cell, new[key], allowed))
    for key, cell in new.items():
        if key not in old:
            found.not_compared.append(_not_compared(cell, "only the candidate has it"))


def _finished(cell: GateCell) -> set[str]:
    """The ids of the examples without an error."""
    return {example for example, status in cell.statuses.items() if status != "error"}


def _by_key(run: GateRun) -> dict[tuple[str, ...], GateCell]:
    cells: dict[tuple[str, ...], GateCell] = {}
    for cell in run.cells:
        record = cell.record
        key = (record.dataset.name, record.dataset.split, record.track, record.recipe.name)
        if cells.setdefault(key, cell) is not cell:
            raise InputError(
                f"{run.name} has two cells of {cell.row} on {record.dataset.name} under "
                f"{record.recipe.name} ({record.track} track); give the run of one of them"
            )
    return cells


def _not_compared(cell: GateCell, reason: str, allow: tuple[str, ...] = ()) -> NotCompared:
    record = cell.record
    return NotCompared(
        row=cell.row,
        dataset=record.dataset.name,
        split=record.dataset.split,
        track=record.track,
        recipe=record.recipe.name,
        reason=reason,
        allow=allow,
    )


def _row_pair(base: GateCell, candidate: GateCell) -> RowPair:
    old, new = base.record, candidate.record
    return RowPair(
        base.row,
        candidate.row,
        old.model.sha256,
        new.model.sha256,
        next(_relations(old, new)),
    )


def _relations(old: Record, new: Record) -> Iterator[str]:
    """What two models have in common; the first one is the closest relation."""
    same_defenses = canonical([d.model_dump() for d in old.defenses]) == canonical(
        [d.model_dump() for d in new.defenses]
    )
    if old.model.sha256 == new.model.sha256 and same_defenses:
        yield SAME_MODEL
    seeds = (old.training_seed, new.training_seed)
    same_training = canonical(old.model.training) == canonical(new.model.training)
    same_data = old.dataset.sha256 == new.dataset.sha256
    trained = None not in seeds and old.model.training is not None
    if trained and same_training and same_data and same_defenses and seeds[0] != seeds[1]:
        yield f"{SAME_TRAINING} with another seed ({seeds[0]} and {seeds[1]})"
    yield "different models"
