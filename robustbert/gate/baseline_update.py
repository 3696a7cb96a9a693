"""Decide whether a run may replace a baseline."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from robustbert.errors import InputError
from robustbert.gate.comparison.compared import ComparedMeasure
from robustbert.gate.comparison.matching import match_runs
from robustbert.gate.comparison.verdicts import Comparison, compare_runs
from robustbert.gate.gate_run import GateRun, gate_run_of_baseline
from robustbert.gate.policy import DIFFERENCES, GatePolicy
from robustbert.paths import report_path
from robustbert.records import Acceptance, Baseline, make_baseline
from robustbert.reports.wording import counted, listed

#: ``new``: there was no baseline. ``unchanged``: it has the results of the run already.
#: ``passed``: the run passes the comparison and replaces it. ``accepted``: the run does not pass,
#: and replaces it for the reason that was given. ``rejected``: the baseline is kept.
Decision: TypeAlias = Literal["new", "unchanged", "passed", "accepted", "rejected"]


@dataclass(frozen=True)
class BaselineUpdate:
    """What becomes of a baseline.

    Args:
        decision: whether it is replaced, and why.
        baseline: the baseline from now on.
        comparison: the comparison of the earlier baseline with the run; None if there is none.
    """

    decision: Decision
    baseline: Baseline
    comparison: Comparison | None = None

    @property
    def exit_code(self) -> int:
        """0 unless the baseline is kept because the run does not pass; then the comparison's."""
        if self.decision != "rejected" or self.comparison is None:
            return 0
        return self.comparison.exit_code


def update_baseline(
    earlier: Baseline | None,
    run: GateRun,
    policy: GatePolicy | None = None,
    *,
    place: str = "the baseline",
    allow: Collection[str] = (),
    accept: str | None = None,
) -> BaselineUpdate:
    """Decide whether a run replaces a baseline: if it passes the comparison, or is accepted.

    Args:
        earlier: the baseline so far; None if there is none.
        run: the run to make a baseline of.
        policy: what the comparison allows; None for the defaults.
        place: what the comparison calls the earlier baseline: its path.
        allow: kinds of differences to allow, names in
            :data:`robustbert.gate.policy.DIFFERENCES`.
        accept: the reason to replace the baseline although the run does not pass; None if it must
            pass. It is kept in the new baseline, together with what did not pass.

    Raises:
        InputError: examples of the run have the status ``error``, and errors are not allowed; two
            of its cells are the same; the reason is empty; or no rows match, and no reason is
            given.
        UnknownNameError: there is no such kind of difference.
    """
    reason = None if accept is None else _reason(accept)
    _check_run(run, allow)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    cells = [(cell.record, cell.statuses) for cell in run.cells]
    if earlier is None:
        return BaselineUpdate("new", make_baseline(cells, created_at=now))
    made = make_baseline(cells, created_at=now, acceptances=earlier.acceptances)
    if (made.cells, made.example_ids) == (earlier.cells, earlier.example_ids):
        return BaselineUpdate("unchanged", earlier)
    base = gate_run_of_baseline(earlier, place)
    comparison = compare_runs(base, run, policy, allow=allow) if _rows_match(base, run) else None
    if comparison is None and reason is None:
        raise InputError(
            f"{_no_row_matches(base, run)}; choose a row with --row, or replace the baseline with "
            "--accept REASON"
        )
    if comparison is not None and comparison.passed:
        return BaselineUpdate("passed", made, comparison)
    if reason is None:
        return BaselineUpdate("rejected", earlier, comparison)
    failures = [_no_row_matches(base, run)] if comparison is None else _failures(comparison)
    acceptance = Acceptance(created_at=now, reason=reason, failures=list(failures))
    accepted = made.model_copy(update={"acceptances": [*earlier.acceptances, acceptance]})
    return BaselineUpdate("accepted", accepted, comparison)


def _reason(accept: str) -> str:
    """The reason as one line that a record can hold."""
    reason = " ".join(accept.encode("utf-8", "backslashreplace").decode().split())
    if not reason:
        raise InputError('the reason of --accept is empty; say why, as in --accept "new data"')
    return reason


def _check_run(run: GateRun, allow: Collection[str]) -> None:
    match_runs(run, run, DIFFERENCES)  # raises InputError if two cells are the same
    failed = [cell for cell in run.cells if cell.record.counts.error]
    if failed and "errors" not in allow:
        number = sum(cell.record.counts.error for cell in failed)
        first = failed[0].record
        raise InputError(
            f"{run.name} has {counted(number, 'example')} with the status error, the first of them "
            f"in {first.recipe.name} on {first.dataset.name}; repeat its command to try them "
            "again, or leave them out of comparisons with --allow errors"
        )


def _rows_match(base: GateRun, run: GateRun) -> bool:
    """Whether a row of the one can be compared with a row of the other."""
    old, new = base.rows(), run.rows()
    return len(old) == len(new) == 1 or not set(old).isdisjoint(new)


def _no_row_matches(base: GateRun, run: GateRun) -> str:
    new, old = report_path(run.name), report_path(base.name)
    return f"{new} has the rows {listed(run.rows())}, but {old} {listed(base.rows())}"


def _failures(comparison: Comparison) -> Iterator[str]:
    """What did not pass, one line each."""
    yield from map(_described, comparison.failures)
    for cell in comparison.refused:
        yield f"{cell.label}: not compared: {cell.reason}"
    if not comparison.measures and not comparison.refused:
        yield "nothing was compared"


def _described(measure: ComparedMeasure) -> str:
    place = (measure.rows.label, measure.dataset, measure.track, measure.measure)
    name = " ".join(filter(None, place))
    old, new = measure.base.value or 0.0, measure.candidate.value or 0.0
    return (
        f"{name}: {measure.verdict}: {100 * old:.1f} to {100 * new:.1f} on "
        f"{counted(measure.n, 'example')}, adjusted p = {measure.adjusted_p:.2g}"
    )
