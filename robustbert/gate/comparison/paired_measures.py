"""The accuracies of two runs, example by example, before they are tested."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.gate.comparison.matching import CellPair, RowPair
from robustbert.gate.gate_run import GateCell
from robustbert.gate.policy import CLEAN, WORST_CASE
from robustbert.metrics.accuracies import SURVIVED


@dataclass(frozen=True)
class PairedMeasure:
    """The examples of one measure, before it is judged.

    Args:
        rows: the two rows.
        dataset: name of the dataset.
        split: name of the split.
        track: name of the track; None for clean accuracy.
        measure: the name of a recipe, ``worst_case`` or ``clean``.
        recipes: the recipes that it is computed over.
        base: whether the base classifies each example correctly, keyed by example id.
        candidate: the same of the candidate; only shared ids are compared.
        allowed: differences between the compared cells that were allowed.
    """

    rows: RowPair
    dataset: str
    split: str
    track: str | None
    measure: str
    recipes: tuple[str, ...]
    base: Mapping[str, bool]
    candidate: Mapping[str, bool]
    allowed: tuple[str, ...] = ()


def paired_measures(pairs: Sequence[CellPair]) -> Iterator[PairedMeasure]:
    """The measures of matched cells: by rows, dataset and split, then by track."""
    by_data: dict[tuple[RowPair, str, str], list[CellPair]] = {}
    for pair in pairs:
        dataset = pair.base.record.dataset
        by_data.setdefault((pair.rows, dataset.name, dataset.split), []).append(pair)
    for cells in by_data.values():
        yield from _clean(cells)
        for track in dict.fromkeys(pair.base.record.track for pair in cells):
            of_track = [pair for pair in cells if pair.base.record.track == track]
            yield from (_of_recipe(pair) for pair in of_track)
            yield from _worst_case(of_track)


def _of_recipe(pair: CellPair) -> PairedMeasure:
    record = pair.base.record
    return PairedMeasure(
        rows=pair.rows,
        dataset=record.dataset.name,
        split=record.dataset.split,
        track=record.track,
        measure=record.recipe.name,
        recipes=(record.recipe.name,),
        base=survivors(pair.base),
        candidate=survivors(pair.candidate),
        allowed=pair.allowed,
    )


def _worst_case(pairs: Sequence[CellPair]) -> Iterator[PairedMeasure]:
    """The worst case over the core recipes, if there are at least two."""
    by_recipe = {pair.base.record.recipe.name: pair for pair in pairs}
    core = [by_recipe[recipe] for recipe in CORE_RECIPES if recipe in by_recipe]
    if len(core) < 2:
        return
    measures = [_of_recipe(pair) for pair in core]
    base = pointwise_worst([measure.base for measure in measures])
    candidate = pointwise_worst([measure.candidate for measure in measures])
    if base.keys() & candidate.keys():
        yield replace(
            measures[0],
            measure=WORST_CASE,
            recipes=tuple(measure.measure for measure in measures),
            base=base,
            candidate=candidate,
            allowed=_distinct(measures),
        )


def _clean(pairs: Sequence[CellPair]) -> Iterator[PairedMeasure]:
    """Clean accuracy on the examples of any cell."""
    measures = [
        replace(
            _of_recipe(pair),
            track=None,
            measure=CLEAN,
            recipes=(),
            base=correct(pair.base),
            candidate=correct(pair.candidate),
        )
        for pair in pairs
    ]
    if measures:
        yield replace(
            measures[0],
            base=_merged([measure.base for measure in measures]),
            candidate=_merged([measure.candidate for measure in measures]),
            allowed=_distinct(measures),
        )


def survivors(cell: GateCell) -> dict[str, bool]:
    """Whether each example survives the attack; examples with an error are left out."""
    return {i: s in SURVIVED for i, s in cell.statuses.items() if s != "error"}


def correct(cell: GateCell) -> dict[str, bool]:
    """Whether each example is correct without an attack; those with an error are left out."""
    return {i: s != "skipped" for i, s in cell.statuses.items() if s != "error"}


def pointwise_worst(tables: Sequence[Mapping[str, bool]]) -> dict[str, bool]:
    """Whether each shared example is correct in all tables."""
    shared = [i for i in tables[0] if all(i in table for table in tables)]
    return {i: all(table[i] for table in tables) for i in shared}


def _merged(tables: Iterable[Mapping[str, bool]]) -> dict[str, bool]:
    """All examples, each with its value in the first table that has it."""
    merged: dict[str, bool] = {}
    for table in tables:
        merged = {**table, **merged}
    return merged


def _distinct(measures: Sequence[PairedMeasure]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for measure in measures for text in measure.allowed))
