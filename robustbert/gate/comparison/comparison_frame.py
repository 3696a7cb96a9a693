"""A comparison as a data frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from robustbert.gate.comparison.compared import Compared, ComparedMeasure
from robustbert.records import Metric

if TYPE_CHECKING:
    import pandas as pd


def comparison_frame(comparison: Compared) -> pd.DataFrame:
    """One row per measure: accuracies and differences in [-1, 1], at full precision.

    ``base_row`` and ``candidate_row`` are the labels of the rows; ``lost`` and ``gained`` are
    numbers of examples; a value that does not exist is missing.
    """
    import pandas as pd

    frame = pd.DataFrame([_row(measure) for measure in comparison.measures], columns=list(COLUMNS))
    # without this, pandas makes it a float column as soon as a value is missing
    return frame.astype({"examples_needed": "Int64"})


#: The columns of :func:`comparison_frame`, in order.
COLUMNS = (
    *("base_row", "candidate_row", "dataset", "split", "track", "measure", "n"),
    *("base", "base_low", "base_high", "candidate", "candidate_low", "candidate_high"),
    *("difference", "difference_low", "difference_high", "p_value", "adjusted_p"),
    *("lost", "gained", "max_drop", "smallest_drop", "examples_needed", "verdict", "failed"),
)


def _row(measure: ComparedMeasure) -> dict[str, str | float | None]:
    return {
        "base_row": measure.rows.base,
        "candidate_row": measure.rows.candidate,
        "dataset": measure.dataset,
        "split": measure.split,
        "track": measure.track,
        "measure": measure.measure,
        "n": measure.n,
        **_parts("base", measure.base),
        **_parts("candidate", measure.candidate),
        "difference": measure.difference.value,
        "difference_low": measure.difference.low,
        "difference_high": measure.difference.high,
        "p_value": measure.p_value,
        "adjusted_p": measure.adjusted_p,
        "lost": len(measure.lost),
        "gained": len(measure.gained),
        "max_drop": measure.max_drop,
        "smallest_drop": measure.power.smallest_drop,
        "examples_needed": measure.power.examples_needed,
        "verdict": measure.verdict,
        "failed": measure.failed,
    }


def _parts(name: str, metric: Metric) -> dict[str, float | None]:
    return {name: metric.value, f"{name}_low": metric.low, f"{name}_high": metric.high}
