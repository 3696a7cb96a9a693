"""The quick gate: attack a model on the first examples of a base, and compare only these.

It is made for each commit: the model is attacked on a few examples, under the conditions of the
base, and nothing is attacked if the model is still the one of the base. It sees large drops only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from robustbert.bench.attack_progress import AttackProgress
from robustbert.bench.job import LoadedJob
from robustbert.bench.record import CellHeader
from robustbert.bench.store import StoredCell
from robustbert.errors import InputError
from robustbert.gate.comparison.cell_differences import differences
from robustbert.gate.comparison.verdicts import Comparison, compare_runs
from robustbert.gate.gate_run import GateCell, GateRun
from robustbert.gate.policy import POWER, GatePolicy, check_differences
from robustbert.gate.repeated_cells import RepeatedCells, check_trusted, condition_difference
from robustbert.records import Counts, Record, statuses_of
from robustbert.reports.conditions import short_hash
from robustbert.reports.wording import counted, listed
from robustbert.validation import check_at_least


@dataclass(frozen=True)
class _QuickCell:
    """A cell of the base and that of the candidate, on the same examples.

    Args:
        base: the base on the quick examples.
        candidate: the candidate on them.
        state: ``same`` if the model is that of the base under the same conditions, ``refused`` if
            the conditions cannot be compared, and ``attacked`` otherwise.
    """

    base: GateCell
    candidate: GateCell
    state: str


def quick_compare(
    base: GateRun,
    model: str,
    policy: GatePolicy | None = None,
    *,
    examples: int = 50,
    allow: Collection[str] = (),
    loader: RepeatedCells | None = None,
    trusted: Collection[str] = (),
) -> Comparison:
    """Attack a model on the first examples of each cell of a base, and compare it with the base.

    The outcome of an example depends on neither the other examples nor their number, so the first
    examples have the outcomes of a full run. Cells whose conditions differ from those of the base
    are refused before they are attacked. If no cell differs in anything, the model passes at once.

    Args:
        base: the base, with one row.
        model: the model: a folder, ``hub:NAME``, or either after ``NAME=``.
        policy: what is allowed; None for the defaults.
        examples: the number of examples per cell, at least 1; all if the base has fewer.
        allow: kinds of differences to allow; see :func:`robustbert.gate.compare_runs`.
        loader: loads the data and the model; None for built-in datasets.
        trusted: import paths of recipes, defenses and datasets that the base may name.

    Raises:
        InputError: the base has several rows or names other code, or a dataset is not that of the
            base.
        ModelError: the model cannot be loaded, or has other labels.
        UnknownNameError: there is no such kind of difference.
    """
    check_at_least(1, examples=examples)
    policy, loader = policy or GatePolicy(), loader or RepeatedCells()
    allowed = check_differences(allow)
    if len(base.rows()) > 1:
        raise InputError(
            f"--quick attacks one model, but {base.name} has the rows {listed(base.rows())}; "
            "choose one with --base-row"
        )
    check_trusted((cell.record for cell in base.cells), trusted)
    cells = [_quick_cell(cell, model, examples, allowed, loader) for cell in base.cells]
    same = all(cell.state == "same" for cell in cells)
    comparison = compare_runs(
        GateRun(base.name, tuple(cell.base for cell in cells)),
        GateRun(model, tuple(cell.candidate for cell in cells)),
        replace(policy, strict=policy.strict and not same),
        allow=allowed,
    )
    notes = [*_notes(cells, comparison, examples), *comparison.notes]
    return replace(comparison, policy=policy, notes=tuple(notes))


def _quick_cell(
    base: GateCell, model: str, examples: int, allow: Collection[str], loader: RepeatedCells
) -> _QuickCell:
    record = base.record
    victim = loader.victim(model, record, same=False)
    job = loader.job(victim, record, n=min(examples, len(base.statuses)), seed=record.protocol.seed)
    first = _restricted(base, job.example_ids())
    # what the candidate's cell would be if the model had the outcomes of the base
    unattacked = GateCell(_described(first.record, job.header), first.statuses)
    if differences(first, unattacked).keys() - set(allow):
        return _QuickCell(first, unattacked, "refused")
    if condition_difference(job.header, record) is None:
        return _QuickCell(first, unattacked, "same")
    return _QuickCell(first, _attacked(job), "attacked")


def _attacked(job: LoadedJob) -> GateCell:
    """Attack the examples of a job; nothing is stored."""
    new = StoredCell(Path(), None, {}, frozenset(), complete=False)
    dataset, recipe = job.header.dataset.name, job.header.recipe.name
    title = f"quick gate: {dataset} {job.header.track} {recipe}"
    with AttackProgress(len(job.examples), title) as progress:
        result = job.run(new, lambda _: None, progress)
    return GateCell(result.record, statuses_of(result.outcomes))


def _restricted(cell: GateCell, examples: Iterable[str]) -> GateCell:
    """A cell with only these examples, as far as it has them."""
    statuses = {i: cell.statuses[i] for i in examples if i in cell.statuses}
    found = Counter(statuses.values())
    counts = Counts(
        skipped=found["skipped"],
        robust=found["robust"],
        broken=found["broken"],
        exhausted=found["exhausted"],
        error=found["error"],
        retracted=0,
        truncated=0,
    )
    protocol = cell.record.protocol.model_copy(update={"n": len(statuses)})
    record = cell.record.model_copy(update={"counts": counts, "protocol": protocol})
    return GateCell(record, statuses)


def _described(record: Record, header: CellHeader) -> Record:
    """A record under the conditions of a job that has not run."""
    fields = ("dataset", "model", "training_seed", "recipe", "assets", "protocol", "environment")
    changes = {field: getattr(header, field) for field in fields}
    return record.model_copy(update=changes)


def _notes(cells: Collection[_QuickCell], comparison: Comparison, examples: int) -> Iterable[str]:
    counts = Counter(cell.state for cell in cells)
    if counts["same"] == len(cells):
        sha256 = short_hash(next(iter(cells)).base.record.model.sha256)
        yield (
            f"Quick gate: the model is that of the base ({sha256}) under the same conditions, so "
            "it has the same outcomes, and nothing was attacked."
        )
        return
    yield (
        f"Quick gate: only the first {counted(examples, 'example')} of each cell of the base were "
        f"compared ({counted(counts['attacked'], 'cell')} attacked). {_power(comparison)} Run the "
        "full gate before a release."
    )
    if counts["same"]:
        yield f"{counted(counts['same'], 'cell')} had no difference from the base: not attacked."


def _power(comparison: Comparison) -> str:
    """What the quick gate can see."""
    smallest = [measure.power.smallest_drop for measure in comparison.measures]
    found = [drop for drop in smallest if drop is not None]
    if not found:
        return f"With so few, no drop would be significant with a power of {POWER:g}."
    low, high = f"{100 * min(found):.1f}", f"{100 * max(found):.1f}"
    size = f"{low} points" if low == high else f"{low} to {high} points, depending on the measure,"
    return f"Drops from {size} on are seen with a power of {POWER:g}."
