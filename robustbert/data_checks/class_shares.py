"""The shares of the classes: in each split, and compared between splits."""

from __future__ import annotations

from robustbert.data_checks.checked_data import CheckedData
from robustbert.data_checks.measurement import Fact, Measurement, not_measured


def class_balance(data: CheckedData) -> Measurement:
    """The size of the smallest class of any split, relative to classes of equal sizes."""
    found = []
    for split in data.split_names:
        counts = data.class_counts(split)
        smallest = min(counts)
        found.append((smallest / sum(counts), split, counts.index(smallest)))
    share, split, label = min(found)
    counts = data.class_counts(split)
    return Measurement(
        value=counts[label] * len(counts) / sum(counts),
        num_found=counts[label],
        num_rows=sum(counts),
        facts={"split": split, "smallest class": data.label_names[label], "its share": share},
    )


def class_shift(data: CheckedData) -> Measurement:
    """The largest difference between the shares of a class in two splits.

    The p-value is that of the chi-square test that the splits have the same shares.
    """
    if len(data.split_names) == 1:
        return not_measured("the source has one split")
    counts = {split: data.class_counts(split) for split in data.split_names}
    shares = {split: [n / sum(column) for n in column] for split, column in counts.items()}
    spread = []
    for label in range(len(data.label_names)):
        ordered = sorted(shares, key=lambda split: shares[split][label])
        low, high = ordered[0], ordered[-1]
        spread.append((shares[high][label] - shares[low][label], label, low, high))
    value, label, low, high = max(spread, key=lambda one: one[0])
    facts: dict[str, Fact] = {
        "class": data.label_names[label],
        f"its share in {low}": shares[low][label],
        f"its share in {high}": shares[high][label],
        "p-value": _p_value(list(counts.values())),
    }
    return Measurement(value=value, facts=facts)


def _p_value(counts: list[list[int]]) -> float | None:
    """That of the chi-square test of a table; None if fewer than two classes occur."""
    from scipy.stats import chi2_contingency

    occurring = [column for column in zip(*counts, strict=True) if sum(column)]
    if len(occurring) < 2:
        return None
    return float(chi2_contingency(occurring, correction=False).pvalue)
