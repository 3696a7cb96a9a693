"""Datasets in local files: ``file:PATH``."""

from __future__ import annotations

from robustbert.data.sources.columns import read_table
from robustbert.data.sources.parts import Part, check_texts
from robustbert.errors import DatasetError
from robustbert.paths import user_path


def read_file(path: str, text_column: str, label_column: str) -> Part:
    """Read a ``.csv``, ``.tsv``, ``.jsonl`` or ``.parquet`` file.

    Args:
        path: the file's path; ``~`` is the home folder.
        text_column: the text column.
        label_column: the label column.

    Raises:
        DatasetError: the file cannot be read as a dataset; the message has the reason in one line.
    """
    if not path:
        raise DatasetError("'file:' has no path; write file:PATH, such as file:reviews.csv")
    place = user_path(path).absolute()
    table = read_table(place, (text_column, label_column))
    check_texts(table[text_column], str(place), text_column)
    return Part(
        str(place), table[text_column], table[label_column], table.class_names.get(label_column)
    )
