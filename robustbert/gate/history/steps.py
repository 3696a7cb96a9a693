"""Build the history of a baseline: find the steps with the same test as a comparison."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple, TypeVar

from robustbert.errors import InputError
from robustbert.gate.comparison.cell_differences import differences
from robustbert.gate.comparison.matching import CellPair, Matching, NotCompared, match_runs
from robustbert.gate.comparison.paired_measures import PairedMeasure, paired_measures
from robustbert.gate.gate_run import GateRun
from robustbert.gate.history.history_data import Change, History, Point, Series, Snapshot
from robustbert.gate.policy import CLEAN, DIFFERENCES, WORST_CASE, check_differences
from robustbert.metrics import McNemar, holm, mcnemar_of_counts, proportion
from robustbert.records import Metric
from robustbert.reports.wording import listed

# Errors are left out of both sides: such a baseline was saved with them deliberately. A cell that
# one side lacks has no point there.
_ALWAYS_ALLOWED = frozenset({"errors", "missing"})
_OTHER_RECIPES = "the worst case was computed over other recipes"
_NOTHING_SHARED = "they share no cell"
_Place = TypeVar("_Place", bound=Hashable)


def build_history(
    name: str,
    snapshots: Sequence[Snapshot],
    alpha: float = 0.05,
    notes: Sequence[str] = (),
    allow: Collection[str] = (),
) -> History:
    """Find the accuracies of all snapshots, and the significant changes between neighbours.

    Neighbours are compared as :func:`robustbert.gate.compare_runs` does: on the same examples and
    under the same conditions, with the exact McNemar test. Holm's correction covers all changes
    between neighbours together, and separately all changes from a first to a last point.

    Args:
        name: what reports call the baseline.
        snapshots: oldest first.
        alpha: the level of significance, in (0, 1).
        notes: what readers should know.
        allow: kinds of differences to allow, names in
            :data:`robustbert.gate.policy.DIFFERENCES`; ``missing`` allows a worst case over fewer
            recipes.

    Raises:
        InputError: ``alpha`` is out of range, or no snapshot could be read.
        UnknownNameError: there is no such kind of difference.
    """
    if not 0 < alpha < 1:
        raise InputError(f"alpha is {alpha}; give a number above 0 and below 1")
    readable = {i: s.run for i, s in enumerate(snapshots) if s.run is not None}
    if not readable:
        raise InputError(
            f"no version of {name} can be read; the last one: {snapshots[-1].problem}"
            if snapshots
            else f"{name} has no version; write one with robustbert baseline save"
        )
    runs = _Runs(readable, check_differences(allow))
    places = runs.places()
    steps = _changes(
        {
            (key, later): runs.test(key, earlier, later)
            for key, found in places.items()
            for earlier, later in pairwise(found)
        },
        alpha,
    )
    drifts = _changes(
        {key: runs.test(key, at[0], at[-1]) for key, at in places.items() if len(at) > 2}, alpha
    )
    series = []
    for key, found in sorted(places.items(), key=lambda item: _position(item[0], places)):
        points = (
            Point(i, _accuracy(runs.measures[i][key]), *steps.get((key, i), _NO_TEST))
            for i in found
        )
        label = runs.measures[found[-1]][key].rows.label
        series.append(Series(label, *key[1:], tuple(points), *drifts.get(key, _NO_TEST)))
    num_tests = sum(step.change is not None for step in steps.values())
    return History(
        name, alpha, tuple(snapshots), tuple(series), num_tests, tuple(notes), runs.refused_kinds()
    )


class _Result(NamedTuple):
    """A change between two points, or why they cannot be compared; and what was allowed."""

    change: Change | None
    gap: str | None
    allowed: tuple[str, ...] = ()


_NO_TEST = _Result(None, None)


class _Key(NamedTuple):
    """What stays the same along a series; ``row`` is a number, because labels may change."""

    row: int
    dataset: str
    split: str
    track: str | None
    measure: str


def _position(key: _Key, keys: Mapping[_Key, object]) -> tuple[int, ...]:
    """Sorts series by row, dataset and track; clean accuracy and the worst case come first."""
    order = list(keys)
    aggregates = (CLEAN, WORST_CASE)
    return (
        *(next(i for i, k in enumerate(order) if k[:n] == key[:n]) for n in (1, 3)),
        -1 if key.track is None else [k[:4] for k in order].index(key[:4]),
        aggregates.index(key.measure) if key.measure in aggregates else len(aggregates),
        order.index(key),
    )


@dataclass(frozen=True)
class _Untested:
    """Why two points were not tested."""

    reason: str


@dataclass(frozen=True)
class _Tested:
    """A test of two points, and the differences between their cells that were allowed."""

    result: McNemar
    allowed: tuple[str, ...]


class _Runs:
    """The runs of the readable snapshots, and their measures, keyed by position.

    The measures of a run are those of the run matched with itself.
    """

    def __init__(self, runs: Mapping[int, GateRun], allow: frozenset[str]) -> None:
        self._runs, self._allow = runs, allow
        self._rows = _rows_over_time(runs)
        self._pairs: dict[tuple[int, int], tuple[Matching, Mapping[_Key, PairedMeasure]]] = {}
        self.measures = {i: self._paired(i, i, DIFFERENCES)[1] for i in runs}

    def places(self) -> dict[_Key, list[int]]:
        """The positions of the snapshots that have each measure."""
        keys = dict.fromkeys(key for measures in self.measures.values() for key in measures)
        return {key: [i for i, found in self.measures.items() if key in found] for key in keys}

    def refused_kinds(self) -> tuple[str, ...]:
        """The kinds of differences that broke a line."""
        cells = [c for matching, _ in self._pairs.values() for c in matching.not_compared]
        return tuple(k for k in DIFFERENCES if any(k in cell.allow for cell in cells))

    def test(self, key: _Key, earlier: int, later: int) -> _Tested | _Untested:
        """Test whether a measure changed; ``only_a`` of the result is the number of gained."""
        if (earlier, later) not in self._pairs:
            allow = self._allow | _ALWAYS_ALLOWED
            self._pairs[earlier, later] = self._paired(earlier, later, allow)
        matching, measures = self._pairs[earlier, later]
        label = self.measures[later][key].rows.label
        refused = next((c.reason for c in matching.not_compared if _refused(c, label, key)), None)
        found = measures.get(key)
        if found is None:
            return _Untested(refused or _NOTHING_SHARED)
        allowed = found.allowed
        if any(self.measures[i][key].recipes != found.recipes for i in (earlier, later)):
            if refused or "missing" not in self._allow:
                return _Untested(refused or _OTHER_RECIPES)
            allowed += (f"{_OTHER_RECIPES}: compared over {listed(found.recipes)}",)
        shared = [example for example in found.base if example in found.candidate]
        lost = sum(found.base[i] and not found.candidate[i] for i in shared)
        gained = sum(found.candidate[i] and not found.base[i] for i in shared)
        return _Tested(mcnemar_of_counts(gained, lost, len(shared)), allowed)

    def _paired(
        self, earlier: int, later: int, allow: Collection[str]
    ) -> tuple[Matching, Mapping[_Key, PairedMeasure]]:
        try:
            matching = match_runs(self._runs[earlier], self._runs[later], allow)
        except InputError:  # no row of the one is a row of the other
            return Matching((), ()), {}
        rows = self._rows[later]
        return matching, {
            _Key(rows[m.rows.candidate], m.dataset, m.split, m.track, m.measure): m
            for m in paired_measures([_without_errors(pair) for pair in matching.pairs])
        }


def _without_errors(pair: CellPair) -> CellPair:
    """The pair, with errors not among what was allowed: a history never refuses them."""
    if not pair.allowed:
        return pair
    found = differences(pair.base, pair.candidate)
    allowed = [text for kind, texts in found.items() if kind != "errors" for text in texts]
    return replace(pair, allowed=tuple(allowed))


def _rows_over_time(runs: Mapping[int, GateRun]) -> dict[int, dict[str, int]]:
    """A number for each row of each run, the same for rows that are compared with each other."""
    known: dict[str, int] = {}
    previous: dict[str, int] = {}
    numbered = {}
    for position, run in runs.items():
        labels = run.rows()
        if len(labels) == len(previous) == 1:  # compared whatever their labels
            rows = dict(zip(labels, previous.values(), strict=True))
        else:
            rows = {label: known[label] for label in labels if label in known}
            if len(set(rows.values())) < len(rows):  # a label was given to another row since
                rows = {label: previous[label] for label in labels if label in previous}
            for label in labels:
                rows.setdefault(label, 1 + max([*known.values(), *rows.values()], default=-1))
        known |= rows
        numbered[position] = previous = rows
    return numbered


def _refused(cell: NotCompared, label: str, key: _Key) -> bool:
    """Whether this is a cell of the measure that could not be compared."""
    return (
        bool(cell.allow)
        and cell.row == label
        and cell.dataset == key.dataset
        and (key.track is None or cell.track == key.track)
        and key.measure in (CLEAN, WORST_CASE, cell.recipe)
    )


def _accuracy(measure: PairedMeasure) -> Metric:
    return proportion(sum(measure.base.values()), len(measure.base))


def _changes(tests: Mapping[_Place, _Tested | _Untested], alpha: float) -> dict[_Place, _Result]:
    """Correct the p-values of one family of tests."""
    tested = {place: test.result for place, test in tests.items() if isinstance(test, _Tested)}
    adjusted = dict(zip(tested, holm([test.p_value for test in tested.values()]), strict=True))
    return dict(_results(tests, adjusted, alpha))


def _results(
    tests: Mapping[_Place, _Tested | _Untested], adjusted: Mapping[_Place, float], alpha: float
) -> Iterator[tuple[_Place, _Result]]:
    for place, test in tests.items():
        if isinstance(test, _Untested):
            yield place, _Result(None, test.reason)
            continue
        change = Change(
            n=test.result.n,
            lost=test.result.only_b,
            gained=test.result.only_a,
            p_value=test.result.p_value,
            adjusted_p=adjusted[place],
            is_step=adjusted[place] <= alpha,
        )
        yield place, _Result(change, None, test.allowed)
