"""Datasets in local files: ``file:PATH``."""

from __future__ import annotations

from pathlib import Path

from robustbert.data.dataset import Rows
from robustbert.data.labels import encode_labels, named_labels
from robustbert.data.sources.columns import read_table
from robustbert.errors import DatasetError


def file_rows(path: str, text_column: str, label_column: str) -> Rows:
    """Read a ``.csv``, ``.tsv``, ``.jsonl`` or ``.parquet`` file.

    Args:
        path: the file's path; ``~`` is the home folder.
        text_column: the text column.
        label_column: the label column: whole numbers or names, see
            :func:`robustbert.data.labels.encode_labels`.

    Raises:
        DatasetError: the file cannot be read as a dataset; the message has the reason in one line.
    """
    if not path:
        raise DatasetError("'file:' has no path; write file:PATH, such as file:reviews.csv")
    if text_column == label_column:
        raise DatasetError(f"the column {text_column!r} cannot be both the text and the label")
    place = Path(path).expanduser().absolute()
    table = read_table(place, (text_column, label_column))
    texts, values = table[text_column], table[label_column]
    for number, text in enumerate(texts, start=1):
        if text is not None and not isinstance(text, str):
            raise DatasetError(
                f"{place}: row {number} of the column {text_column!r} contains "
                f"{type(text).__name__}, not text; write the texts as strings"
            )
    names = table.class_names.get(label_column)
    labels = named_labels(values, names, str(place)) if names else encode_labels(values, str(place))
    return Rows(place.stem, f"file:{place}", labels.names, texts, labels.indices)
