"""Checks of a cell: whether its record follows from its outcomes, and how they were made."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from robustbert.leaderboard.checks.problem import Problem, in_outcomes
from robustbert.leaderboard.checks.results_files import ReadResults
from robustbert.metrics import counts, reliability, summarize
from robustbert.metrics.reliability import LATER_CHECKS, MEASURED_CHECK_NAMES, measured_check
from robustbert.records import Outcome, PublishedCell, published_outcomes_path
from robustbert.reports.wording import counted
from robustbert.seeds import derive_seed

# Sums of floats differ in their last digits between versions of Python.
_TOLERANCE = 1e-9
_NOT_COMPARED = {"about"}  # its wording may change between versions


def wrong_counts(results: ReadResults) -> Iterator[Problem]:
    """Counts that differ from the statuses of the outcomes."""
    for cell in results.cells:
        if len(cell.outcomes) != cell.record.protocol.n:
            n = cell.record.protocol.n
            yield _differs(cell, "protocol.n", n, counted(len(cell.outcomes), "example"))
        right = counts(cell.outcomes, cell.record.counts.truncated)
        yield from _differing(cell, "", cell.record.counts.model_dump(), right.model_dump())


def wrong_metrics(results: ReadResults) -> Iterator[Problem]:
    """Metrics and intervals that do not follow from the outcomes."""
    for cell in results.cells:
        right = summarize(cell.outcomes)
        yield from _differing(cell, "", cell.record.metrics.model_dump(), right.model_dump())


def wrong_reliability(results: ReadResults) -> Iterator[Problem]:
    """Reliability checks that do not follow from the outcomes, or from the values they measured.

    Records that were written before a check existed may lack it.
    """
    for cell in results.cells:
        record = cell.record
        right = reliability(cell.outcomes, record.environment.batch_invariance)
        found, wanted = ({c.name: c for c in checks} for checks in (record.reliability, right))
        for name in LATER_CHECKS - found.keys():
            wanted.pop(name, None)
        for name in found.keys() & set(MEASURED_CHECK_NAMES):
            wanted[name] = measured_check(name, found[name].measured)
        if found.keys() != wanted.keys():
            names, right_names = (", ".join(checks) or "none" for checks in (found, wanted))
            yield _differs(cell, "the list of checks", names, right_names)
        for name in found.keys() & wanted.keys():
            one, other = (c[name].model_dump(exclude=_NOT_COMPARED) for c in (found, wanted))
            yield from _differing(cell, name, one, other)


def contained_texts(results: ReadResults) -> Iterator[Problem]:
    """Outcomes that contain texts, which must not be redistributed."""
    for cell in results.cells:
        lines = [
            number
            for number, outcome in enumerate(cell.outcomes, start=1)
            if outcome.text is not None or outcome.adversarial_text is not None
        ]
        yield from in_outcomes(cell, lines, "contains a text; published outcomes have none")


def wrong_seeds(results: ReadResults) -> Iterator[Problem]:
    """Outcomes whose seed is not the one that the protocol derives for the example."""
    for cell in results.cells:
        lines = [
            number
            for number, outcome in enumerate(cell.outcomes, start=1)
            if outcome.seed != _seed(cell, outcome)
        ]
        yield from in_outcomes(cell, lines, "the seed is not that of this example and record")


def failed_attacks(results: ReadResults) -> Iterator[Problem]:
    """Cells in which attacks ended in an error."""
    for cell in results.cells:
        if cell.record.counts.error:
            attacks = counted(cell.record.counts.error, "attack")
            message = f"{attacks} ended in an error; repeat the run, which retries them"
            yield Problem(cell.path, message)


def _seed(cell: PublishedCell, outcome: Outcome) -> int:
    record = cell.record
    return derive_seed(record.protocol.seed, record.recipe.name, record.track, outcome.example_id)


def _differing(
    cell: PublishedCell, name: str, found: Mapping[str, Any], right: Mapping[str, Any]
) -> Iterator[Problem]:
    """One problem per value that differs; ``name`` is what the values are part of."""
    for key, other in right.items():
        field = f"{name}.{key}" if name else key
        one = found[key]
        if isinstance(one, dict):
            yield from _differing(cell, field, one, other)
        elif not _equal(one, other):
            yield _differs(cell, field, _shown(one), _shown(other))


def _differs(cell: PublishedCell, field: str, found: object, right: str) -> Problem:
    outcomes = published_outcomes_path(cell.path).name
    return Problem(cell.path, f"{field} is {found}, but {outcomes} gives {right}")


def _equal(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    return one == other


def _shown(value: object) -> str:
    if value is None:
        return "null"
    return f"{value:.6g}" if isinstance(value, float) else str(value).lower()
