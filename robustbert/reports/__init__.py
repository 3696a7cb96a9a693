"""Tables of records, for a terminal, as Markdown and as CSV."""

from robustbert.reports.render import render_markdown, render_text, to_csv
from robustbert.reports.table import Group, Row, Table, leaderboard_table

__all__ = [
    "Group",
    "Row",
    "Table",
    "leaderboard_table",
    "render_markdown",
    "render_text",
    "to_csv",
]
