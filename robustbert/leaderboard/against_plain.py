"""Compare the rows of a table with the plain one, on the same examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.gate import ComparedMeasure, GatePolicy, gate_run
from robustbert.gate.comparison.matching import match_runs
from robustbert.gate.comparison.paired_measures import PairedMeasure, paired_measures
from robustbert.gate.comparison.verdicts import judge
from robustbert.gate.policy import CLEAN, WORST_CASE
from robustbert.reports.table_rows import Outcomes, Row
from robustbert.reports.wording import listed

#: A corrected p-value below this is counted as a difference.
LEVEL: Final = 0.05


@dataclass(frozen=True)
class AgainstPlain:
    """The comparison of a row with the plain one.

    Args:
        worst_case: survival of all core recipes; None if one of them cannot be compared.
        clean: accuracy without an attack; None if no cell can be compared.
        reasons: why cells that both rows have were not compared; empty if all of them were.
    """

    worst_case: ComparedMeasure | None
    clean: ComparedMeasure | None
    reasons: tuple[str, ...]


def against_plain(
    plain: Row | None, rows: Sequence[Row | None], outcomes: Outcomes
) -> tuple[AgainstPlain, ...]:
    """Compare rows of one dataset and track with the plain row, on the examples that both have.

    The p-values of all rows are corrected together with Holm's method, those of the worst case and
    those of clean accuracy each for themselves. A row with replicates is not compared, because the
    tests are those of two models.

    Args:
        plain: the row to compare with; None if it is missing.
        rows: the other rows; None if one is missing.
        outcomes: keyed by :func:`robustbert.records.record_name`.

    Returns:
        The comparisons, in the order of ``rows``.
    """
    matched = [_matched(plain, row, outcomes) for row in rows]
    worst_cases = _judged([_of(pairs, WORST_CASE) for pairs, _ in matched])
    clean = _judged([_of(pairs, CLEAN) for pairs, _ in matched])
    return tuple(
        AgainstPlain(in_worst_case, in_clean, reasons)
        for in_worst_case, in_clean, (_, reasons) in zip(worst_cases, clean, matched, strict=True)
    )


def _matched(
    plain: Row | None, row: Row | None, outcomes: Outcomes
) -> tuple[list[PairedMeasure], tuple[str, ...]]:
    """The measures of two rows, and why cells were not compared."""
    if plain is None or row is None:
        return [], ()
    if max(len(plain.replicates), len(row.replicates)) > 1:
        return [], ("several training seeds",)
    base, candidate = (
        gate_run(one.label, one.replicates[0].records.values(), outcomes) for one in (plain, row)
    )
    # a row that is slow to attack has fewer examples, the first ones of the others
    matching = match_runs(base, candidate, {"examples"})
    reasons: dict[str, list[str]] = {}
    for cell in matching.not_compared:
        if set(cell.allow) - {"missing"}:
            reasons.setdefault(cell.reason, []).append(str(cell.recipe))
    found = tuple(f"{listed(recipes)}: {reason}" for reason, recipes in reasons.items())
    return list(paired_measures(matching.pairs)), found


def _of(pairs: Sequence[PairedMeasure], measure: str) -> PairedMeasure | None:
    """One of the measures; a worst case only over all core recipes."""
    for pair in pairs:
        if pair.measure == measure and (measure != WORST_CASE or pair.recipes == CORE_RECIPES):
            return pair
    return None


def _judged(pairs: Sequence[PairedMeasure | None]) -> list[ComparedMeasure | None]:
    """The tests of the measures that there are, with p-values corrected for their number."""
    tested = iter(judge([pair for pair in pairs if pair is not None], GatePolicy()))
    return [None if pair is None else next(tested) for pair in pairs]
