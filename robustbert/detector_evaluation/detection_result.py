"""The result of ``rb.detect``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustbert.console import terminal_width
from robustbert.detector_evaluation.detection_record import DetectionRecord
from robustbert.detector_evaluation.detection_table import flat_rows, render_detection

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class DetectionResult:
    """A detector on the attacks of a run; it prints as a table.

    Args:
        records: one per row of the run.
    """

    records: tuple[DetectionRecord, ...]

    def to_pandas(self) -> pd.DataFrame:
        """One row per pair of recipes: the one it was fitted to, and the one it was judged on."""
        import pandas as pd

        return pd.DataFrame(flat_rows(self.records))

    def __repr__(self) -> str:
        return render_detection(self.records, terminal_width())
