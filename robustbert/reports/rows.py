"""A row of the table: the numbers of one model, or of its replicates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from robustbert.metrics import Spread, spread, words_changed_share, worst_case
from robustbert.records import Metric, Outcome, Record, ReliabilityCheck, record_name
from robustbert.reports.grouping import Member
from robustbert.reports.marks import (
    NOT_COMPARABLE,
    NOT_VERIFIED,
    batch_invariance,
    failed_checks,
    symbols,
)
from robustbert.reports.wording import listed

Outcomes: TypeAlias = Mapping[str, Sequence[Outcome]]
Proportion: TypeAlias = Metric | Spread
Mean: TypeAlias = float | Spread


@dataclass(frozen=True)
class Replicate:
    """One model of a row; for most rows the only one.

    Worst case, queries and words changed are over the core recipes of the table, and None where
    one of them is missing or ran on another number of examples than the row.

    Args:
        training_seed: None where the model came trained, or it is not known.
        sha256: of the model.
        records: by recipe.
        failed: the reliability checks that failed, by recipe.
        clean: clean accuracy.
        worst_case: None where an outcome file is missing, too.
        queries: mean number of distinct texts that the victim scored, over attacked examples.
        textattack_queries: the mean of TextAttack's own count over the same examples.
        words_changed: share of the words of the broken texts, 0 to 1.
        incomplete: why there is no worst case, in words; empty where there is one.
    """

    training_seed: int | None
    sha256: str
    records: Mapping[str, Record]
    failed: Mapping[str, tuple[ReliabilityCheck, ...]]
    clean: Metric
    worst_case: Metric | None
    queries: float | None
    textattack_queries: float | None
    words_changed: float | None
    incomplete: str


@dataclass(frozen=True)
class Row:
    """A model under a list of defenses, alone or as several replicates.

    A number of a single model is a :class:`~robustbert.records.Metric` with its Wilson interval;
    one of replicates is their mean with the standard deviation
    (:class:`~robustbert.metrics.Spread`).

    Args:
        name: the model's name and, after a plus sign each, its defenses.
        apart: what tells it apart from other rows of that name; empty where it is the only one.
        n: the number of examples that most of its core recipes ran on.
        replicates: by training seed.
        differences: how its conditions differ from those of most rows, in words.
    """

    name: str
    apart: str
    n: int
    replicates: tuple[Replicate, ...]
    differences: tuple[str, ...]

    @property
    def label(self) -> str:
        """The name with what tells it apart in brackets: distinct within a group."""
        return f"{self.name} [{self.apart}]" if self.apart else self.name

    @property
    def marks(self) -> str:
        """The marks of the whole row."""
        marks = NOT_VERIFIED if self.batch_invariance == "not verified" else ""
        return marks + (NOT_COMPARABLE if self.differences else "")

    @property
    def batch_invariance(self) -> str | None:
        """``not verified`` if any record says so; None if any predates the check; else verified."""
        return batch_invariance(r for one in self.replicates for r in one.records.values())

    @property
    def clean(self) -> Proportion:
        """Clean accuracy."""
        clean = self._proportion(lambda replicate: replicate.clean)
        assert clean is not None  # each replicate has one
        return clean

    @property
    def worst_case(self) -> Proportion | None:
        """The share of examples that survive every core recipe of the table."""
        return self._proportion(lambda replicate: replicate.worst_case)

    @property
    def queries(self) -> Mean | None:
        """Mean queries per attacked example, over the core recipes of the table."""
        return self._mean(lambda replicate: replicate.queries)

    @property
    def textattack_queries(self) -> Mean | None:
        """The same with TextAttack's own count."""
        return self._mean(lambda replicate: replicate.textattack_queries)

    @property
    def words_changed(self) -> Mean | None:
        """Share of the words of the broken texts that were changed."""
        return self._mean(lambda replicate: replicate.words_changed)

    def under(self, recipe: str) -> Proportion | None:
        """Accuracy under a recipe; None where it was not run."""

        def of(replicate: Replicate) -> Metric | None:
            record = replicate.records.get(recipe)
            return record.metrics.accuracy_under_attack if record else None

        return self._proportion(of)

    def examples_of(self, recipe: str) -> int | None:
        """The number of examples that a recipe ran on, the same for all replicates."""
        found = [r.records[recipe].protocol.n for r in self.replicates if recipe in r.records]
        return found[0] if found else None

    def marks_of(self, recipe: str) -> str:
        """The marks of the reliability checks that failed under a recipe."""
        return symbols(check for one in self.replicates for check in one.failed.get(recipe, ()))

    def worst_case_marks(self, core: Sequence[str]) -> str:
        """The marks of the core recipes, which weaken the worst case as well."""
        if self.worst_case is None:
            return ""
        return "".join(dict.fromkeys("".join(map(self.marks_of, core))))

    def _proportion(self, number: Callable[[Replicate], Metric | None]) -> Proportion | None:
        if len(self.replicates) == 1:
            return number(self.replicates[0])
        found = [metric.value for one in self.replicates if (metric := number(one)) is not None]
        values = [value for value in found if value is not None]
        return spread(values) if values else None

    def _mean(self, number: Callable[[Replicate], float | None]) -> Mean | None:
        if len(self.replicates) == 1:
            return number(self.replicates[0])
        values = [value for one in self.replicates if (value := number(one)) is not None]
        return spread(values) if values else None


