"""Attack fresh examples of the measures that failed, before they fail a build.

A test has false positives, and every release is compared on the same examples. A second test, on
examples and attack seeds that no comparison has used, tells a real regression from a false one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from robustbert.bench.attack_progress import AttackProgress
from robustbert.data import Example, select_examples
from robustbert.errors import InputError
from robustbert.gate.comparison.compared import ComparedMeasure, Confirmation, ConfirmationVerdict
from robustbert.gate.comparison.comparison_notation import measure_name
from robustbert.gate.comparison.paired_measures import PairedMeasure, pointwise_worst, survivors
from robustbert.gate.comparison.verdicts import Comparison, judge
from robustbert.gate.gate_run import GateCell, GateRun
from robustbert.gate.policy import POWER
from robustbert.gate.repeated_cells import LoadedVictim, RepeatedCells, check_trusted
from robustbert.metrics import examples_needed, mcnemar_power
from robustbert.records import Record, statuses_of
from robustbert.reports.wording import counted, listed, percent

#: Added to the seed of a run for the selection of fresh examples and for their attacks.
SEED_STEP = 1_000_003


@dataclass(frozen=True)
class ConfirmedSide:
    """One side of a comparison that is attacked again.

    Args:
        name: ``base`` or ``candidate``.
        run: its run, with one row.
        model: its model: a folder, ``hub:NAME``, or either after ``NAME=``.
    """

    name: str
    run: GateRun
    model: str

    def cell_of(self, measure: ComparedMeasure, recipe: str | None = None) -> GateCell:
        """The cell of a recipe of the measure; any cell of its dataset without a recipe."""
        for cell in self.run.cells:
            record = cell.record
            if (record.dataset.name, record.dataset.split) != (measure.dataset, measure.split):
                continue
            if recipe is None or (record.track, record.recipe.name) == (measure.track, recipe):
                return cell
        raise InputError(
            f"{self.run.name} has no cell for {measure.measure} on {measure.dataset}; give the run "
            "that was compared"
        )


def confirm(
    comparison: Comparison,
    base: ConfirmedSide,
    candidate: ConfirmedSide,
    loader: RepeatedCells,
    *,
    trusted: Collection[str] = (),
) -> Comparison:
    """Test each regression of a comparison again, on fresh examples with fresh seeds.

    The fresh examples are those of the same split that neither run has, in an order determined by
    the seed of the run plus :data:`SEED_STEP`: as many as were compared, more if these would not
    show a drop as large as the first one with a power of 0.8, or as many as are left. Both models
    are attacked under the conditions of their records, and the same tests decide, with Holm's
    correction over the measures that are tested again.

    Args:
        comparison: the comparison of the two runs.
        base: the base.
        candidate: the candidate.
        loader: loads the data and the models.
        trusted: import paths of recipes, defenses and datasets that the runs may name.

    Returns:
        The comparison; each measure with a regression has its ``confirmation``.

    Raises:
        InputError: a run has several rows or names other code, or a model or the data is not that
            of the run.
        ModelError: a model cannot be loaded.
    """
    sides = (base, candidate)
    check_trusted((cell.record for side in sides for cell in side.run.cells), trusted)
    failing = [m for m in comparison.measures if m.verdict == "regression"]
    if not failing:
        return comparison
    for side in sides:
        _check_one_row(side)
    attacks = _FreshAttacks(sides, failing, loader, comparison.policy.alpha / len(failing))
    policy = replace(comparison.policy, strict=False)
    tested = [measure for measure in failing if attacks.examples(measure)]
    judged = judge([attacks.paired(measure) for measure in tested], policy) if tested else ()
    fresh = dict(zip(tested, judged, strict=True))
    found = {
        m: _confirmation(m, fresh.get(m), attacks.seed(m), policy.alpha / max(1, len(tested)))
        for m in failing
    }
    measures = tuple(replace(m, confirmation=found.get(m)) for m in comparison.measures)
    notes = [*_notes(measures), *comparison.notes]
    if attacks.errors:
        failed = counted(attacks.errors, "attack")
        notes.append(f"{failed} of fresh examples failed with an error: they are left out.")
    return replace(comparison, measures=measures, notes=tuple(notes))


class _FreshAttacks:
    """Attacks the fresh examples of failing measures; each cell is attacked once.

    Args:
        sides: the base and the candidate.
        failing: the measures.
        loader: loads the data and the models.
        alpha: the level of a single test.

    Attributes:
        errors: the number of attacks so far that failed with an error.
    """

    def __init__(
        self,
        sides: tuple[ConfirmedSide, ConfirmedSide],
        failing: Sequence[ComparedMeasure],
        loader: RepeatedCells,
        alpha: float,
    ) -> None:
        self._sides = sides
        self._failing = failing
        self._loader = loader
        self._alpha = alpha
        self.errors = 0
        self._fresh: dict[tuple[str, str], tuple[Example, ...]] = {}
        self._survivors: dict[tuple[str, ...], Mapping[str, bool]] = {}
        for side in sides:  # before anything is attacked
            for measure in failing:
                for cell in self._cells(side, measure):
                    self._victim(side, cell.record)

    def seed(self, measure: ComparedMeasure) -> int:
        """The seed that selects the fresh examples and with which they are attacked."""
        return self._sides[0].cell_of(measure).record.protocol.seed + SEED_STEP

    def examples(self, measure: ComparedMeasure) -> tuple[Example, ...]:
        """The fresh examples of a measure: as many as its second test needs, if they are left."""
        key = (measure.dataset, measure.split)
        if key not in self._fresh:
            used = {example for side in self._sides for example in _ids(side.run, *key)}
            dataset = self._loader.dataset(self._sides[0].cell_of(measure).record)
            ordered = select_examples(dataset, measure.split, None, self.seed(measure))
            self._fresh[key] = tuple(e for e in ordered if e.example_id not in used)
        return self._fresh[key][: self._wanted(measure)]

    def _wanted(self, measure: ComparedMeasure) -> int:
        """As many as were compared, or as show the first drop again with enough power.

        The first test sees a drop that is just significant with a power of about a half only, so
        without more examples most false alarms would remain inconclusive.
        """
        drop, discordant = -measure.difference.value, measure.power.discordant
        return max(measure.n, examples_needed(drop, discordant, self._alpha, POWER) or 0)

    def paired(self, measure: ComparedMeasure) -> PairedMeasure:
        """A measure on its fresh examples, which are attacked first."""
        base, candidate = (self._table(side, measure) for side in self._sides)
        if not base.keys() & candidate.keys():
            raise InputError(
                f"every attack of {measure.measure} on fresh examples of {measure.dataset} failed "
                "with an error; run the cell again to see it"
            )
        return PairedMeasure(
            rows=measure.rows,
            dataset=measure.dataset,
            split=measure.split,
            track=measure.track,
            measure=measure.measure,
            recipes=measure.recipes,
            base=base,
            candidate=candidate,
        )

    def _table(self, side: ConfirmedSide, measure: ComparedMeasure) -> Mapping[str, bool]:
        """Whether the model of one side is correct on each fresh example of a measure."""
        examples = self.examples(measure)
        if not measure.recipes:
            victim = self._victim(side, side.cell_of(measure).record)
            return _correct(victim, examples)
        tables = [self._attacked(side, measure, recipe) for recipe in measure.recipes]
        worst = pointwise_worst(tables)
        ids = [example.example_id for example in examples]
        return {i: worst[i] for i in ids if i in worst}

    def _attacked(
        self, side: ConfirmedSide, measure: ComparedMeasure, recipe: str
    ) -> Mapping[str, bool]:
        """Which fresh examples survive a recipe: of all examples that any measure needs."""
        key = (side.name, measure.dataset, measure.split, str(measure.track), recipe)
        if key not in self._survivors:
            same = [m for m in self._failing if _uses(m, measure, recipe)]
            examples = max((self.examples(m) for m in same), key=len)
            record = side.cell_of(measure, recipe).record
            victim = self._victim(side, record)
            seed = self.seed(measure)
            runner = self._loader.job(victim, record, n=len(examples), seed=seed).runner
            title = f"confirming the {side.name}: {measure.dataset} {record.track} {recipe}"
            with AttackProgress(len(examples), title) as progress:
                outcomes = runner.run(examples, progress.add, progress.show_queries).outcomes
            self.errors += sum(outcome.status == "error" for outcome in outcomes)
            self._survivors[key] = survivors(GateCell(record, statuses_of(outcomes)))
        return self._survivors[key]

    def _cells(self, side: ConfirmedSide, measure: ComparedMeasure) -> Iterator[GateCell]:
        yield from (side.cell_of(measure, recipe) for recipe in measure.recipes or (None,))

    def _victim(self, side: ConfirmedSide, record: Record) -> LoadedVictim:
        return self._loader.victim(side.model, record, same=True)


def _uses(measure: ComparedMeasure, other: ComparedMeasure, recipe: str) -> bool:
    """Whether a measure needs a recipe on the dataset and track of another one."""
    places = [(m.dataset, m.split, m.track) for m in (measure, other)]
    return places[0] == places[1] and recipe in measure.recipes


def _correct(loaded: LoadedVictim, examples: Sequence[Example]) -> dict[str, bool]:
    rows = loaded.cache([example.text for example in examples])
    return {
        e.example_id: int(row.argmax()) == e.label for e, row in zip(examples, rows, strict=True)
    }


def _confirmation(
    measure: ComparedMeasure, fresh: ComparedMeasure | None, seed: int, alpha: float
) -> Confirmation:
    """Decide about a measure, given the result on fresh examples and the level of a single test."""
    if fresh is None:
        return Confirmation(seed, None, 0.0, "inconclusive")
    power = mcnemar_power(fresh.n, -measure.difference.value, measure.power.discordant, alpha)
    verdict: ConfirmationVerdict
    if fresh.verdict == "regression":
        verdict = "confirmed"
    else:
        verdict = "not confirmed" if power >= POWER else "inconclusive"
    return Confirmation(seed, fresh, power, verdict)


def _notes(measures: Sequence[ComparedMeasure]) -> Iterator[str]:
    """How regressions were tested again, and which of them pass for that reason."""
    confirmations = [m.confirmation for m in measures if m.confirmation is not None]
    seeds = listed([str(seed) for seed in sorted({one.seed for one in confirmations})])
    yield (
        f"{counted(len(confirmations), 'regression')} tested again on fresh examples, which were "
        f"selected and attacked with the seed {seeds}."
    )
    for measure in measures:
        confirmation = measure.confirmation
        if confirmation is None or confirmation.fresh is None or measure.failed:
            continue
        fresh = confirmation.fresh
        track = f" ({measure.track} track)" if measure.track else ""
        yield (
            f"{measure_name(measure)} on {measure.dataset}{track} passes, because its drop by "
            f"{-100 * measure.difference.value:.1f} points was not confirmed on "
            f"{counted(fresh.n, 'fresh example')}: {percent(fresh.base)} and "
            f"{percent(fresh.candidate)}; they show such a drop with a power of "
            f"{confirmation.power:.2f}."
        )


def _ids(run: GateRun, dataset: str, split: str) -> set[str]:
    """The ids of all examples of a dataset's split in a run."""
    return {
        example
        for cell in run.cells
        if (cell.record.dataset.name, cell.record.dataset.split) == (dataset, split)
        for example in cell.statuses
    }


def _check_one_row(side: ConfirmedSide) -> None:
    rows = side.run.rows()
    if len(rows) > 1:
        raise InputError(
            f"--confirm attacks one model per side, but {side.run.name} has the rows "
            f"{listed(rows)}; choose one with --{side.name}-row"
        )
