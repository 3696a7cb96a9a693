"""Attack one model and compare its accuracies with thresholds: the gate from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.bench import BenchResult, RunOptions, run_plan
from robustbert.bench.compare_models import Model, checked_model, plan_models, result_folder
from robustbert.bench.run import load_datasets
from robustbert.console import printable, terminal_width
from robustbert.errors import InputError
from robustbert.gate.policy import CLEAN, WORST_CASE
from robustbert.gate.threshold_checks import ThresholdReport, check_thresholds
from robustbert.gate.threshold_text import thresholds_text
from robustbert.gate.thresholds import On, Thresholds, check_measurable
from robustbert.reports import render_text
from robustbert.reports.wording import counted


@dataclass(frozen=True, repr=False)
class RobustnessResult:
    """The accuracies of a model, compared with thresholds.

    Its text is the table of the run, the thresholds, and the attacks that failed.

    Args:
        run: the run.
        thresholds: what was required and measured.
        out: the folder with records, outcomes and tables; None if they were not kept.
    """

    run: BenchResult
    thresholds: ThresholdReport
    out: Path | None

    @property
    def passed(self) -> bool:
        """Whether every accuracy reaches its threshold, and no attack failed with an error."""
        return self.thresholds.passed and not self.run.errors

    @property
    def summary(self) -> str:
        """The result in one line."""
        if not self.run.errors:
            return self.thresholds.summary
        failed = f"{counted(self.run.errors, 'attack')} failed with an error"
        return f"{failed}; {self.thresholds.summary}"

    def __repr__(self) -> str:
        parts = [render_text(self.run.table, terminal_width()), thresholds_text(self.thresholds)]
        if self.run.errors:
            parts += [f"the first error: {printable(self._first_error())}\n"]
        if self.out is not None:
            parts += [f"records, outcomes and tables are in {printable(str(self.out))}\n"]
        return "\n".join(parts).rstrip("\n")

    def _first_error(self) -> str:
        outcomes = (outcome for cell in self.run.outcomes.values() for outcome in cell)
        return next(outcome.error for outcome in outcomes if outcome.error is not None)


def check_robustness(
    model: Model,
    dataset: Any,
    recipes: str | Sequence[str] = CORE_RECIPES,
    *,
    min_worst_case: float | None = None,
    min_clean: float | None = None,
    min_under: Mapping[str, float] | None = None,
    on: On = "low",
    n: int | None = None,
    seed: int = 0,
    track: str = "unified",
    split: str | None = None,
    out: Path | str | None = None,
) -> RobustnessResult:
    """Attack a model and compare its accuracies with thresholds.

    Args:
        model: a classifier, the name of a model (which is trained first), a folder or ``hub:NAME``.
        dataset: see :func:`robustbert.bench.compare_models.bench`.
        recipes: names, as listed by ``robustbert list recipes``; default: the four core recipes.
        min_worst_case: threshold for the share of examples that survive every core recipe that is
            run, in [0, 1].
        min_clean: threshold for the accuracy without an attack, in [0, 1].
        min_under: thresholds for the accuracy under recipes, in [0, 1], keyed by recipe.
        on: the number that must reach a threshold: ``low``, the lower end of the 95% interval, or
            ``value``; see :class:`Thresholds`.
        n: the number of examples; None for 100, or all if there are fewer.
        seed: at least 0; determines the examples, the attacks and the training.
        track: ``unified``, ``published`` or ``unified-li``.
        split: the split to attack; None for ``"test"``, or for all of a table or list.
        out: a folder for records, outcomes and tables; None stores nothing.

    Raises:
        InputError: there is no threshold, or it cannot be reached with so few examples, or its
            recipe is not run.
        RobustbertError: see :func:`robustbert.bench.compare_models.bench`.
    """
    thresholds = _thresholds(min_worst_case, min_clean, min_under, on)
    plan = plan_models(
        checked_model(model),
        recipes,
        dataset,
        n=n,
        split=split,
        tracks=track,
        seed=seed,
        stored=out is not None,
    )
    check_measurable(thresholds, load_datasets(plan).plan, option="thresholds")
    with result_folder(out) as folder:
        run = run_plan(plan, RunOptions(folder))
    report = check_thresholds(run.records, run.outcomes, thresholds)
    return RobustnessResult(run, report, None if out is None else Path(out))


def _thresholds(
    worst_case: float | None, clean: float | None, under: Mapping[str, float] | None, on: On
) -> Thresholds:
    if not isinstance(under, Mapping | None):
        raise InputError(
            f"min_under is {under!r:.80}; give thresholds by recipe, such as {{'pwws': 0.3}}"
        )
    under = under or {}
    for name in (CLEAN, WORST_CASE):
        if name in under:
            raise InputError(f"min_under has {name!r}, which is no recipe; give min_{name} instead")
    first = {} if clean is None else {CLEAN: clean}
    last = {} if worst_case is None else {WORST_CASE: worst_case}
    minima = {**first, **under, **last}
    if not minima:
        raise InputError("there is no threshold; give min_worst_case, min_clean or min_under")
    return Thresholds(minima, on)
