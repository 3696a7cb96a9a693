"""Compare two runs, example by example, and decide whether the candidate is worse."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.console import terminal_width
from robustbert.gate.comparability import caveats
from robustbert.gate.compared import ComparedMeasure, Power, Verdict
from robustbert.gate.comparison_frame import comparison_frame
from robustbert.gate.comparison_html import comparison_html
from robustbert.gate.comparison_text import comparison_text
from robustbert.gate.gate_run import GateCell, GateRun
from robustbert.gate.matching import CellPair, NotCompared, RowPair, match_runs
from robustbert.gate.policy import CLEAN, LEAST_DISCORDANT, WORST_CASE, GatePolicy
from robustbert.metrics import (
    bootstrap_of_counts,
    examples_needed,
    holm,
    mcnemar_of_counts,
    proportion,
    smallest_drop,
)
from robustbert.records import Status

if TYPE_CHECKING:
    import pandas as pd

_BOOTSTRAP_SEED = 0
_SURVIVED: frozenset[Status] = frozenset({"robust", "exhausted"})


@dataclass(frozen=True, repr=False)
class Comparison:
    """A comparison of two runs.

    Its text is the report as the command line prints it; a notebook shows it as HTML.

    Args:
        base: what the base is called: its path.
        candidate: what the candidate is called.
        policy: the policy.
        measures: the compared accuracies, by rows, dataset and track.
        not_compared: cells and rows that were not compared.
        notes: caveats, one sentence each.
    """

    base: str
    candidate: str
    policy: GatePolicy
    measures: tuple[ComparedMeasure, ...]
    not_compared: tuple[NotCompared, ...]
    notes: tuple[str, ...]

    @property
    def failures(self) -> tuple[ComparedMeasure, ...]:
        """The measures that do not pass."""
        return tuple(measure for measure in self.measures if measure.failed)

    @property
    def refused(self) -> tuple[NotCompared, ...]:
        """What could not be compared and was not allowed to be left out."""
        return tuple(cell for cell in self.not_compared if cell.allow)

    @property
    def exit_code(self) -> int:
        """0: passed; 1: a measure failed; 2: none failed, but something is not comparable."""
        if self.failures:
            return 1
        return 2 if self.refused or not self.measures else 0

    @property
    def passed(self) -> bool:
        """Whether everything was compared and passed."""
        return self.exit_code == 0

    def to_pandas(self) -> pd.DataFrame:
        """One row per measure, with the numbers of the report at full precision."""
        return comparison_frame(self)

    def __repr__(self) -> str:
        return comparison_text(self, terminal_width()).rstrip("\n")

    def _repr_html_(self) -> str:
        return comparison_html(self)


def compare_runs(
    base: GateRun,
    candidate: GateRun,
    policy: GatePolicy | None = None,
    *,
    allow: Collection[str] = (),
) -> Comparison:
    """Compare two runs: each recipe, the worst case over core recipes, and clean accuracy.

    Args:
        base: the run to compare with.
        candidate: the run to judge.
        policy: what is allowed; None for the defaults.
        allow: kinds of differences to allow, names in
            :data:`robustbert.gate.policy.DIFFERENCES`.

    Raises:
        InputError: no rows match.
        UnknownNameError: there is no such kind of difference.
    """
    policy = policy or GatePolicy()
    matching = match_runs(base, candidate, allow)
    pairs = list(_all_paired(matching.pairs))
    measures = judge(pairs, policy)
    return Comparison(
        base=base.name,
        candidate=candidate.name,
        policy=policy,
        measures=measures,
        not_compared=matching.not_compared,
        notes=caveats((pair.base, pair.candidate) for pair in matching.pairs),
    )


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


def judge(pairs: Sequence[PairedMeasure], policy: GatePolicy) -> tuple[ComparedMeasure, ...]:
    """Test measures, correct their p-values for their number, and decide about each.

    Args:
        pairs: measures with at least one shared example each.
        policy: what is allowed.
    """
    tested = [_tested(pair, policy, len(pairs)) for pair in pairs]
    adjusted = holm([measure.p_value for measure in tested])
    with_p = [replace(m, adjusted_p=p) for m, p in zip(tested, adjusted, strict=True)]
    return tuple(replace(measure, verdict=_verdict(measure, policy)) for measure in with_p)


def _verdict(measure: ComparedMeasure, policy: GatePolicy) -> Verdict:
    change = measure.difference.value
    significant = measure.adjusted_p <= policy.alpha
    if significant and -change > measure.max_drop:
        return "regression"
    if policy.strict and not measure.has_power:
        return "low power"
    return "improved" if significant and change > 0 else "passed"


def _tested(pair: PairedMeasure, policy: GatePolicy, tests: int) -> ComparedMeasure:
    shared = [example for example in pair.base if example in pair.candidate]
    lost = tuple(i for i in shared if pair.base[i] and not pair.candidate[i])
    gained = tuple(i for i in shared if pair.candidate[i] and not pair.base[i])
    n, max_drop = len(shared), policy.max_drop_of(pair.dataset, pair.track, pair.measure)
    p_value = mcnemar_of_counts(len(gained), len(lost), n).p_value
    discordant = max(LEAST_DISCORDANT, (len(lost) + len(gained)) / n)
    alpha = policy.alpha / tests
    return ComparedMeasure(
        rows=pair.rows,
        dataset=pair.dataset,
        split=pair.split,
        track=pair.track,
        measure=pair.measure,
        recipes=pair.recipes,
        base=proportion(sum(pair.base[i] for i in shared), n),
        candidate=proportion(sum(pair.candidate[i] for i in shared), n),
        difference=bootstrap_of_counts(len(gained), len(lost), n, _BOOTSTRAP_SEED),
        p_value=p_value,
        adjusted_p=p_value,
        lost=lost,
        gained=gained,
        max_drop=max_drop,
        power=Power(
            discordant,
            alpha,
            smallest_drop(n, discordant, alpha),
            examples_needed(max_drop, discordant, alpha),
        ),
        verdict="passed",
        allowed=pair.allowed,
    )


def _all_paired(pairs: Sequence[CellPair]) -> Iterator[PairedMeasure]:
    """The measures of matched cells: by rows, dataset and track, then clean accuracy."""
    by_data = groupby(pairs, lambda p: (p.rows, p.base.record.dataset.name))
    for _, group in by_data:
        cells = list(group)
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
    return {i: s in _SURVIVED for i, s in cell.statuses.items() if s != "error"}


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
