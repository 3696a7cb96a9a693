"""Compare two runs, example by example, and decide whether the candidate is worse."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from robustbert.console import terminal_width
from robustbert.gate.comparison.cell_differences import caveats
from robustbert.gate.comparison.compared import ComparedMeasure, Power, Verdict
from robustbert.gate.comparison.comparison_frame import comparison_frame
from robustbert.gate.comparison.comparison_html import comparison_html
from robustbert.gate.comparison.comparison_text import comparison_text
from robustbert.gate.comparison.matching import NotCompared, match_runs
from robustbert.gate.comparison.paired_measures import PairedMeasure, paired_measures
from robustbert.gate.gate_run import GateRun
from robustbert.gate.policy import LEAST_DISCORDANT, GatePolicy
from robustbert.metrics import (
    bootstrap_of_counts,
    examples_needed,
    holm,
    mcnemar_of_counts,
    proportion,
    smallest_drop,
)

if TYPE_CHECKING:
    import pandas as pd

_BOOTSTRAP_SEED = 0


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
    pairs = list(paired_measures(matching.pairs))
    measures = judge(pairs, policy)
    return Comparison(
        base=base.name,
        candidate=candidate.name,
        policy=policy,
        measures=measures,
        not_compared=matching.not_compared,
        notes=caveats((pair.base, pair.candidate) for pair in matching.pairs),
    )


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
    if significant and change > 0:
        return "improved"
    return "low power" if policy.strict and not measure.has_power else "passed"


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
