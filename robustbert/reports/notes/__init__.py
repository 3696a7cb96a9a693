"""Captions and notes below a table, which explain its caveats."""

from robustbert.reports.notes.completeness import caption
from robustbert.reports.notes.group_notes import group_notes

__all__ = ["caption", "group_notes"]
