"""How readers see the names and numbers of a comparison; names are not escaped."""

from __future__ import annotations

from types import MappingProxyType

from robustbert.console import printable
from robustbert.gate.comparison.compared import ComparedMeasure
from robustbert.gate.policy import CLEAN, WORST_CASE
from robustbert.metrics import Difference
from robustbert.reports.escape import shorten

#: Marks a measure for which a difference was allowed.
ALLOWED_MARK = "‡"
_NAMES = MappingProxyType({WORST_CASE: "worst case", CLEAN: "clean accuracy"})
_LEAST_P = 0.0001
_MAX_NAME = 100  # characters


def measure_name(measure: ComparedMeasure) -> str:
    """The measure as readers see it: the recipe, "worst case" or "clean accuracy"."""
    return measure_title(measure.measure)


def measure_title(measure: str) -> str:
    """The same, given the measure's name."""
    return _NAMES.get(measure, short_name(measure))


def dataset_name(dataset: str, split: str | None) -> str:
    """The dataset, with its split unless that is the usual one."""
    shown = "" if split in (None, "test") else f" ({short_name(str(split))})"
    return short_name(dataset) + shown


def short_name(name: str) -> str:
    """A name of a row, dataset or file that is short enough for a sentence."""
    name = printable(shorten(name, _MAX_NAME))
    return shorten(" ".join(name.split()), _MAX_NAME)


def points(difference: Difference) -> str:
    """A difference in percentage points with its interval."""
    value, low, high = (
        100 * number + 0.0 for number in (difference.value, difference.low, difference.high)
    )
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"


def p_value(p: float) -> str:
    """A p-value with four decimals."""
    return f"<{_LEAST_P}" if p < _LEAST_P else f"{p:.4f}"


def p_in_sentence(p: float) -> str:
    """A p-value with its name, such as "p = 0.0123" or "p <0.0001"."""
    text = p_value(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def allowed_drop(measure: ComparedMeasure) -> str:
    """The allowed drop of a measure in points."""
    return f"{compact(100 * measure.max_drop)} points"


def compact(number: float) -> str:
    """A number with at most four digits, as short as possible."""
    return f"{number:.4g}"


def verdict_text(measure: ComparedMeasure) -> str:
    """The verdict, and what fresh examples say about it if there are any."""
    if measure.confirmation is None:
        return measure.verdict
    return f"{measure.verdict} ({measure.confirmation.verdict})"
