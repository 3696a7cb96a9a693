"""What loading a dataset drops, so that training and attacks do not see it."""

from __future__ import annotations

from dataclasses import replace

from robustbert.data.cleaning import clean
from robustbert.data.dataset import Rows
from robustbert.data.splitting import split_rows
from robustbert.data_checks.data_report import LoadingSummary
from robustbert.errors import DatasetError


def summarize_loading(rows: Rows) -> LoadingSummary:
    """Clean and split the rows as loading does, and count what it drops."""
    rows = replace(rows, location=None)  # a message must not hold a local path
    try:
        cleaned = clean(rows)
        splits = split_rows(cleaned.rows, rows)
    except DatasetError as error:
        return LoadingSummary(
            error=str(error),
            empty=None,
            duplicates=None,
            conflicts=None,
            overlaps=None,
            html_breaks=None,
            splits=None,
        )
    return LoadingSummary(
        error=None,
        empty=cleaned.cleaning.empty,
        duplicates=cleaned.cleaning.duplicates,
        conflicts=cleaned.cleaning.conflicts,
        overlaps=sum(splits.dropped.values()),
        html_breaks=cleaned.cleaning.html_breaks,
        splits={name: len(members) for name, members in splits.rows.items()},
    )
