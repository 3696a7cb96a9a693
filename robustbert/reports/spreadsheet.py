"""Export a :class:`~robustbert.reports.results_table.Table` with full precision: CSV and pandas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from robustbert.reports.escape import spreadsheet
from robustbert.reports.long_lines import Line, table_lines
from robustbert.reports.table_groups import Groups

if TYPE_CHECKING:
    import pandas as pd

#: The columns of ``table.csv`` in their order; ``docs/records.md`` describes them.
TABLE_COLUMNS = tuple(field.name for field in fields(Line))

# Columns of a data frame that keep their type if values are missing.
_FLOATS = ("value", "low", "high")
_INTEGERS = ("max_length", "training_seed", "n", "protocol_revision", "protocol_seed")


def to_csv(table: Groups) -> str:
    """Format a table as long CSV: one line per metric of a cell, with provenance.

    The columns are always :data:`TABLE_COLUMNS`. Proportions are in [0, 1]; missing values are
    empty. A name that a spreadsheet would interpret as a formula is prefixed with an apostrophe.
    """
    return lines_to_csv(TABLE_COLUMNS, table_lines(table))


def lines_to_csv(columns: Sequence[str], lines: Iterable[Line]) -> str:
    """Format lines as CSV, with the given columns; texts are escaped for spreadsheets."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    for line in lines:
        values = [getattr(line, column) for column in columns]
        writer.writerow(
            [spreadsheet(value) if isinstance(value, str) else value for value in values]
        )
    return file.getvalue()


def to_frame(table: Groups) -> pd.DataFrame:
    """A data frame with the lines and columns of :func:`to_csv`; its texts are not escaped."""
    import pandas as pd

    frame = pd.DataFrame([vars(line) for line in table_lines(table)], columns=TABLE_COLUMNS)
    types = dict.fromkeys(_FLOATS, "float64") | dict.fromkeys(_INTEGERS, "Int64")
    return frame.astype(types)
