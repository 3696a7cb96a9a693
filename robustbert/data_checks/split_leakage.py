"""Rows of the validation and test splits whose texts are in another split too."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from robustbert.data_checks.checked_data import HELD_OUT, CheckedData
from robustbert.data_checks.data_report import Finding
from robustbert.data_checks.duplicate_texts import similarity_note
from robustbert.data_checks.measurement import Measurement, not_measured, share_of_rows

#: The position of a leaking row, that of a row of an earlier split, and what to note.
_Leak = tuple[int, int, str]


def leakage(data: CheckedData) -> Measurement:
    """Rows of held-out splits whose text occurs in an earlier split."""

    def leaks() -> Iterable[_Leak]:
        for group in data.same_texts.groups:
            yield from _leaks(data, group, group, "")

    return _measured(data, leaks)


def near_leakage(data: CheckedData) -> Measurement:
    """Rows of held-out splits of which an earlier split has a near-duplicate."""

    def leaks() -> Iterable[_Leak]:
        groups = data.same_texts.groups
        for pair in sorted(data.same_texts.pairs, key=lambda pair: -pair.similarity):
            one, other = groups[pair.first], groups[pair.second]
            note = similarity_note(pair.similarity)
            yield from _leaks(data, one, other, note)
            yield from _leaks(data, other, one, note)

    return _measured(data, leaks)


def _leaks(
    data: CheckedData, group: Iterable[int], others: Iterable[int], note: str
) -> Iterable[_Leak]:
    """For each row of a group in a held-out split: the first row of others in each earlier one."""
    first_of: dict[str, int] = {}
    for position in others:
        first_of.setdefault(data.splits[position], position)
    for position in group:
        if data.splits[position] in HELD_OUT:
            for split in data.split_names:
                if split == data.splits[position]:
                    break
                if split in first_of:
                    yield position, first_of[split], note


def _measured(data: CheckedData, leaks: Callable[[], Iterable[_Leak]]) -> Measurement:
    earliest, *later = data.split_names
    if not later:
        if earliest in HELD_OUT:
            return not_measured(f"only the {earliest} split is given")
        return not_measured("the source has one split; loading splits it without overlaps")
    findings = []
    rows_of: dict[tuple[str, str], set[int]] = {}
    for position, other, note in leaks():
        leaking = rows_of.setdefault((data.splits[position], data.splits[other]), set())
        if position not in leaking:  # the first leak is the most similar one
            leaking.add(position)
            findings.append(Finding(rows=data.row_list([position, other]), note=note))
    num_rows = sum(split in HELD_OUT and split != earliest for split in data.splits)
    facts = {
        f"rows of {split} in {other}": len(positions)
        for (split, other), positions in sorted(rows_of.items())
    }
    num_found = len(set().union(*rows_of.values()))
    return share_of_rows(num_found, num_rows, findings, facts)
