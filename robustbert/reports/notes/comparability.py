"""Notes on differences between rows that limit their comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from robustbert.records import Environment
from robustbert.reports.marks import DIFFERENT_CONDITIONS
from robustbert.reports.minilm import shares_minilm
from robustbert.reports.notes.noted_cells import Cell, first_record, list_models, list_rows
from robustbert.reports.table_rows import Row
from robustbert.reports.wording import listed

# The protocol revision whose records contain TextAttack's query count.
_TEXTATTACK_QUERY_COUNT = 1

# Environment fields that can change floating-point results, and so sometimes an outcome: the
# description for several values, the compared value, and the field that is shown.
_ENVIRONMENT_FIELDS: tuple[tuple[str, Callable[[Environment], str | None], str], ...] = (
    ("on {} types of device", lambda environment: environment.device.partition(":")[0], "device"),
    ("on {} types of processor", lambda environment: environment.processor_class, "processor"),
    ("with {} versions of torch", lambda environment: environment.torch, "torch"),
    (
        "with {} versions of transformers",
        lambda environment: environment.transformers,
        "transformers",
    ),
)


def different_conditions(rows: Sequence[Row]) -> Iterator[str]:
    """Name the rows whose conditions differ from those of most rows."""
    for differences, labels in _labels_by(rows, lambda row: row.differences).items():
        yield (
            f"{DIFFERENT_CONDITIONS} Do not compare {listed(labels)} with the other rows: "
            f"{'; '.join(differences)}."
        )
    for differences, labels in _labels_by(rows, lambda row: row.vector_differences).items():
        yield (
            f"{DIFFERENT_CONDITIONS} {listed(labels)} met other word vectors than most rows "
            f"({'; '.join(differences)}). Each kind of processor builds them with other last bits, "
            "which can change single outcomes."
        )


def _labels_by(
    rows: Sequence[Row], differences_of: Callable[[Row], tuple[str, ...]]
) -> dict[tuple[str, ...], list[str]]:
    """The labels of rows that have differences, keyed by these."""
    labels: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        if found := differences_of(row):
            labels.setdefault(found, []).append(row.label)
    return labels


def different_query_counts(rows: Sequence[Row]) -> Iterator[str]:
    """Name the rows whose queries are TextAttack's own count."""
    labels = [
        row.label for row in rows if first_record(row).protocol.revision == _TEXTATTACK_QUERY_COUNT
    ]
    if labels:
        yield (
            f"Queries of {list_rows(labels, rows)} are TextAttack's own count (protocol revision "
            "1), which includes repeated queries of the same text."
        )


def shared_weights(rows: Sequence[Row]) -> Iterator[str]:
    """Name the victims that share their weights with the offline assets, if others do not."""
    offline = [row for row in rows if first_record(row).assets.profile == "offline"]
    sharing = [row for row in offline if shares_minilm(first_record(row).model)]
    others = [row for row in rows if row not in sharing]
    if sharing and others:
        yield (
            f"For {list_models(sharing)}, the victim, the similarity encoder and the word vectors "
            "share MiniLM's weights (offline assets), which may make it look more robust than "
            f"{list_models(others)}."
        )


def different_environments(cells: Sequence[Cell]) -> Iterator[str]:
    """Name the processors and package versions if the cells were run with several."""
    environments = [cell.record.environment for cell in cells]
    for description, value, field in _ENVIRONMENT_FIELDS:
        shown = {value(one): getattr(one, field) for one in environments if value(one)}
        if len(shown) > 1:
            yield (
                f"The cells were run {description.format(len(shown))} "
                f"({listed(sorted(set(shown.values())))}), so individual outcomes may differ for "
                "that reason alone."
            )
