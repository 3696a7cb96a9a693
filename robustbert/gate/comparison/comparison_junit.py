"""Format a comparison as JUnit XML, which CI systems show as test results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from xml.etree import ElementTree

from robustbert.console import printable
from robustbert.gate.comparison.compared import Compared, ComparedMeasure
from robustbert.gate.comparison.comparison_notation import dataset_name, verdict_text
from robustbert.gate.comparison.comparison_table import cells
from robustbert.gate.comparison.comparison_wording import (
    allowed_sentences,
    finding,
    notes,
    reason,
    verdict_word,
)
from robustbert.gate.comparison.matching import NotCompared
from robustbert.paths import report_path
from robustbert.version import __version__

_SUITE = "robustbert compare"
_NOT_IN_A_NAME = re.compile(r"[^\w-]+")
_MAX_IDS = 20


def comparison_junit(comparison: Compared, created_at: datetime | None = None) -> str:
    """Format a comparison as JUnit XML, with one test case per measure.

    A measure that does not pass is a failure, a cell that could not be compared an error, and a
    cell that did not have to be compared a skipped test.

    Args:
        comparison: the result of :func:`robustbert.gate.compare_runs`.
        created_at: the time in UTC to put into it; None for now.
    """
    cases = [*map(_measure_case, comparison.measures), *map(_cell_case, comparison.not_compared)]
    if not comparison.measures and not comparison.refused:
        cases.append(_case("robustbert", "comparison", "error", reason(comparison), "empty"))
    root = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=_SUITE,
        package="robustbert",
        id="0",
        tests=str(len(cases)),
        failures=_count(cases, "failure"),
        errors=_count(cases, "error"),
        skipped=_count(cases, "skipped"),
        time="0",
        timestamp=f"{created_at or datetime.now(UTC):%Y-%m-%dT%H:%M:%S}",
        hostname="localhost",
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in _properties(comparison):
        ElementTree.SubElement(properties, "property", name=printable(name), value=printable(value))
    suite.extend(cases)
    lines = (f"{verdict_word(comparison)}: {reason(comparison)}", *notes(comparison))
    ElementTree.SubElement(suite, "system-out").text = _lines(lines)
    ElementTree.SubElement(suite, "system-err")
    ElementTree.indent(root)
    text: str = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _measure_case(measure: ComparedMeasure) -> ElementTree.Element:
    place = _class_name(
        dataset_name(measure.dataset, measure.split), measure.track or "clean", measure.rows.label
    )
    if not measure.failed:
        return _case(place, measure.measure)
    return _case(
        place, measure.measure, "failure", finding(measure), verdict_text(measure), _body(measure)
    )


def _cell_case(cell: NotCompared) -> ElementTree.Element:
    dataset = dataset_name(cell.dataset, cell.split) if cell.dataset else None
    parts = [part for part in (dataset, cell.track, cell.row) if part is not None]
    kind = "error" if cell.allow else "skipped"
    advice = f" (to allow it: --allow {','.join(cell.allow)})" if cell.allow else ""
    return _case(
        _class_name(*parts), cell.recipe or "row", kind, cell.reason + advice, "not comparable"
    )


def _case(
    class_name: str,
    name: str,
    kind: str | None = None,
    message: str = "",
    type_name: str = "",
    body: Iterable[str] = (),
) -> ElementTree.Element:
    """A test case; ``kind`` is the element that says what is wrong, None if nothing is."""
    case = ElementTree.Element("testcase", classname=class_name, name=_token(name), time="0")
    if kind is not None:
        result = ElementTree.SubElement(case, kind, type=type_name, message=printable(message))
        result.text = _lines((message, *body))
    return case


def _body(measure: ComparedMeasure) -> Iterator[str]:
    for title, ids in (("lost", measure.lost), ("gained", measure.gained)):
        more = f" and {len(ids) - _MAX_IDS} more" if len(ids) > _MAX_IDS else ""
        yield f"{title} ({len(ids)}): {' '.join(ids[:_MAX_IDS])}{more}"
    names = ("allowed", "smallest drop", "needed")
    yield from map(": ".join, zip(names, cells(measure, names), strict=True))
    yield from allowed_sentences([measure])


def _properties(comparison: Compared) -> Iterator[tuple[str, str]]:
    policy = comparison.policy
    yield "robustbert_version", __version__
    yield "verdict", verdict_word(comparison)
    yield "base", report_path(comparison.base)
    yield "candidate", report_path(comparison.candidate)
    yield "max_drop", str(policy.max_drop)
    yield "alpha", str(policy.alpha)
    yield "strict", str(policy.strict).lower()
    for number, rule in enumerate(policy.rules, start=1):
        yield f"rule.{number}", rule.text
    for number, rows in enumerate(dict.fromkeys(m.rows for m in comparison.measures), start=1):
        yield f"rows.{number}", rows.label
        yield f"rows.{number}.relation", rows.relation
        yield f"rows.{number}.base_sha256", rows.base_sha256
        yield f"rows.{number}.candidate_sha256", rows.candidate_sha256


def _class_name(*parts: str) -> str:
    """A dotted name; consumers show its parts as folders, so parts contain no dots themselves."""
    return ".".join(
        [
            "robustbert",
            *(_NOT_IN_A_NAME.sub("_", printable(part)).strip("_") or "_" for part in parts),
        ]
    )


def _token(name: str) -> str:
    """A name without leading, trailing and repeated spaces."""
    return " ".join(printable(name).split())


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(map(printable, lines))


def _count(cases: Iterable[ElementTree.Element], kind: str) -> str:
    return str(sum(case.find(kind) is not None for case in cases))
