"""Compare results from Python: ``rb.compare``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TypeAlias

from robustbert.bench import AttackResult, BenchResult
from robustbert.errors import InputError
from robustbert.gate.comparison.verdicts import Comparison, compare_runs
from robustbert.gate.gate_run import GateRun, check_finished, gate_run, read_gate_run
from robustbert.gate.policy import GatePolicy, Rule
from robustbert.records import record_name

Results: TypeAlias = Path | str | BenchResult | AttackResult | GateRun
"""A run folder, a record or a baseline file, or results in memory."""


def compare(
    base: Results,
    candidate: Results,
    *,
    base_row: str | None = None,
    candidate_row: str | None = None,
    max_drop: float = 0.02,
    alpha: float = 0.05,
    strict: bool = False,
    rules: Sequence[Rule] = (),
    allow: str | Collection[str] = (),
) -> Comparison:
    """Compare two results on the same examples, and decide whether the second is worse.

    The result shows itself as tables; ``result.passed`` is the verdict. Configuration files are
    not read.

    Args:
        base: the results to compare with: the path of a run folder, of a record or of a baseline,
            or the result of :func:`robustbert.attack` or :func:`robustbert.bench.bench`.
        candidate: the results to judge, likewise.
        base_row: the row of the base to compare, as tables label it; None for all rows. Two single
            rows are compared whatever their labels, several are matched by their labels.
        candidate_row: the row of the candidate.
        max_drop: the drop of accuracy that is allowed, in [0, 1].
        alpha: the level of significance for all tests together, in (0, 1).
        strict: whether too few examples to see the allowed drop are a failure.
        rules: exceptions from ``max_drop``; the last one that matches decides.
        allow: one or several kinds of differences between the runs that are allowed and marked:
            ``assets``, ``seed``, ``protocol``, ``versions``, ``examples``, ``errors``, ``missing``.

    Raises:
        InputError: a number is out of range, no rows match, there is no such row, or a run has
            unfinished cells and ``missing`` is not allowed.
        RecordError: a path is not that of results, or a file is damaged.
        UnknownNameError: there is no such kind of difference.
    """
    policy = GatePolicy(max_drop, alpha, strict, tuple(rules))
    for results in (base, candidate):
        if isinstance(results, Path | str):
            check_finished(Path(results), allow)
    runs = _run(base, "base", base_row), _run(candidate, "candidate", candidate_row)
    return compare_runs(*runs, policy, allow=allow)


def _run(results: Results, name: str, row: str | None) -> GateRun:
    run = _all_rows(results, name)
    return run if row is None else run.only_row(row)


def _all_rows(results: Results, name: str) -> GateRun:
    match results:
        case GateRun():
            return results
        case Path() | str():
            return read_gate_run(results)
        case AttackResult():
            record = results.record
            return gate_run(name, [record], {record_name(record): results.outcomes})
        case BenchResult():
            if not results.records:
                raise InputError(f"the {name} has no cell; give results of at least one attack")
            return gate_run(name, results.records, results.outcomes)
    raise InputError(
        f"the {name} is a {type(results).__name__}; give a path, or the result of rb.attack or "
        "rb.bench"
    )
