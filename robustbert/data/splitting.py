"""Example ids, and splits without overlap.

Splitting uses no random generator: rows are sorted by a hash of their ids, so the same rows give
the same splits on every machine, regardless of their order.

Two rows overlap if one of them would leak information about the other: they are near-duplicates (as
far as :mod:`robustbert.data.near_duplicates` finds them), or neighbours in a source whose order is
meaningful (:class:`~robustbert.data.SourceOrder`). Rows that overlap with a test row are dropped
from the training and validation splits, and rows that overlap with a validation row from the
training split. The examples of the evaluation are kept.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from robustbert.data.cleaning import CleanRow
from robustbert.data.dataset import ALL, SPLITS, Rows
from robustbert.data.near_duplicates import near_duplicates
from robustbert.errors import DatasetError

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
    """The rows of each split in the order of their hashes.

    Attributes:
        rows: the rows of each split.
        dropped: per split, how many of its rows overlapped with another split.
    """

    rows: Mapping[str, tuple[SplitRow, ...]]
    dropped: Mapping[str, int]


def example_id(text: str, label_name: str) -> str:
    """The id of an example: 16 hexadecimal digits of the SHA-256 of its label's name and text.

    A cleaned text contains no line break, so the line break between the two is unambiguous.

    >>> example_id("a fine film", "positive")
    'f4e8ecda29af3229'
    """
    return hashlib.sha256(f"{label_name}\n{text}".encode()).hexdigest()[:16]


def hash_key(seed: str | int, example: str) -> str:
    """The key by which rows are sorted: a hash of the seed and the id."""
    return hashlib.sha256(f"{seed}\n{example}".encode()).hexdigest()


def split_rows(rows: Sequence[CleanRow], origin: Rows) -> Splits:
    """Assign rows to splits and drop rows that overlap with another split.

    Published splits are kept, except for overlapping rows. A missing validation or test split gets
    a tenth of each class, at least one row, of the rows that are not in the other of the two. A
    source whose order is meaningful is split in whole blocks, so the shares are approximate. If the
    published splits are separate files, only a missing validation split is made, and only if there
    is a training split.

    Args:
        rows: the cleaned rows.
        origin: the source's rows, for label names and order.

    Returns:
        The rows of each split, with classes mixed.

    Raises:
        DatasetError: a class has too few rows, or a split is empty.
    """
    names, missing = _split_names(rows, origin)
    result: dict[str, list[SplitRow]] = {name: [] for name in names}
    free: list[SplitRow] = []
    for row in rows:
        held_out = row.published in ("test", "validation")
        (result[str(row.published)] if held_out else free).append(_split_row(row, origin))

    if origin.separate and "train" in names and not free:
        raise _no_row_left("train", origin)
    sizes = dict.fromkeys(sorted(set(origin.labels)), 0) | Counter(row.label for row in free)
    if missing:
        _check_sizes(sizes, 1 + len(missing), origin)
    groups = _groups(free, origin)
    shares = {label: max(1, round_tenth(size)) for label, size in sizes.items()}
    for name in missing:
        chosen, groups = _choose(groups, shares)
        result[name] += chosen
    if "train" in names:
        result["train"] += (row for group in groups for row in group)
    disjoint = _without_overlaps(result, rows, origin)
    _check_classes(result, disjoint, origin)
    return Splits(
        {name: _in_order(name, disjoint[name], origin) for name in names},
        {name: len(result[name]) - len(disjoint[name]) for name in names},
    )


def keep_whole(rows: Sequence[CleanRow], origin: Rows) -> Splits:
    """All rows in one split called ``"all"``; nothing is dropped.

    Raises:
        DatasetError: there is no row.
    """
    members = [_split_row(row, origin) for row in rows]
    return Splits({ALL: _in_order(ALL, members, origin)}, {ALL: 0})


def _split_names(rows: Sequence[CleanRow], origin: Rows) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the splits to return, and of those among them that must be made."""
    if origin.separate:
        given = set(origin.published or ())
        missing = ("validation",) if "train" in given and "validation" not in given else ()
        return tuple(name for name in SPLITS if name in given or name in missing), missing
    published = {row.published for row in rows}
    return SPLITS, tuple(name for name in ("test", "validation") if name not in published)


def _split_row(row: CleanRow, origin: Rows) -> SplitRow:
    name = origin.label_names[row.label]
    return SplitRow(example_id(row.text, name), row.text, row.label, row.position)


