"""The short tables of docs/understanding.md; docs/understanding-tables.md has all numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import fmean
from types import MappingProxyType

from robustbert.audit import read_measures
from robustbert.audit.audit_tables import mean_text
from robustbert.audit.estimates import mean_of
from robustbert.audit.measure_tables import measures_markdown
from robustbert.detector_evaluation.detection_record import DetectionRecord, read_detection
from robustbert.detector_evaluation.detector_tables import mean_percent, own_cells
from robustbert.explanations.quality_records import (
    ExplanationQuality,
    RecipeChange,
    read_quality,
)
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.wording import MISSING

#: The datasets, model and track of the short tables.
DATASETS, MODEL, TRACK = ("rotten_tomatoes", "bbc_news"), "minilm", "unified"


def quality_summary(results: Path) -> str:
    """Comprehensiveness and sufficiency of each explanation method on each dataset."""
    found = _qualities(results)
    measures = ("comprehensiveness", "sufficiency")
    rows = []
    for name in dict.fromkeys(method.method for one in found for method in one.methods):
        row = [name]
        for quality in found:
            texts = [text for one in quality.methods if one.method == name for text in one.texts]
            row += [
                mean_with_interval([getattr(text, measure) for text in texts], 2)
                for measure in measures
            ]
        seconds = [one.seconds for one in found[0].methods if one.method == name and one.seconds]
        rows.append([*row, f"{seconds[0]:.2f}" if seconds else MISSING])
    header = [f"{one.dataset}: {measure}" for one in found for measure in measures]
    timed = f"{found[0].dataset}: seconds" if found else ""
    return _table(["method", *header, timed], rows, "explanations")


def change_summary(results: Path) -> str:
    """What attacks do to explanations: the means over the recipes, on each dataset."""
    found = [one for one in _qualities(results) if one.changes]
    rows = []
    for method in dict.fromkeys(change.method for one in found for change in one.changes):
        row = [method]
        for quality in found:
            changes = [
                change
                for change in quality.changes
                if change.method == method and change.track == TRACK
            ]
            row += [_over_recipes(changes, measure) for measure in CHANGE_MEASURES.values()]
        rows.append(row)
    header = [f"{one.dataset}: {measure}" for one in found for measure in CHANGE_MEASURES]
    return _table(["method", *header], rows, "explanations")


def rank_correlations(change: RecipeChange) -> list[float | None]:
    """The rank correlation of the scores before and after each attack; None if not defined."""
    return [text.rank_correlation for text in change.texts]


def shares_in_top(change: RecipeChange) -> list[float | None]:
    """The share of the k changed words of each text that had the k highest absolute scores."""
    changed = [text for text in change.texts if text.num_changed]
    return [text.num_changed_in_top / text.num_changed for text in changed]


def shares_by_chance(change: RecipeChange) -> list[float | None]:
    """The same share if the words had been changed at random."""
    changed = [text for text in change.texts if text.num_changed]
    return [text.num_changed / text.num_words for text in changed]


CHANGE_MEASURES = MappingProxyType(
    {
        "rank correlation": rank_correlations,
        "changed words in top": shares_in_top,
        "by chance": shares_by_chance,
    }
)
"""What attacks do to explanations: the measures of each text by the header of their column."""


def _over_recipes(
    changes: Sequence[RecipeChange], measure: Callable[[RecipeChange], list[float | None]]
) -> str:
    mean = _mean(_mean(measure(change)) for change in changes)
    return MISSING if mean is None else f"{mean:.2f}"


def _mean(values: Iterable[float | None]) -> float | None:
    """The mean of what is not missing."""
    there = [value for value in values if value is not None]
    return fmean(there) if there else None


def detection_summary(results: Path) -> str:
    """AUROC and TPR of each detector on each dataset: the means over the recipes."""
    records = {
        dataset: {
            record.detector: record
            for path in sorted((results / "detection" / dataset).glob("*.json"))
            for record in read_detection(path)
            if (record.model.name, record.track) == (MODEL, TRACK) and not record.defenses
        }
        for dataset in DATASETS
    }
    names = dict.fromkeys(name for found in records.values() for name in found)
    measures: dict[str, Callable[[DetectionRecord], str]] = {
        "AUROC": lambda record: mean_percent(cell.auroc for cell in own_cells(record)),
        "TPR at 10% FPR": lambda record: mean_percent(
            cell.tpr_of_curve for cell in own_cells(record)
        ),
    }
    rows = [
        [
            f"`{name}`",
            *(
                measure(found[name]) if name in found else MISSING
                for found in records.values()
                for measure in measures.values()
            ),
        ]
        for name in names
    ]
    header = [f"{dataset}: {measure}" for dataset in DATASETS for measure in measures]
    return _table(["detector", *header], rows, "detection")


def audit_summary(results: Path) -> str:
    """The automatic measures of adversarial texts on one track."""
    found = read_measures(results / "audit")
    kept = [cell for cell in found.cells if (cell.model, cell.track) == (MODEL, TRACK)]
    return measures_markdown(found.model_copy(update={"cells": kept}))


def _qualities(results: Path) -> list[ExplanationQuality]:
    paths = [results / "explanations" / f"{dataset}-{MODEL}.json" for dataset in DATASETS]
    return [read_quality(path) for path in paths if path.exists()]


def mean_with_interval(values: Iterable[float | None], digits: int) -> str:
    """The mean of what is not missing, with its bootstrap interval."""
    return mean_text(mean_of([value for value in values if value is not None], seed=0), digits)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], target: str) -> str:
    if not rows:
        return f"It has not been measured yet: `make {target}` does it."
    return "\n".join(pipe_table(header, rows))
