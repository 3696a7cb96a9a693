"""The tables of a comparison: one block per pair of rows, dataset and track."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from robustbert.gate.comparison.compared import Compared, ComparedMeasure
from robustbert.gate.comparison.comparison_notation import (
    ALLOWED_MARK,
    measure_name,
    p_value,
    points,
    short_name,
    verdict_text,
)
from robustbert.gate.comparison.matching import RowPair
from robustbert.gate.policy import CLEAN, WORST_CASE
from robustbert.reports.table_cells import marked
from robustbert.reports.table_rows import most_common_n
from robustbert.reports.wording import MISSING, counted, listed, percent


@dataclass(frozen=True)
class Block:
    """The measures of one table.

    Args:
        rows: the two rows.
        dataset: name of the dataset.
        split: name of the split.
        track: name of the track; None if only clean accuracy was compared.
        measures: those of the track. The first block of a dataset starts with clean accuracy, which
            does not depend on the track.
    """

    rows: RowPair
    dataset: str
    split: str
    track: str | None
    measures: tuple[ComparedMeasure, ...]

    @property
    def n(self) -> int:
        """The number of examples of most measures."""
        return most_common_n([measure.n for measure in self.measures])

    @property
    def heading(self) -> str:
        """Rows, dataset, split, track and number of examples."""
        track = f", {self.track} track" if self.track else ""
        return (
            f"{short_name(self.rows.label)} on {short_name(self.dataset)} ({self.split}){track}: "
            f"{counted(self.n, 'example')}"
        )

    @property
    def caption(self) -> str | None:
        """The recipes over which the worst case is computed, if there is one."""
        for measure in self.measures:
            if measure.measure == WORST_CASE:
                return f"Worst case: over {listed(measure.recipes)}."
        return None

    def label(self, measure: ComparedMeasure, name: str | None = None) -> str:
        """A measure with its mark, and with its number of examples if that differs.

        Args:
            measure: one of the measures.
            name: its name as it is to be shown; None for the plain name.
        """
        label = marked(name or measure_name(measure), ALLOWED_MARK * bool(measure.allowed))
        return label if measure.n == self.n else f"{label} (n={measure.n})"


def blocks(comparison: Compared) -> tuple[Block, ...]:
    """The tables of a comparison, in the order of its measures."""
    tables: dict[tuple[RowPair, str, str, str | None], list[ComparedMeasure]] = {}
    clean: dict[tuple[RowPair, str, str], ComparedMeasure] = {}
    for measure in comparison.measures:
        data = (measure.rows, measure.dataset, measure.split)
        if measure.measure == CLEAN and measure.track is None:
            clean[data] = measure
            continue
        first = [clean.pop(data)] if data in clean else []
        tables.setdefault((*data, measure.track), first).append(measure)
    for data, measure in clean.items():
        tables[(*data, None)] = [measure]
    return tuple(Block(*key, tuple(measures)) for key, measures in tables.items())


def _needed(measure: ComparedMeasure) -> str:
    needed = measure.power.examples_needed
    return MISSING if needed is None else f"{needed:,}"


def _smallest(measure: ComparedMeasure) -> str:
    smallest = measure.power.smallest_drop
    return MISSING if smallest is None else f"{100 * smallest:.1f}"


# The columns after the first one, which names the measure.
_COLUMNS: Mapping[str, Callable[[ComparedMeasure], str]] = MappingProxyType(
    {
        "base": lambda measure: percent(measure.base),
        "candidate": lambda measure: percent(measure.candidate),
        "difference": lambda measure: points(measure.difference),
        "p (Holm)": lambda measure: p_value(measure.adjusted_p),
        "lost": lambda measure: str(len(measure.lost)),
        "gained": lambda measure: str(len(measure.gained)),
        "allowed": lambda measure: f"{100 * measure.max_drop:.4g}",
        "smallest drop": _smallest,
        "needed": _needed,
        "verdict": verdict_text,
    }
)


def cells(measure: ComparedMeasure, columns: Iterable[str]) -> list[str]:
    """The cells of a measure in these columns."""
    return [_COLUMNS[column](measure) for column in columns]


def columns_of(comparison: Compared) -> tuple[str, ...]:
    """The names of the columns; "allowed" only if measures have different allowed drops."""
    several = len({measure.max_drop for measure in comparison.measures}) > 1
    return tuple(name for name in _COLUMNS if several or name != "allowed")
