"""Comparisons of runs with chosen statuses, for the tests of reports."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from robustbert.gate import Comparison, GatePolicy, GateRun, compare_runs, gate_run
from robustbert.records import record_name
from tests.records.builders import make_outcomes, make_record

#: Text that breaks a report in which it is not escaped.
HOSTILE = 'm|`x`</details><b onclick="x">@octocat #1 [a](http://b.c)\n\x1b[31m\ufffe*&]]>'


def toy_run(
    name: str, cells: Mapping[tuple[str, str], Mapping[str, int]], **changes: Any
) -> GateRun:
    """A run with one cell per (track, recipe).

    Args:
        name: the name of the run.
        cells: the numbers of examples per status; examples are numbered in this order.
        changes: those of :func:`tests.records.builders.make_record`.
    """
    records, outcomes = [], {}
    for (track, recipe), statuses in cells.items():
        made = make_outcomes(**statuses)
        record = make_record(made, track=track, recipe=recipe, **changes)
        records.append(record)
        outcomes[record_name(record)] = made
    return gate_run(name, records, outcomes)


def toy_comparison(
    policy: GatePolicy | None = None, *, allow: Collection[str] = (), **changes: Any
) -> Comparison:
    """A comparison with a regression (pwws), an improvement (textbugger) and clean accuracy.

    Args:
        policy: the policy.
        allow: differences to allow.
        changes: changes of the records of the candidate.
    """
    base = {
        ("unified", "pwws"): {"skipped": 20, "robust": 120, "broken": 60},
        ("unified", "textbugger"): {"skipped": 20, "robust": 40, "broken": 140},
        ("published", "pwws"): {"skipped": 20, "robust": 30, "broken": 150},
    }
    candidate = {
        ("unified", "pwws"): {"skipped": 22, "robust": 80, "broken": 98},
        ("unified", "textbugger"): {"skipped": 22, "robust": 90, "broken": 88},
        ("published", "pwws"): {"skipped": 22, "robust": 28, "broken": 150},
    }
    return compare_runs(
        toy_run("runs/base", base),
        toy_run("runs/new", candidate, **{"model_sha256": "d" * 64, **changes}),
        policy,
        allow=allow,
    )
