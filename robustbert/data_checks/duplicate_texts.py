"""Rows of one split with the same text, or nearly the same."""

from __future__ import annotations

from collections.abc import Sequence

from robustbert.data_checks.checked_data import CheckedData
from robustbert.data_checks.data_report import Finding
from robustbert.data_checks.measurement import Measurement, share_of_rows


def duplicates(data: CheckedData) -> Measurement:
    """Rows whose text an earlier row of the same split has."""
    num_found = 0
    findings = []
    for group in data.same_texts.groups:
        for split in data.split_names if len(group) > 1 else ():
            members = _of_split(data, group, split)
            if len(members) > 1:
                num_found += len(members) - 1
                note = f"{len(members)} times"
                findings.append(Finding(rows=data.row_list(members), note=note))
    findings.sort(key=lambda finding: -len(finding.rows))
    return share_of_rows(num_found, len(data.texts), findings)


def near_duplicate_texts(data: CheckedData) -> Measurement:
    """Rows with nearly the text of an earlier row of the same split.

    Each of these rows is in one finding, with the text that is most similar to it.
    """
    groups = data.same_texts.groups
    later: set[int] = set()
    findings = []
    for pair in sorted(data.same_texts.pairs, key=lambda pair: -pair.similarity):
        for split in data.split_names:
            one = _of_split(data, groups[pair.first], split)
            other = _of_split(data, groups[pair.second], split)
            if one and other:
                first = max(one[0], other[0])  # each later row follows a row of the other text
                new = {position for position in (*one, *other) if position >= first} - later
                if new:
                    later |= new
                    rows = data.row_list(sorted({one[0], other[0], *new}))
                    findings.append(Finding(rows=rows, note=similarity_note(pair.similarity)))
    return share_of_rows(len(later), len(data.texts), findings)


def similarity_note(similarity: float) -> str:
    """What a finding says about two near-duplicates."""
    return f"similarity {similarity:.2f}"


def _of_split(data: CheckedData, positions: Sequence[int], split: str) -> list[int]:
    return [position for position in positions if data.splits[position] == split]
