from __future__ import annotations

import io
import sys
import time

import pytest

from robustbert import progress
from robustbert.bench.attack_progress import AttackProgress
from tests.records.builders import make_outcome


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run_a_cell() -> None:
    with AttackProgress(4, "[1/2] reviews svm") as shown:
        shown.add(make_outcome("e0", "broken"))
        shown.show_queries(50)
        shown.add(make_outcome("e1", "robust"))
        shown._bar.refresh()


def test_terminal_shows_progress_broken_count_and_speed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    run_a_cell()
    last = [part for part in sys.stderr.getvalue().split("\r") if part.strip()][-1]
    assert last.startswith("[1/2] reviews svm:  50%|")
    assert "2/4 [" in last
    assert "1 broken, " in last
    assert "queries/s]" in last


def test_short_work_prints_nothing_without_a_terminal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    run_a_cell()
    assert sys.stderr.getvalue() == ""


def test_long_work_prints_plain_lines_without_a_terminal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(progress, "FIRST_LINE", 0.0)
    run_a_cell()
    (line,) = sys.stderr.getvalue().splitlines()
    assert line.startswith("robustbert: [1/2] reviews svm: 1 of 4 examples, 1 broken, ")
    assert line.endswith(" queries/s")


def test_long_work_without_a_total_prints_one_line(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress.progress_bar(None, "making word-vectors"):
        pass
    assert sys.stderr.getvalue() == ""
    monkeypatch.setattr(progress, "FIRST_LINE", 0.0)
    with progress.progress_bar(None, "making word-vectors"):
        while not sys.stderr.getvalue():
            time.sleep(0.01)
    assert sys.stderr.getvalue() == "robustbert: making word-vectors\n"