def _groups(rows: Iterable[SplitRow], origin: Rows) -> list[list[SplitRow]]:
    """Groups of rows that are assigned to a split together, in the order of their hashes."""
    block = origin.order.block if origin.order else 1
    groups: dict[int, list[SplitRow]] = defaultdict(list)
    for row in rows:
        groups[row.position // block].append(row)
    return sorted(
        groups.values(),
        key=lambda group: min(hash_key(_SPLIT_SEED, row.example_id) for row in group),
    )


def _choose(
    groups: Sequence[list[SplitRow]], shares: Mapping[int, int]
) -> tuple[list[SplitRow], list[list[SplitRow]]]:
    """Choose groups greedily up to the shares; return the chosen rows and the remaining groups.

    A group fits if no class exceeds its share by more than half of the group's rows of that class.
    """
    chosen: list[SplitRow] = []
    remaining = []
    counts: Counter[int] = Counter()
    for group in groups:
        sizes = Counter(row.label for row in group)
        if all(counts[label] + size - size // 2 <= shares[label] for label, size in sizes.items()):
            chosen += group
            counts += sizes
        else:
            remaining.append(group)
    return chosen, remaining


def _without_overlaps(
    splits: Mapping[str, Sequence[SplitRow]], rows: Sequence[CleanRow], origin: Rows
) -> dict[str, list[SplitRow]]:
    """The splits without rows that overlap with a split of higher priority (test comes first)."""
    if len(splits) == 1:
        return {name: list(members) for name, members in splits.items()}
    rank = {name: place for place, name in enumerate(reversed(tuple(splits)))}
    rank_of = {row.position: rank[name] for name, members in splits.items() for row in members}
    dropped = set()
    for pair in near_duplicates([row.compared for row in rows]):
        first, second = rows[pair.first].position, rows[pair.second].position
        if rank_of[first] != rank_of[second]:
            dropped.add(max(first, second, key=rank_of.__getitem__))
    separation = origin.order.separation if origin.order else 0
    for name in splits if separation else ():
        higher = sorted(place for place, other in rank_of.items() if other < rank[name])
        dropped |= {
            row.position for row in splits[name] if _is_near(row.position, higher, separation)
        }
    return {
        name: [row for row in members if row.position not in dropped]
        for name, members in splits.items()
    }


def _is_near(position: int, others: Sequence[int], distance: int) -> bool:
    """Whether one of the sorted ``others`` is within ``distance`` of ``position``."""
    place = bisect_left(others, position - distance)
    return place < len(others) and others[place] <= position + distance


def round_tenth(count: int) -> int:
    """A tenth of ``count``, halves rounded up.

    >>> [round_tenth(count) for count in (4, 5, 14, 15)]
    [0, 1, 1, 2]
    """
    return (count + 5) // 10


def _check_sizes(sizes: Mapping[int, int], least: int, origin: Rows) -> None:
    for label, size in sizes.items():
        if size < least:
            raise DatasetError(
                f"{origin.place}: class {origin.label_names[label]!r} has {size} usable "
                f"row{'s' * (size != 1)} and needs at least {least}, one for each "
                "split; add rows or drop the class"
            )


def _check_classes(
    before: Mapping[str, Sequence[SplitRow]], after: Mapping[str, Sequence[SplitRow]], origin: Rows
) -> None:
    """Reject a dataset in which dropping overlapping rows empties a class in a split.

    In separate files only the training split needs every class.
    """
    for name in before if not origin.separate else before.keys() & {"train"}:
        needed = set(origin.labels) if origin.separate else {row.label for row in before[name]}
        lost = needed - {row.label for row in after[name]}
        if lost:
            raise DatasetError(
                f"{origin.place}: every row of class {origin.label_names[min(lost)]!r} in the "
                f"{name} split is a near-duplicate of a row of another split; add rows whose texts "
                "differ"
            )


def _in_order(name: str, rows: Iterable[SplitRow], origin: Rows) -> tuple[SplitRow, ...]:
    ordered = tuple(sorted(rows, key=lambda row: hash_key(_SPLIT_SEED, row.example_id)))
    if not ordered:
        raise _no_row_left(name, origin)
    repeated, times = Counter(row.example_id for row in ordered).most_common(1)[0]
    if times > 1:
        raise DatasetError(
            f"{origin.place}: two texts have the same example id {repeated} (a collision of "
            "64-bit hashes); drop one of them"
        )
    return ordered


def _no_row_left(name: str, origin: Rows) -> DatasetError:
    return DatasetError(
        f"{origin.place}: no usable row is left for the {name} split: each is empty, has two "
        "labels, or repeats a row of another split; add rows whose texts differ"
    )
