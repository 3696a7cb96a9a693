"""Tables that compare detectors, for ``docs/understanding-tables.md``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean

from robustbert.detector_evaluation.detection_record import DetectionCell, DetectionRecord, Estimate
from robustbert.detector_evaluation.detection_table import (
    HEADER,
    estimate_text,
    notes_of,
    table_cells,
)
from robustbert.records import Metric
from robustbert.reports.escape import markdown
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.wording import MISSING


def detectors_markdown(records: Sequence[DetectionRecord]) -> str:
    """Two tables for each victim, dataset and track: detectors on their own recipe, and on others.

    Args:
        records: of several detectors; those with another number of validation examples have tables
            of their own.
    """
    groups: dict[str, list[DetectionRecord]] = {}
    for record in records:
        groups.setdefault(_title(record), []).append(record)
    parts = [part for title, group in groups.items() for part in _group_parts(title, group)]
    notes = "\n".join(f"- {markdown(note)}" for note in notes_of(records))
    return "\n\n".join([*parts, notes]) if parts else ""


def _title(record: DetectionRecord) -> str:
    victim = "+".join([record.model.name, *(defense.name for defense in record.defenses)])
    return (
        f"**{markdown(record.dataset.name)} ({record.dataset.split}), {markdown(victim)}, "
        f"{record.track} track.** Thresholds, and what detectors learn from attacks, come from "
        f"attacks on {record.validation_examples} validation examples of each recipe. Detectors "
        "are judged on attacks by the same recipe on the test split:"
    )


def _group_parts(title: str, records: Sequence[DetectionRecord]) -> Iterator[str]:
    yield title
    own = [line for record in records for line in _own_lines(record)]
    yield _table(["detector", *HEADER[1:]], own)
    recipes = list(dict.fromkeys(cell.tested_on for record in records for cell in record.cells))
    yield "AUROC in %, fitted to one recipe (rows) and judged on another (columns):"
    yield _table(["detector", "fitted to", *recipes], [*_transfer_lines(records, recipes)])


def _own_lines(record: DetectionRecord) -> Iterator[list[str]]:
    """The lines of a detector on each recipe that it was fitted to, and their means."""
    own = own_cells(record)
    for cell in own:
        yield [record.detector, *table_cells(cell)[1:]]
    measures = zip(
        *((cell.auroc, cell.tpr_of_curve, cell.tpr, cell.fpr, cell.f1) for cell in own), strict=True
    )
    line = [record.detector, "mean", "", *map(mean_percent, measures)]
    yield [*line, *[""] * (len(HEADER) - len(line))]


def own_cells(record: DetectionRecord) -> list[DetectionCell]:
    """The cells of a detector that was fitted to the recipe that it is judged on."""
    return [cell for cell in record.cells if cell.fitted_on == cell.tested_on]


def mean_percent(estimates: Iterable[Estimate | Metric]) -> str:
    """The mean of what is not missing, in percent."""
    values = [estimate.value for estimate in estimates if estimate.value is not None]
    return f"{100 * fmean(values):.1f}" if values else MISSING


def _transfer_lines(
    records: Sequence[DetectionRecord], recipes: Sequence[str]
) -> Iterator[list[str]]:
    for record in records:
        found = {(cell.fitted_on, cell.tested_on): cell for cell in record.cells}
        learns = any(cell.fit_pairs for cell in record.cells)
        for fitted in recipes if learns else recipes[:1]:
            cells = [found.get((fitted, tested)) for tested in recipes]
            shown = [MISSING if one is None else estimate_text(one.auroc) for one in cells]
            unfitted = "clean texts" if record.training_texts else "nothing"
            yield [record.detector, fitted if learns else unfitted, *shown]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    escaped = [[markdown(text) for text in row] for row in rows]
    return "\n".join(pipe_table([markdown(text) for text in header], escaped, left=2))
