"""The certificates of the rows of a suite, as ``robustbert certify`` writes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from robustbert.bench.certification_record import CertificationRecord
from robustbert.errors import RecordError
from robustbert.leaderboard.row_settings import RowSettings, settings_of_record
from robustbert.records.strict_json import parse_object, read_file, validated


@dataclass(frozen=True)
class CertifiedRow:
    """A row with its certificates.

    Args:
        settings: how the row is made.
        record: the certificates of its examples.
    """

    settings: RowSettings
    record: CertificationRecord


def read_certified_rows(folder: Path) -> tuple[CertifiedRow, ...]:
    """Read the certificates of a folder, one file per dataset and row, in the order of the paths.

    Args:
        folder: contains ``DATASET/ROW.json``; there are no rows if it does not exist.

    Raises:
        RecordError: a file is not in the format, or two are of the same row and dataset.
    """
    found: dict[tuple[str, RowSettings], Path] = {}
    rows = []
    for path in sorted(folder.glob("*/*.json")):
        content = parse_object(read_file(path), str(path))
        record = validated(CertificationRecord, content, str(path))
        row = CertifiedRow(settings_of_record(record), record)
        other = found.setdefault((record.dataset.name, row.settings), path)
        if other != path:
            raise RecordError(f"{other} and {path} are of the same row; remove one of them")
        rows.append(row)
    return tuple(rows)
