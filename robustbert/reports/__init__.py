"""Leaderboard tables of records, formatted for the terminal, as Markdown and as CSV."""

from robustbert.reports.leaderboard import Group, Table, leaderboard_table
from robustbert.reports.render import render_markdown, render_text
from robustbert.reports.spreadsheet import to_csv
from robustbert.reports.table_rows import Replicate, Row

__all__ = [
    "Group",
    "Replicate",
    "Row",
    "Table",
    "leaderboard_table",
    "render_markdown",
    "render_text",
    "to_csv",
]
