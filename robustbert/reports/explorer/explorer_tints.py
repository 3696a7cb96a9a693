"""Attributions of outcomes as data for the page: the words of both texts with their tints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from robustbert.console import printable
from robustbert.records import record_name
from robustbert.reports.attributions.run_attributions import ExplainedOutcome
from robustbert.reports.attributions.shown_attribution import ShownAttribution, change_facts

if TYPE_CHECKING:
    from robustbert.explanations import Attribution


def tints_by_outcome(
    explained: Sequence[ExplainedOutcome],
) -> dict[tuple[str, str], dict[str, Any]]:
    """The attributions of outcomes, keyed by the name of the cell and the id of the example.

    Each has the explained class and what the attack did to the attribution as ``facts``, and for
    ``original`` and ``adversarial`` a list of tinted words: the offsets of its beginning and end in
    the text as the page shows it, in units of UTF-16 as scripts count them, and its level, -5 to 5.
    """
    return {
        (record_name(one.record), one.outcome.example_id): {
            "facts": [f"explained: {one.before.label}", *change_facts(one.change)],
            "original": _tints(one.before),
            "adversarial": _tints(one.after),
        }
        for one in explained
    }


def _tints(attribution: Attribution) -> list[tuple[int, int, int]]:
    found, end = [], 0
    for text, level in ShownAttribution("", attribution).parts():
        start, end = end, end + len(printable(text).encode("utf-16-le")) // 2
        if level:
            found.append((start, end, level))
    return found
