"""Rows of a table: the numbers of one model, or of its replicates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from robustbert.metrics import MeanStd, mean_std, words_changed_share, worst_case
from robustbert.records import Metric, Outcome, Record, ReliabilityCheck, record_name
from robustbert.reports.grouping import Member
from robustbert.reports.marks import (
    DIFFERENT_CONDITIONS,
    NOT_VERIFIED,
    RANDOMISED,
    batch_invariance,
    failed_checks,
    is_randomised,
    symbols,
)
from robustbert.reports.wording import listed

Outcomes: TypeAlias = Mapping[str, Sequence[Outcome]]
Proportion: TypeAlias = Metric | MeanStd
Mean: TypeAlias = float | MeanStd


@dataclass(frozen=True)
class Replicate:
    """One trained model within a row; most rows have exactly one.

    Worst case, queries and words changed are computed over the core recipes of the table. They are
    None if one of these recipes is missing or ran on a different number of examples than the row.

    Args:
        training_seed: None if the model was not trained by robustbert, or the seed is unknown.
        sha256: hash of the model's weights.
        records: keyed by recipe name.
        failed: failed reliability checks, keyed by recipe name.
        clean: clean accuracy.
        worst_case: also None if an outcomes file is missing.
        queries: mean number of distinct texts that the victim scored, per attacked example.
        textattack_queries: mean of TextAttack's own query count over the same examples.
        words_changed: changed share of the words of the broken texts, in [0, 1].
        words_changed_shares: the same for single recipes, keyed by recipe name; recipes whose
            outcomes file is missing are absent.
        no_worst_case: the reason why ``worst_case`` is None; empty if it is not.
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
    words_changed_shares: Mapping[str, float | None]
    no_worst_case: str


@dataclass(frozen=True)
class Row:
    """One model with its defenses: a single model or several replicates.

    A proportion of a single model is a :class:`~robustbert.records.Metric` with a Wilson interval;
    that of replicates is their mean and standard deviation (:class:`~robustbert.metrics.MeanStd`).

    Args:
        name: the names of the model and its defenses, joined by " + ".
        qualifier: distinguishes rows with the same name; empty if the name is unique.
        n: the number of examples that most of its core recipes ran on.
        replicates: ordered by training seed.
        differences: descriptions of how its conditions differ from those of most rows.
        vector_differences: the same for its word vectors, which do not prevent a comparison.
    """

    name: str
    qualifier: str
    n: int
    replicates: tuple[Replicate, ...]
    differences: tuple[str, ...]
    vector_differences: tuple[str, ...]

    @property
    def label(self) -> str:
        """The name, with the qualifier in brackets; unique within a group."""
        return f"{self.name} [{self.qualifier}]" if self.qualifier else self.name

    @property
    def marks(self) -> str:
        """The marks of the whole row."""
        marks = NOT_VERIFIED if self.batch_invariance == "not verified" else ""
        marks += DIFFERENT_CONDITIONS if self.all_differences else ""
        return marks + (RANDOMISED if any(map(is_randomised, self._records)) else "")

    @property
    def all_differences(self) -> tuple[str, ...]:
        """Its differences from most rows, those of the word vectors last."""
        return (*self.differences, *self.vector_differences)

    @property
    def batch_invariance(self) -> str | None:
        """See :func:`robustbert.reports.marks.batch_invariance`."""
        return batch_invariance(self._records)

    @property
    def _records(self) -> list[Record]:
        return [record for one in self.replicates for record in one.records.values()]

    @property
    def clean(self) -> Proportion:
        """Clean accuracy."""
        clean = self.proportion(lambda replicate: replicate.clean)
        assert clean is not None  # every replicate has a clean accuracy
        return clean

    @property
    def worst_case(self) -> Proportion | None:
        """The share of examples that survive every core recipe of the table."""
        return self.proportion(lambda replicate: replicate.worst_case)

    @property
    def queries(self) -> Mean | None:
        """Mean number of queries per attacked example, over the core recipes of the table."""
        return self.mean(lambda replicate: replicate.queries)

    @property
    def textattack_queries(self) -> Mean | None:
        """The same mean of TextAttack's own query count."""
        return self.mean(lambda replicate: replicate.textattack_queries)

    @property
    def words_changed(self) -> Mean | None:
        """Changed share of the words of the broken texts, over the core recipes of the table."""
        return self.mean(lambda replicate: replicate.words_changed)

    def accuracy_under(self, recipe: str) -> Proportion | None:
        """Accuracy under a recipe; None if it was not run."""

        def accuracy(replicate: Replicate) -> Metric | None:
            record = replicate.records.get(recipe)
            return record.metrics.accuracy_under_attack if record else None

        return self.proportion(accuracy)

    def num_examples(self, recipe: str) -> int | None:
        """Number of examples that a recipe ran on (the same for all replicates)."""
        records = (r.records[recipe] for r in self.replicates if recipe in r.records)
        first = next(records, None)
        return first.protocol.n if first else None

    def recipe_marks(self, recipe: str) -> str:
        """The marks of the reliability checks that failed under a recipe."""
        return symbols(check for one in self.replicates for check in one.failed.get(recipe, ()))

    def worst_case_marks(self, core: Sequence[str]) -> str:
        """The marks of the core recipes, which also apply to the worst case."""
        if self.worst_case is None:
            return ""
        return "".join(dict.fromkeys("".join(map(self.recipe_marks, core))))

    def proportion(self, get: Callable[[Replicate], Metric | None]) -> Proportion | None:
        """A proportion of the model, or its mean over those replicates that have it."""
        if len(self.replicates) == 1:
            return get(self.replicates[0])
        metrics = [metric for one in self.replicates if (metric := get(one)) is not None]
        values = [metric.value for metric in metrics if metric.value is not None]
        return mean_std(values) if values else None

    def mean(self, get: Callable[[Replicate], float | None]) -> Mean | None:
        """A mean of the model, or its mean over those replicates that have it."""
        if len(self.replicates) == 1:
            return get(self.replicates[0])
        values = [value for one in self.replicates if (value := get(one)) is not None]
        return mean_std(values) if values else None


