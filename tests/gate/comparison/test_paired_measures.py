"""The measures of two runs do not depend on the order of their cells."""

from __future__ import annotations

from itertools import permutations

from robustbert.gate import GateRun, compare_runs
from tests.gate.runs import make_cell

CELLS = (
    make_cell("rrbb", recipe="pwws", dataset="a"),
    make_cell("rbbb", recipe="textfooler", dataset="a"),
    make_cell("rrrr", recipe="pwws", dataset="b"),
)


def test_interleaved_datasets_have_one_worst_case_and_one_clean_accuracy_each():
    expected = {
        ("a", "clean", 1.0), ("a", "pwws", 0.5), ("a", "textfooler", 0.25),
        ("a", "worst_case", 0.25), ("b", "clean", 1.0), ("b", "pwws", 1.0),
    }  # fmt: skip
    for cells in permutations(CELLS):
        run = GateRun("run", cells)
        measures = compare_runs(run, run).measures
        assert len(measures) == len(expected)
        assert {(m.dataset, m.measure, m.base.value) for m in measures} == expected
