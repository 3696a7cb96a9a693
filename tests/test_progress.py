"""Progress on terminals, in log files and in notebooks."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from robustbert import progress
from robustbert.assets import ensure_assets
from robustbert.bench import run_plan
from robustbert.bench.attack_progress import result_line
from robustbert.bench.victim_spec import VictimSpec
from robustbert.bench.victims import prepare_victim
from robustbert.data import load_dataset
from tests.bench.test_attack_progress import Terminal
from tests.bench.toy_runs import options, plan
from tests.records.builders import make_outcomes, make_record

NOTEBOOK = """
import robustbert
import tqdm.auto  # as imported by datasets and transformers
from robustbert.progress import progress_bar, report_step

with progress_bar(3, "searching", "example") as bar:
    bar.update()
    bar.refresh()
report_step("done")
"""


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, capsys):
    """The lines on standard error so far; lines about steps are enabled."""
    monkeypatch.setattr(progress, "STEP_LINES", True)
    return lambda: capsys.readouterr().err.splitlines()


def test_a_step_is_a_line_in_a_log_file_and_nothing_on_a_terminal(monkeypatch, lines) -> None:
    progress.report_step("built x, 3 s")
    assert lines() == ["robustbert: built x, 3 s"]
    monkeypatch.setattr(sys, "stderr", Terminal())
    progress.report_step("built x, 3 s")
    assert sys.stderr.getvalue() == ""


@pytest.mark.parametrize(("rows", "shown"), [(24, "working: 100%|"), (0, "robustbert: done")])
def test_a_terminal_without_a_size_gets_lines(rows: int, shown: str) -> None:
    steps = "with progress.progress_bar(1, 'working') as bar: bar.update(); bar.refresh()"
    code = f"from robustbert import progress\n{steps}\nprogress.report_step('done')"
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", rows, rows, 0, 0))
    subprocess.run([sys.executable, "-c", code], stderr=theirs, check=True)
    os.close(theirs)
    written = os.read(ours, 10_000).decode()
    os.close(ours)
    assert shown in written
    assert ("done" in written) == (rows == 0)


def test_a_name_cannot_control_the_terminal(monkeypatch, lines) -> None:
    progress.report_step("trained \x1b[2Jx\u202e\n")
    assert lines() == [r"robustbert: trained \x1b[2Jx\u202e\n"]
    for stream in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setattr(progress, "FIRST_LINE", 0)
        with progress.progress_bar(1, "fine-tuning on \x1b]0;x\x07") as bar:
            bar.update()
            bar.refresh()
        assert r"fine-tuning on \x1b]0;x\x07: " in stream.getvalue()
        assert "\x07" not in stream.getvalue()


def test_an_asset_is_reported_once_it_is_built(tmp_path, monkeypatch, lines) -> None:
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path))
    ensure_assets(["stopwords"])
    (line,) = lines()
    assert re.fullmatch(r"robustbert: built stopwords, \d+ s", line)
    ensure_assets(["stopwords"])
    ensure_assets(["tagset"], progress=False)
    assert lines() == []


def test_a_training_is_reported_with_metrics_and_seconds(
    reviews, tmp_path, monkeypatch, lines
) -> None:
    monkeypatch.setenv("ROBUSTBERT_CACHE", str(tmp_path))
    dataset = load_dataset(f"file:{reviews}")
    for _ in range(2):  # the second time, it comes from the cache
        prepare_victim(VictimSpec("mine", "tfidf-nb"), dataset, seed=0)
    (line,) = lines()
    metrics = "validation accuracy 100.0%, test accuracy 100.0%"
    assert re.fullmatch(rf"robustbert: trained tfidf-nb: {metrics}, \d+ s", line)


@pytest.mark.usefixtures("own_cache")
def test_a_cell_is_reported_with_its_result_and_seconds(reviews, svm, tmp_path, lines) -> None:
    toy = plan(reviews, svm, recipes=("deepwordbug", "pruthi"), n=4)
    first, second = run_plan(toy, options(tmp_path)).records
    start = "robustbert: [1/2] reviews svm published deepwordbug: 100.0% clean, "
    attacked = f"{100 * first.metrics.accuracy_under_attack.value:.1f}% under attack"
    done = lines()
    assert [line.rpartition(",")[0] for line in done] == [
        f"{start}{attacked}",
        f"robustbert: [2/2] reviews svm published pruthi: {result_line(second)}",
    ]
    assert all(line.endswith(" s") for line in done)
    run_plan(toy, options(tmp_path))
    assert lines()[0] == f"{start}{attacked}, from an earlier run"


def test_the_result_of_a_cell_names_errors() -> None:
    record = make_record(make_outcomes(robust=2, broken=5, error=1, skipped=2))
    assert result_line(record) == "70.0% clean, 20.0% under attack, 1 error"


@pytest.mark.parametrize("installed", [True, False])
def test_a_notebook_gets_a_widget_only_if_there_are_widgets(monkeypatch, installed: bool) -> None:
    import tqdm
    import tqdm.notebook

    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setattr(progress, "find_spec", lambda name: installed or None)
    expected = tqdm.notebook.tqdm if installed else tqdm.tqdm
    assert progress._bar_class() is expected


def test_a_notebook_shows_a_bar_and_no_warning(tmp_path: Path) -> None:
    """Run a cell in a Jupyter kernel, which has no terminal."""
    pytest.importorskip("nbclient")
    run = """
import json, sys
import nbclient, nbformat
cells = [nbformat.v4.new_code_cell(sys.stdin.read())]
notebook = nbformat.v4.new_notebook(cells=cells)
nbclient.NotebookClient(notebook, timeout=100, kernel_name="python3").execute()
print(json.dumps([output.get("text", "") for output in cells[0].outputs]))
"""
    done = subprocess.run(
        [sys.executable, "-c", run], input=NOTEBOOK, capture_output=True, text=True, check=True
    )
    shown = "".join(json.loads(done.stdout.splitlines()[-1]))
    assert "searching:  33%|" in shown
    assert "1/3 [" in shown
    assert "Warning" not in shown
    assert "done" not in shown


def test_without_ipython_there_is_no_notebook(monkeypatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(progress.progress_bar(1, "work"), progress.PlainProgress)
