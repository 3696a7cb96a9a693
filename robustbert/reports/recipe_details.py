"""The numbers of one recipe in a row that its accuracy under attack does not show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from robustbert.records import Record
from robustbert.reports.table_rows import Mean, Proportion, Replicate, Row


@dataclass(frozen=True)
class RecipeDetails:
    """How a recipe attacked the model of a row; for replicates, means and standard deviations.

    Args:
        success_rate: share of the attacked examples that it broke.
        similarity: mean similarity of the broken texts to their originals.
        queries: mean number of queries per attacked example.
        words_changed: changed share of the words of the broken texts, in [0, 1]; None if the
            outcomes are missing.
        examples: number of examples.
        skipped: number of examples that the model misclassified without an attack.
        exhausted: number of examples whose query budget ran out.
    """

    success_rate: Proportion | None
    similarity: Mean | None
    queries: Mean | None
    words_changed: Mean | None
    examples: int
    skipped: Mean | None
    exhausted: Mean | None


def recipe_details(row: Row, recipe: str) -> RecipeDetails | None:
    """The details of a recipe in a row; None if it was not run."""
    examples = row.num_examples(recipe)
    if examples is None:
        return None

    def mean(get: Callable[[Record], float | None]) -> Mean | None:
        def of(replicate: Replicate) -> float | None:
            record = replicate.records.get(recipe)
            return get(record) if record else None

        return row.mean(of)

    return RecipeDetails(
        success_rate=row.proportion(
            lambda replicate: (
                record.metrics.attack_success_rate
                if (record := replicate.records.get(recipe))
                else None
            )
        ),
        similarity=mean(lambda record: record.metrics.similarity_mean),
        queries=mean(lambda record: record.metrics.queries_mean),
        words_changed=row.mean(lambda replicate: replicate.words_changed_shares.get(recipe)),
        examples=examples,
        skipped=mean(lambda record: record.counts.skipped),
        exhausted=mean(lambda record: record.counts.exhausted),
    )
