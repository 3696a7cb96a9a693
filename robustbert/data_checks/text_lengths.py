"""The lengths of texts: empty texts, short ones, and the distribution in words."""

from __future__ import annotations

import numpy as np

from robustbert.data.examples import MIN_WORDS
from robustbert.data_checks.checked_data import CheckedData
from robustbert.data_checks.data_report import Finding, WordCounts
from robustbert.data_checks.measurement import Measurement, share_of_rows
from robustbert.reports.wording import counted


def empty_texts(data: CheckedData) -> Measurement:
    """Rows whose text is missing, empty or white space."""
    empty = [position for position in range(len(data.texts)) if data.is_blank(position)]
    findings = [Finding(rows=[data.row(position)], note="") for position in empty]
    return share_of_rows(len(empty), len(data.texts), findings)


def short_texts(data: CheckedData) -> Measurement:
    """Texts, except empty ones, that have too few words to be attacked."""
    filled = [position for position in range(len(data.texts)) if not data.is_blank(position)]
    short = [position for position in filled if data.num_words[position] < MIN_WORDS]
    short.sort(key=lambda position: data.num_words[position])
    findings = [
        Finding(rows=[data.row(position)], note=counted(data.num_words[position], "word"))
        for position in short
    ]
    return share_of_rows(len(short), len(filled), findings)


def word_counts(data: CheckedData, split: str) -> WordCounts | None:
    """The lengths of the texts of a split; None if all of them are empty."""
    lengths = [
        data.num_words[position]
        for position, name in enumerate(data.splits)
        if name == split and not data.is_blank(position)
    ]
    if not lengths:
        return None
    low, middle, high = np.quantile(lengths, [0.25, 0.5, 0.75]).tolist()
    return WordCounts(lower_quartile=low, median=middle, upper_quartile=high, longest=max(lengths))
