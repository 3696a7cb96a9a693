"""Ids of examples, and splits that depend on them alone.

No random generator takes part: rows are put in the order of a hash of their ids, so the same rows
give the same splits on every machine, in every version of every library, whatever their order.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from robustbert.data.cleaning import CleanRow
from robustbert.data.rows import Rows
from robustbert.errors import DatasetError

SPLITS = ("train", "validation", "test")
LEAST_ROWS = len(SPLITS)
"""The fewest rows of a class that leave one for every split."""

_SPLIT_SEED = "robustbert splits 1"


@dataclass(frozen=True)
class SplitRow:
    """A row with its id."""

    example_id: str
    text: str
    label: int


def example_id(text: str, label_name: str) -> str:
    """The id of an example: 16 hexadecimal digits of the SHA-256 of its label's name and text.

    A cleaned text has no line break, so the one between the two cannot be mistaken.

    >>> example_id("a fine film", "positive")
    'f4e8ecda29af3229'
    """
    return hashlib.sha256(f"{label_name}\n{text}".encode()).hexdigest()[:16]


def hash_key(seed: str | int, example: str) -> str:
    """What rows are ordered by: a hash that depends on the seed and the id alone."""
    return hashlib.sha256(f"{seed}\n{example}".encode()).hexdigest()


def split_rows(rows: Sequence[CleanRow], origin: Rows) -> dict[str, tuple[SplitRow, ...]]:
    """Give every row its split.

    A split that the source published stays as it is; each of validation and test that is missing
    gets a tenth of every class of the rest, at least one row.

    Args:
        rows: the cleaned rows.
        origin: where they came from; for its names.

    Returns:
        the rows of ``"train"``, ``"validation"`` and ``"test"``, each in the order of their hashes
        (classes mixed).

    Raises:
        DatasetError: too few rows of a class, or an empty split.
    """
    published = {row.published for row in rows if row.published in SPLITS}
    missing = [name for name in ("test", "validation") if name not in published]
    result: dict[str, list[SplitRow]] = {name: [] for name in SPLITS}
    free: dict[int, list[SplitRow]] = {label: [] for label in sorted(set(origin.labels))}
    for row in rows:
        made = SplitRow(example_id(row.text, origin.label_names[row.label]), row.text, row.label)
        if row.published in ("test", "validation"):
            result[row.published].append(made)
        else:
            free[row.label].append(made)

    if missing:
        _check_sizes(free, origin)
    for members in free.values():
        members.sort(key=lambda row: hash_key(_SPLIT_SEED, row.example_id))
        share = max(1, round_tenth(len(members)))
        for position, name in enumerate(missing):
            result[name] += members[position * share : (position + 1) * share]
        result["train"] += members[len(missing) * share :]
    return {name: _in_order(name, result[name], origin) for name in SPLITS}


def round_tenth(count: int) -> int:
    """A tenth of ``count``, halves rounded up.

    >>> [round_tenth(count) for count in (4, 5, 14, 15)]
    [0, 1, 1, 2]
    """
    return (count + 5) // 10


def _check_sizes(free: dict[int, list[SplitRow]], origin: Rows) -> None:
    for label, members in free.items():
        if len(members) < LEAST_ROWS:
            raise DatasetError(
                f"{origin.source}: class {origin.label_names[label]!r} has {len(members)} usable "
                f"row{'s' * (len(members) != 1)} and needs at least {LEAST_ROWS}, one for each "
                "split; add rows or drop the class"
            )


def _in_order(name: str, rows: Iterable[SplitRow], origin: Rows) -> tuple[SplitRow, ...]:
    ordered = tuple(sorted(rows, key=lambda row: hash_key(_SPLIT_SEED, row.example_id)))
    if not ordered:
        raise DatasetError(
            f"{origin.source}: no usable row is left for the {name} split; add rows to it"
        )
    repeated, times = Counter(row.example_id for row in ordered).most_common(1)[0]
    if times > 1:
        raise DatasetError(
            f"{origin.source}: two texts share the id {repeated}, a collision of 64 bits; "
            "drop one of them"
        )
    return ordered
