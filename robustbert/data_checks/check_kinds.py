"""The checks of data: names, what they measure, and their default limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from robustbert.data.examples import MIN_WORDS
from robustbert.data_checks.class_shares import class_balance, class_shift
from robustbert.data_checks.data_report import Kind
from robustbert.data_checks.duplicate_texts import duplicates, near_duplicate_texts
from robustbert.data_checks.encoding_damage import encoding_damage
from robustbert.data_checks.label_conflicts import conflicts, near_conflicts
from robustbert.data_checks.label_errors import label_errors
from robustbert.data_checks.measurement import Measurement
from robustbert.data_checks.split_leakage import leakage, near_leakage
from robustbert.data_checks.text_lengths import empty_texts, short_texts


@dataclass(frozen=True)
class DataCheck:
    """A check.

    Attributes:
        name: the name that users write.
        meaning: what it measures, in one line.
        measure: measures it in :class:`~robustbert.data_checks.checked_data.CheckedData`.
        limit: the default limit of the value, from 0 to 1.
        kind: whether the limit is a maximum or a minimum.
        is_cross_validated: whether ``measure`` also needs the number of folds and their seed.
    """

    name: str
    meaning: str
    measure: Callable[..., Measurement]
    limit: float
    kind: Kind = "at most"
    is_cross_validated: bool = False


_CHECKS = (
    DataCheck(
        "class-balance",
        "size of the smallest class of any split, in % of the size of equal classes",
        class_balance,
        limit=0.2,
        kind="at least",
    ),
    DataCheck(
        "class-shift",
        "largest difference between the shares of a class in two splits",
        class_shift,
        limit=0.1,
    ),
    DataCheck(
        "empty-texts", "rows whose text is missing, empty or white space", empty_texts, limit=0.0
    ),
    DataCheck(
        "short-texts",
        f"texts of fewer than {MIN_WORDS} words, which are not attacked",
        short_texts,
        limit=0.1,
    ),
    DataCheck(
        "duplicates",
        "rows that repeat the text of an earlier row of their split, ignoring case and white space",
        duplicates,
        limit=0.01,
    ),
    DataCheck(
        "near-duplicates",
        "rows that nearly repeat the text of an earlier row of their split",
        near_duplicate_texts,
        limit=0.05,
    ),
    DataCheck(
        "leakage",
        "validation and test rows that repeat a text of an earlier split",
        leakage,
        limit=0.0,
    ),
    DataCheck(
        "near-leakage",
        "validation and test rows that nearly repeat a text of an earlier split",
        near_leakage,
        limit=0.01,
    ),
    DataCheck("conflicts", "rows whose text also occurs with another label", conflicts, limit=0.0),
    DataCheck(
        "near-conflicts",
        "rows that nearly repeat the text of a row with another label",
        near_conflicts,
        limit=0.01,
    ),
    DataCheck(
        "label-errors",
        "rows whose label is likely wrong, by cleanlab and a cross-validated linear model",
        label_errors,
        limit=0.2,
        is_cross_validated=True,
    ),
    DataCheck(
        "encoding",
        "texts with mojibake, replacement or control characters, HTML entities or tags",
        encoding_damage,
        limit=0.0,
    ),
)

CHECKS: Mapping[str, DataCheck] = MappingProxyType({check.name: check for check in _CHECKS})
"""The checks by name, in the order in which they are reported."""
