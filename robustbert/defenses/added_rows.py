"""The training rows that several defenses add."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datasets


def join_rows(parts: Sequence[datasets.Dataset | None]) -> datasets.Dataset | None:
    """The rows of all parts in order, with the columns ``text`` and ``label``; None if all are."""
    rows = [part for part in parts if part is not None]
    if len(rows) < 2:
        return rows[0] if rows else None
    import datasets

    # from lists, because parts with other features or columns could not be concatenated
    columns = {name: [v for part in rows for v in part[name]] for name in ("text", "label")}
    return datasets.Dataset.from_dict(columns)
