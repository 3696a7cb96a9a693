"""Checks that a cell can be attacked again under the conditions of its record."""

from __future__ import annotations

from robustbert.assets.profiles import VARIABLE, current_profile
from robustbert.data import TextDataset
from robustbert.errors import InputError
from robustbert.records import Record
from robustbert.reports.conditions import short_hash
from robustbert.reports.row_labels import record_label


def check_same_profile(record: Record) -> None:
    """Check that the current assets profile is that of a record; nothing is downloaded.

    Raises:
        InputError: it is another one.
    """
    if record.assets.profile != current_profile():
        raise InputError(
            f"{record_label(record)} was attacked with {record.assets.profile} assets, but "
            f"{current_profile()} ones are in use; give --assets {record.assets.profile}, or set "
            f"{VARIABLE}={record.assets.profile}"
        )


def check_same_data(dataset: TextDataset, record: Record, advice: str) -> None:
    """Check that a dataset is that of a record.

    Args:
        dataset: the dataset.
        record: the record.
        advice: what to do if it is not.

    Raises:
        InputError: it has other texts or labels.
    """
    found, expected = dataset.sha256(), record.dataset.sha256
    if found != expected:
        raise InputError(
            f"the data of {record.dataset.name} has the hash {short_hash(found)}, but that of the "
            f"run is {short_hash(expected)}; {advice}"
        )
    names = record.dataset.label_names
    if names is not None and list(dataset.label_names) != names:
        raise InputError(
            f"the labels of {record.dataset.name} are {', '.join(dataset.label_names)}, but those "
            f"of the run are {', '.join(names)}; name them with --label-names or --label-map"
        )