def usual_n(numbers: Sequence[int]) -> int:
    """The most frequent of them, and of equally frequent ones the largest."""
    times = Counter(numbers)
    return max(times, key=lambda number: (times[number], number))


def examples_of_row(members: Sequence[Member], core: Sequence[str]) -> int:
    """The number of examples that most core recipes ran on; without any, that most recipes did."""
    records = [record for member in members for record in member.records.values()]
    ranked = [record for record in records if record.recipe.name in core]
    return usual_n([record.protocol.n for record in ranked or records])


def make_row(
    members: Sequence[Member],
    core: Sequence[str],
    outcomes: Outcomes,
    *,
    name: str,
    apart: str,
    differences: Sequence[str],
) -> Row:
    """The row of some members.

    Args:
        members: one model, or replicates.
        core: the recipes that worst case, queries and words changed are over.
        outcomes: by :func:`robustbert.records.record_name`, as far as they are at hand.
        name: see :class:`Row`.
        apart: see :class:`Row`.
        differences: see :class:`Row`.
    """
    n = examples_of_row(members, core)
    return Row(
        name=name,
        apart=apart,
        n=n,
        replicates=tuple(_replicate(member, core, n, outcomes) for member in members),
        differences=tuple(differences),
    )


def _replicate(member: Member, core: Sequence[str], n: int, outcomes: Outcomes) -> Replicate:
    runs = {
        recipe: outcomes[name]
        for recipe, record in member.records.items()
        if (name := record_name(record)) in outcomes
    }
    reason = _incomplete(member, core, n)
    ranked = [] if reason else [member.records[recipe] for recipe in core]
    core_runs = [runs[recipe] for recipe in core if recipe in runs] if ranked else []
    complete = bool(ranked) and len(core_runs) == len(core)
    if ranked and not complete:
        reason = "its outcomes are not at hand"
    elif complete and not _same_examples(core_runs):
        reason = "its recipes ran on different examples"
    usual = next((r for r in member.records.values() if r.protocol.n == n), member.first)
    return Replicate(
        training_seed=member.training_seed,
        sha256=member.sha256,
        records=member.records,
        failed={
            recipe: failed_checks(record, runs.get(recipe))
            for recipe, record in member.records.items()
        },
        clean=usual.metrics.clean_accuracy,
        worst_case=None if reason else worst_case(core_runs),
        queries=_pooled([(r, r.metrics.queries_mean) for r in ranked]),
        textattack_queries=_pooled([(r, r.metrics.textattack_queries_mean) for r in ranked]),
        words_changed=words_changed_share([o for r in core_runs for o in r]) if complete else None,
        incomplete=reason,
    )


def _incomplete(member: Member, core: Sequence[str], n: int) -> str:
    """Which core recipes are missing or ran on other numbers of examples; empty if none."""
    missing = [recipe for recipe in core if recipe not in member.records]
    if missing:
        return f"{listed(missing)} {'was' if len(missing) == 1 else 'were'} not run"
    other = [recipe for recipe in core if member.records[recipe].protocol.n != n]
    if other:
        return f"{listed(other)} ran on another number of examples"
    return "" if core else "no core recipe was run"


def _same_examples(runs: Sequence[Sequence[Outcome]]) -> bool:
    return len({frozenset(outcome.example_id for outcome in run) for run in runs}) == 1


def _pooled(means: Sequence[tuple[Record, float | None]]) -> float | None:
    """The mean over all attacked examples, from the mean of each record."""
    known = [(r.counts.attacked, mean) for r, mean in means if r.counts.attacked]
    total = sum(attacked for attacked, _ in known)
    if not total or any(mean is None for _, mean in known):
        return None
    return sum(attacked * (mean or 0.0) for attacked, mean in known) / total