def most_common_n(numbers: Sequence[int]) -> int:
    """The most frequent number of examples; ties go to the largest."""
    times = Counter(numbers)
    return max(times, key=lambda number: (times[number], number))


def row_num_examples(members: Sequence[Member], core: Sequence[str]) -> int:
    """The most common number of examples of the core recipes, or of all if no core recipe ran."""
    records = [record for member in members for record in member.records.values()]
    core_records = [record for record in records if record.recipe.name in core]
    return most_common_n([record.protocol.n for record in core_records or records])


def make_row(
    members: Sequence[Member],
    core: Sequence[str],
    outcomes: Outcomes,
    *,
    name: str,
    qualifier: str,
    differences: Sequence[str],
    vector_differences: Sequence[str],
) -> Row:
    """Build the row of one model or of replicates.

    Args:
        members: one model, or replicates.
        core: the recipes over which worst case, queries and words changed are computed.
        outcomes: keyed by :func:`robustbert.records.record_name`; may be incomplete.
        name: see :class:`Row`.
        qualifier: see :class:`Row`.
        differences: see :class:`Row`.
        vector_differences: see :class:`Row`.
    """
    n = row_num_examples(members, core)
    return Row(
        name=name,
        qualifier=qualifier,
        n=n,
        replicates=tuple(_replicate(member, core, n, outcomes) for member in members),
        differences=tuple(differences),
        vector_differences=tuple(vector_differences),
    )


def _replicate(member: Member, core: Sequence[str], n: int, outcomes: Outcomes) -> Replicate:
    runs = {
        recipe: outcomes[name]
        for recipe, record in member.records.items()
        if (name := record_name(record)) in outcomes
    }
    reason = _incomplete_core(member, core, n)
    core_records = [] if reason else [member.records[recipe] for recipe in core]
    core_runs = [runs[recipe] for recipe in core if recipe in runs] if core_records else []
    complete = bool(core_records) and len(core_runs) == len(core)
    if core_records and not complete:
        reason = "its outcomes are missing"
    elif complete and not _same_examples(core_runs):
        reason = "its recipes ran on different examples"
    typical = next((r for r in member.records.values() if r.protocol.n == n), member.first)
    return Replicate(
        training_seed=member.training_seed,
        sha256=member.sha256,
        records=member.records,
        failed={
            recipe: failed_checks(record, runs.get(recipe))
            for recipe, record in member.records.items()
        },
        clean=typical.metrics.clean_accuracy,
        worst_case=None if reason else worst_case(core_runs),
        queries=_pooled([(r, r.metrics.queries_mean) for r in core_records]),
        textattack_queries=_pooled([(r, r.metrics.textattack_queries_mean) for r in core_records]),
        words_changed=words_changed_share([o for r in core_runs for o in r]) if complete else None,
        words_changed_shares={recipe: words_changed_share(run) for recipe, run in runs.items()},
        no_worst_case=reason,
    )


def _incomplete_core(member: Member, core: Sequence[str], n: int) -> str:
    """Describe the core recipes that are missing or ran on a different number of examples."""
    missing = [recipe for recipe in core if recipe not in member.records]
    if missing:
        return f"{listed(missing)} {'was' if len(missing) == 1 else 'were'} not run"
    other = [recipe for recipe in core if member.records[recipe].protocol.n != n]
    if other:
        return f"{listed(other)} ran on a different number of examples"
    return "" if core else "no core recipe was run"


def _same_examples(runs: Sequence[Sequence[Outcome]]) -> bool:
    return len({frozenset(outcome.example_id for outcome in run) for run in runs}) == 1


def _pooled(means: Sequence[tuple[Record, float | None]]) -> float | None:
    """The mean over the attacked examples of all records, from the mean of each record."""
    known = [(r.counts.attacked, mean) for r, mean in means if r.counts.attacked]
    total = sum(attacked for attacked, _ in known)
    if not total or any(mean is None for _, mean in known):
        return None
    return sum(attacked * (mean or 0.0) for attacked, mean in known) / total
