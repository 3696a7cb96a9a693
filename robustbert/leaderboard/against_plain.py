"""Compare the rows of a table with the plain one, on the same examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.gate import gate_run
from robustbert.gate.comparison.matching import match_runs
from robustbert.gate.comparison.paired_measures import PairedMeasure, paired_measures
from robustbert.gate.policy import CLEAN, WORST_CASE
from robustbert.metrics import (
    Difference,
    bootstrap_of_counts,
    difference_over_seeds,
    holm,
    mcnemar_of_counts,
)
from robustbert.reports.table_rows import Outcomes, Replicate, Row
from robustbert.reports.wording import listed

#: A corrected p-value below this is counted as a difference.
LEVEL: Final = 0.05
_BOOTSTRAP_SEED: Final = 0


@dataclass(frozen=True)
class RowDifference:
    """One accuracy of a row minus that of the plain row.

    Args:
        difference: the difference with its paired bootstrap interval.
        gained: number of examples that the row gets right and the plain row does not; with several
            training seeds, that it gets right with a larger share of its seeds.
        lost: number of examples for which it is the other way round.
        p_value: of the exact McNemar test; with several training seeds, of
            :func:`robustbert.metrics.difference_over_seeds`.
        adjusted_p: the p-value with Holm's correction.
    """

    difference: Difference
    gained: int
    lost: int
    p_value: float
    adjusted_p: float


@dataclass(frozen=True)
class AgainstPlain:
    """The comparison of a row with the plain one.

    Args:
        worst_case: survival of all core recipes; None if one of them cannot be compared.
        clean: accuracy without an attack; None if no cell can be compared.
        reasons: why cells that both rows have were not compared; empty if all of them were.
    """

    worst_case: RowDifference | None
    clean: RowDifference | None
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class _Examples:
    """Which examples two rows get right: a table for each training seed, keyed by example id."""

    plain: list[Mapping[str, bool]]
    row: list[Mapping[str, bool]]


def against_plain(
    plain: Row | None, rows: Sequence[Row | None], outcomes: Outcomes
) -> tuple[AgainstPlain, ...]:
    """Compare rows of one dataset and track with the plain row, on the examples that all have.

    The p-values of all rows are corrected together with Holm's method, those of the worst case and
    those of clean accuracy each for themselves.

    Args:
        plain: the row to compare with; None if it is missing.
        rows: the other rows; None if one is missing.
        outcomes: keyed by :func:`robustbert.records.record_name`.

    Returns:
        The comparisons, in the order of ``rows``.
    """
    matched = [_matched(plain, row, outcomes) for row in rows]
    worst_cases = _tested([found.get(WORST_CASE) for found, _ in matched])
    clean = _tested([found.get(CLEAN) for found, _ in matched])
    return tuple(
        AgainstPlain(in_worst_case, in_clean, reasons)
        for in_worst_case, in_clean, (_, reasons) in zip(worst_cases, clean, matched, strict=True)
    )


def _matched(
    plain: Row | None, row: Row | None, outcomes: Outcomes
) -> tuple[dict[str, _Examples], tuple[str, ...]]:
    """The examples of two rows for each measure, and why cells were not compared."""
    if plain is None or row is None:
        return {}, ()
    first, *others = plain.replicates
    reasons: dict[str, None] = {}

    def measures(base: Replicate, candidate: Replicate) -> dict[str, PairedMeasure]:
        found, why = _paired(base, candidate, outcomes)
        reasons.update(dict.fromkeys(why))
        return found

    of_row = [measures(first, one) for one in row.replicates]
    of_plain = [of_row[0], *(measures(one, row.replicates[0]) for one in others)]
    return {
        name: _Examples(
            [one[name].base for one in of_plain], [one[name].candidate for one in of_row]
        )
        for name in (WORST_CASE, CLEAN)
        if all(name in one for one in (*of_plain, *of_row))
    }, tuple(reasons)


def _paired(
    base: Replicate, candidate: Replicate, outcomes: Outcomes
) -> tuple[dict[str, PairedMeasure], tuple[str, ...]]:
    """Clean accuracy and the worst case over all core recipes of two models."""
    plain, row = (
        gate_run(name, one.records.values(), outcomes)
        for name, one in (("plain", base), ("row", candidate))
    )
    # a row that is slow to attack has fewer examples, the first ones of the others
    matching = match_runs(plain, row, {"examples"})
    reasons: dict[str, list[str]] = {}
    for cell in matching.not_compared:
        if set(cell.allow) - {"missing"}:
            reasons.setdefault(cell.reason, []).append(str(cell.recipe))
    found = {
        pair.measure: pair
        for pair in paired_measures(matching.pairs)
        if pair.measure == CLEAN or (pair.measure, pair.recipes) == (WORST_CASE, CORE_RECIPES)
    }
    return found, tuple(f"{listed(recipes)}: {reason}" for reason, recipes in reasons.items())


def _tested(measures: Sequence[_Examples | None]) -> list[RowDifference | None]:
    """The tests of the measures that there are, with p-values corrected for their number."""
    tests = [None if one is None else _test(one) for one in measures]
    adjusted = iter(holm([one.p_value for one in tests if one is not None]))
    return [None if one is None else replace(one, adjusted_p=next(adjusted)) for one in tests]


def _test(examples: _Examples) -> RowDifference:
    tables = (*examples.plain, *examples.row)
    shared = [example for example in tables[0] if all(example in table for table in tables)]
    more = [_share(examples.row, one) - _share(examples.plain, one) for one in shared]
    gained, lost = sum(one > 0 for one in more), sum(one < 0 for one in more)
    if len(tables) > 2:
        found = difference_over_seeds(examples.row, examples.plain, _BOOTSTRAP_SEED)
        return RowDifference(found.difference, gained, lost, found.p_value, found.p_value)
    difference = bootstrap_of_counts(gained, lost, len(shared), _BOOTSTRAP_SEED)
    p_value = mcnemar_of_counts(gained, lost, len(shared)).p_value
    return RowDifference(difference, gained, lost, p_value, p_value)


def _share(tables: Sequence[Mapping[str, bool]], example: str) -> Fraction:
    return Fraction(sum(table[example] for table in tables), len(tables))
