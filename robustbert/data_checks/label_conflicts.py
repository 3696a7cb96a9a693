"""Rows with the same text, or nearly the same, and different labels."""

from __future__ import annotations

from robustbert.data_checks.checked_data import CheckedData
from robustbert.data_checks.data_report import Finding
from robustbert.data_checks.duplicate_texts import similarity_note
from robustbert.data_checks.measurement import Measurement, share_of_rows


def conflicts(data: CheckedData) -> Measurement:
    """Rows whose text another row has with another label, in any split."""
    num_found = 0
    findings = []
    for group in data.same_texts.groups:
        labels = {data.labels[position] for position in group}
        if len(labels) > 1:
            num_found += len(group)
            note = f"{len(labels)} labels"
            findings.append(Finding(rows=data.row_list(group), note=note))
    return share_of_rows(num_found, len(data.texts), findings)


def near_conflicts(data: CheckedData) -> Measurement:
    """Rows of which another row is a near-duplicate with another label, in any split.

    Each of these rows is in at least one finding, first with the most similar text.
    """
    groups = data.same_texts.groups
    found: set[int] = set()
    findings = []
    for pair in sorted(data.same_texts.pairs, key=lambda pair: -pair.similarity):
        one, other = groups[pair.first], groups[pair.second]
        differing = {*_differing(data, one, other), *_differing(data, other, one)}
        new = differing - found
        if new:
            found |= new
            shown = {*new, _opponent(data, min(new), one, other)}
            note = similarity_note(pair.similarity)
            findings.append(Finding(rows=data.row_list(sorted(shown)), note=note))
    return share_of_rows(len(found), len(data.texts), findings)


def _differing(data: CheckedData, rows: tuple[int, ...], others: tuple[int, ...]) -> list[int]:
    """The rows with a label that one of the others does not have."""
    labels = {data.labels[position] for position in others}
    return [position for position in rows if labels - {data.labels[position]}]


def _opponent(
    data: CheckedData, position: int, one: tuple[int, ...], other: tuple[int, ...]
) -> int:
    """The first row with another label in the group that the row is not in."""
    others = other if position in one else one
    return next(place for place in others if data.labels[place] != data.labels[position])
