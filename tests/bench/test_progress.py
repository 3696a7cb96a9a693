from __future__ import annotations

import io
import sys

import pytest

from robustbert.bench.progress import AttackProgress
from tests.records.builders import make_outcome


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run_a_cell() -> None:
    with AttackProgress(4, "[1/2] reviews svm") as progress:
        progress.add(make_outcome("e0", "broken"))
        progress.show_queries(50)
        progress.add(make_outcome("e1", "robust"))
        progress._bar.refresh()


def test_a_terminal_shows_what_is_done_and_broken_and_how_fast(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    run_a_cell()
    last = [part for part in sys.stderr.getvalue().split("\r") if part.strip()][-1]
    assert last.startswith("[1/2] reviews svm:  50%|")
    assert "2/4 [" in last
    assert "1 broken, " in last
    assert "queries/s]" in last


def test_nothing_is_shown_elsewhere(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    run_a_cell()
    assert sys.stderr.getvalue() == ""
