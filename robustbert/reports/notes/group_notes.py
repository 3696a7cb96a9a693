"""All notes of one group of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from robustbert.metrics import MeanStd
from robustbert.reports.chance import below_chance
from robustbert.reports.notes.comparability import (
    different_conditions,
    different_environments,
    different_query_counts,
    shared_weights,
)
from robustbert.reports.notes.completeness import (
    different_sizes,
    missing_outcomes,
    no_worst_case,
    recipes_not_run,
)
from robustbert.reports.notes.noted_cells import cells_of, replicate_label
from robustbert.reports.notes.reliability_notes import (
    batch_invariance_not_verified,
    marked_checks,
    nonzero_counts,
    randomised,
)
from robustbert.reports.table_rows import Outcomes, Row
from robustbert.reports.wording import listed


def group_notes(
    rows: Sequence[Row], core: Sequence[str], recipes: Sequence[str], outcomes: Outcomes
) -> tuple[str, ...]:
    """The notes of one group of rows, one fact per note.

    Args:
        rows: the rows of the group, in their order.
        core: core recipes run by at least one row.
        recipes: all recipes run by at least one row.
        outcomes: keyed by :func:`robustbert.records.record_name`; may be incomplete.
    """
    cells = cells_of(rows)
    return (
        *no_worst_case(rows, core),
        *recipes_not_run(rows, core, recipes),
        *different_sizes(cells),
        *missing_outcomes(cells, outcomes),
        *different_conditions(rows),
        *_replicates(rows, recipes),
        *marked_checks(cells),
        *randomised(cells),
        *batch_invariance_not_verified(cells),
        *_clean_accuracies(rows),
        *_below_chance(rows),
        *nonzero_counts(cells),
        *_truncated_texts(rows),
        *different_query_counts(rows),
        *shared_weights(rows),
        *different_environments(cells),
    )


def _replicates(rows: Sequence[Row], recipes: Sequence[str]) -> Iterator[str]:
    replicated = [row for row in rows if len(row.replicates) > 1]
    if not replicated:
        return
    yield (
        "Rows of models that were trained with several seeds show the mean ± the sample standard "
        "deviation over n training seeds instead of an interval. It measures only the variation "
        "due to training, because the examples are the same. The CSV of the table has each "
        "replicate with its intervals."
    )
    for row in replicated:
        if len({replicate.sha256 for replicate in row.replicates}) == 1:
            yield f"All training seeds of {row.label} gave the same weights."
        for recipe in recipes:
            accuracy = row.accuracy_under(recipe)
            if isinstance(accuracy, MeanStd) and accuracy.n < len(row.replicates):
                yield (
                    f"{recipe} was run for {accuracy.n} of the {len(row.replicates)} training "
                    f"seeds of {row.label}."
                )


def _clean_accuracies(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        for replicate in row.replicates:
            records = [r for r in replicate.records.values() if r.protocol.n == row.n]
            values = sorted({r.metrics.clean_accuracy.value or 0.0 for r in records})
            if len(values) > 1:
                yield (
                    f"The clean accuracy of {replicate_label(row, replicate)} differs between its "
                    f"records ({100 * values[0]:.1f}% to {100 * values[-1]:.1f}%); the first is "
                    "shown."
                )


def _below_chance(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        for replicate in row.replicates:
            records = replicate.records.values()
            if description := next(filter(None, map(below_chance, records)), None):
                yield (
                    f"{replicate_label(row, replicate)}: the clean accuracy {description}; the "
                    "model's labels may be in another order."
                )


def _truncated_texts(rows: Sequence[Row]) -> Iterator[str]:
    affected = []
    for row in rows:
        records = [record for one in row.replicates for record in one.records.values()]
        most = max(records, key=lambda record: record.counts.truncated)
        if most.counts.truncated:
            affected.append(f"{row.label} ({most.counts.truncated} of {most.protocol.n})")
    if affected:
        yield f"The model truncates some clean texts: {listed(affected)}."
