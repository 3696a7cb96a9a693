"""Clean accuracies below chance, which a wrong order of the labels causes."""

from __future__ import annotations

from robustbert.records import Record


def below_chance(record: Record) -> str | None:
    """Describe a clean accuracy below 1 / (number of classes); None if it is not, or if unknown.

    The description completes a sentence: "the clean accuracy 0.0% is below chance (33.3%) for 3
    classes".
    """
    accuracy, names = record.metrics.clean_accuracy.value, record.dataset.label_names
    if not names or accuracy is None or accuracy >= 1 / len(names):
        return None
    return (
        f"{100 * accuracy:.1f}% is below chance ({100 / len(names):.1f}%) for {len(names)} classes"
    )
