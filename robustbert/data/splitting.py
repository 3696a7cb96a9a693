"""Ids of examples, and splits without twins.

No random generator takes part: rows are put in the order of a hash of their ids, so the same rows
give the same splits on every machine, whatever their order.

Two rows are twins where one says much about the other: they are near-duplicates (as far as
:mod:`robustbert.data.near_duplicates` finds them), or they stand next to each other in a source
whose order says something (:class:`~robustbert.data.SourceOrder`). No twin of a test row is in
the training or validation split, and no twin of a validation row in the training split. It is
dropped there, so that the examples that numbers are measured on stay.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from robustbert.data.cleaning import CleanRow
from robustbert.data.dataset import Rows
from robustbert.data.near_duplicates import near_duplicates
from robustbert.errors import DatasetError

SPLITS = ("train", "validation", "test")
LEAST_ROWS = len(SPLITS)
"""The fewest rows of a class that leave one for every split."""

_SPLIT_SEED = "robustbert splits 1"


@dataclass(frozen=True)
class SplitRow:
    """A row with its id and its position in the source."""

    example_id: str
    text: str
    label: int
    position: int


@dataclass(frozen=True)
class Splits:
    """The rows of each split, in the order of their hashes, and how many twins were dropped."""

    rows: Mapping[str, tuple[SplitRow, ...]]
    twins: int


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


def split_rows(rows: Sequence[CleanRow], origin: Rows) -> Splits:
    """Give every row its split, and drop twins across splits.

    A split that the source published stays as it is, but for twins; each of validation and test
    that is missing gets a tenth of every class of the rest, at least one row. Of a source whose
    order says something, whole blocks are taken, so the share is near a tenth only.

    Args:
        rows: the cleaned rows.
        origin: where they came from; for its names and its order.

    Returns:
        the rows of ``"train"``, ``"validation"`` and ``"test"``, classes mixed.

    Raises:
        DatasetError: too few rows of a class, or an empty split.
    """
    published = {row.published for row in rows if row.published in SPLITS}
    missing = [name for name in ("test", "validation") if name not in published]
    result: dict[str, list[SplitRow]] = {name: [] for name in SPLITS}
    free: list[SplitRow] = []
    for row in rows:
        name = origin.label_names[row.label]
        made = SplitRow(example_id(row.text, name), row.text, row.label, row.position)
        if row.published in ("test", "validation"):
            result[row.published].append(made)
        else:
            free.append(made)

    sizes = dict.fromkeys(sorted(set(origin.labels)), 0) | Counter(row.label for row in free)
    if missing:
        _check_sizes(sizes, origin)
    units = _units(free, origin)
    shares = {label: max(1, round_tenth(size)) for label, size in sizes.items()}
    for name in missing:
        chosen, units = _choose(units, shares)
        result[name] += chosen
    result["train"] += (row for unit in units for row in unit)
    apart = _without_twins(result, rows, origin)
    _check_classes(result, apart, origin)
    kept = {name: _in_order(name, apart[name], origin) for name in SPLITS}
    return Splits(kept, twins=len(rows) - sum(map(len, kept.values())))


def _units(rows: Iterable[SplitRow], origin: Rows) -> list[list[SplitRow]]:
    """Rows that go into a split together, in the order of their hashes."""
    block = origin.order.block if origin.order else 1
    units: dict[int, list[SplitRow]] = defaultdict(list)
    for row in rows:
        units[row.position // block].append(row)
    return sorted(
        units.values(), key=lambda unit: min(hash_key(_SPLIT_SEED, row.example_id) for row in unit)
    )


def _choose(
    units: Sequence[list[SplitRow]], shares: Mapping[int, int]
) -> tuple[list[SplitRow], list[list[SplitRow]]]:
    """The first units that fit into the shares, and those left.

    A unit fits as long as no class exceeds its share by more than half of what the unit brings.
    """
    chosen: list[SplitRow] = []
    left = []
    counts: Counter[int] = Counter()
    for unit in units:
        sizes = Counter(row.label for row in unit)
        if all(counts[label] + size - size // 2 <= shares[label] for label, size in sizes.items()):
            chosen += unit
            counts += sizes
        else:
            left.append(unit)
    return chosen, left


def _without_twins(
    splits: Mapping[str, Sequence[SplitRow]], rows: Sequence[CleanRow], origin: Rows
) -> dict[str, list[SplitRow]]:
    """The splits without rows that have a twin in a split that ranks higher."""
    rank = {name: place for place, name in enumerate(reversed(SPLITS))}
    rank_of = {row.position: rank[name] for name, members in splits.items() for row in members}
    dropped = set()
    for pair in near_duplicates([row.compared for row in rows]):
        first, second = rows[pair.first].position, rows[pair.second].position
        if rank_of[first] != rank_of[second]:
            dropped.add(max(first, second, key=rank_of.__getitem__))
    separation = origin.order.separation if origin.order else 0
    for name in SPLITS if separation else ():
        higher = sorted(place for place, other in rank_of.items() if other < rank[name])
        dropped |= {
            row.position for row in splits[name] if _is_near(row.position, higher, separation)
        }
    return {
        name: [row for row in members if row.position not in dropped]
        for name, members in splits.items()
    }


def _is_near(position: int, others: Sequence[int], distance: int) -> bool:
    """Whether one of the sorted ``others`` is at most so far from ``position``."""
    place = bisect_left(others, position - distance)
    return place < len(others) and others[place] <= position + distance


def round_tenth(count: int) -> int:
    """A tenth of ``count``, halves rounded up.

    >>> [round_tenth(count) for count in (4, 5, 14, 15)]
    [0, 1, 1, 2]
    """
    return (count + 5) // 10


def _check_sizes(sizes: Mapping[int, int], origin: Rows) -> None:
    for label, size in sizes.items():
        if size < LEAST_ROWS:
            raise DatasetError(
                f"{origin.source}: class {origin.label_names[label]!r} has {size} usable "
                f"row{'s' * (size != 1)} and needs at least {LEAST_ROWS}, one for each "
                "split; add rows or drop the class"
            )


def _check_classes(
    before: Mapping[str, Sequence[SplitRow]], after: Mapping[str, Sequence[SplitRow]], origin: Rows
) -> None:
    """Refuse a dataset of which near-duplicates take all rows of a class from a split."""
    for name in SPLITS:
        lost = {row.label for row in before[name]} - {row.label for row in after[name]}
        if lost:
            raise DatasetError(
                f"{origin.source}: every row of class {origin.label_names[min(lost)]!r} in the "
                f"{name} split is a near-duplicate of a row of another split; add rows whose texts "
                "differ"
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
