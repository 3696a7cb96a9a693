"""The tables of README.md and results/README.md, and what docs/leaderboard.md says."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from robustbert.leaderboard import board_lines
from robustbert.metrics import bootstrap_ranks
from tests.leaderboard.published import core_cells, write_published
from tests.leaderboard.table_scripts import load_script, run_script

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "leaderboard_tables.py"
PAGE = (ROOT / "docs" / "leaderboard.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return load_script(SCRIPT)


@pytest.fixture
def run(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the script with arguments; the exit code."""
    return partial(run_script, script, monkeypatch)


def table(header: str) -> list[list[str]]:
    """The rows of the table of the page whose header starts so."""
    lines = PAGE.partition(f"\n| {header} ")[2].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def test_the_committed_tables_are_current(run: Callable[..., int]) -> None:
    assert run("--check") == 0


def test_tables_are_written_between_their_markers(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = [
        *core_cells("rb", model="first"),
        *core_cells("rb", model="second", track="published"),
        *core_cells("rb", model="third", dataset="imdb"),
    ]
    write_published(cells, tmp_path / "results")
    readme, results = tmp_path / "README.md", tmp_path / "results" / "README.md"
    short = "<!-- leaderboard rotten_tomatoes unified -->\nold\n<!-- end of leaderboard -->"
    readme.write_text(f"before\n{short}\nbetween\n{short}\nafter\n")
    results.write_text("before\n<!-- leaderboard -->\n<!-- end of leaderboard -->\nafter\n")
    assert run("--check", "--root", str(tmp_path)) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"{path} is outdated; run: make leaderboard" for path in (readme, results)
    ]
    assert run("--root", str(tmp_path)) == 0
    assert run("--check", "--root", str(tmp_path)) == 0
    text = readme.read_text()
    assert re.sub(r"<!--.*?end of leaderboard -->", "", text, flags=re.DOTALL).split() == [
        *("before", "between", "after")
    ]
    assert text.count("| 1 [1, 1] | first |") == 2
    assert "old" not in text
    assert "second" not in text
    assert "third" not in text
    assert all(name in results.read_text() for name in ("first", "second", "third", "before"))


def test_the_example_of_ranks_is_right() -> None:
    rows = table("row | worst case")
    generator = np.random.default_rng(3)
    scores = []
    for _, worst_case, *_ in rows:
        scores.append(np.zeros(200))
        survivors = round(2 * float(worst_case.removesuffix("%")))
        scores[-1][generator.choice(200, survivors, replace=False)] = 1
    found = bootstrap_ranks([list(of_row) for of_row in scores], 0)
    assert [(f"[{one.low}, {one.high}]", str(one.rank)) for one in found] == [
        (interval, rank) for _, _, interval, _, rank in rows
    ]
    names = [row[0] for row in rows]
    better = [
        ", ".join(name for name, other in zip(names, found, strict=True) if other.high < one.low)
        for one in found
    ]
    assert [cell.replace("none", "") for _, _, _, cell, _ in rows] == better


def documented(rows: Sequence[Sequence[str]]) -> list[str]:
    return [name for row in rows for name in re.findall(r"`(\w+)`", row[0])]


def test_metrics_of_the_csv_are_documented() -> None:
    metrics = ["rank", "best_known_accuracy", *board_lines.CLAIMED_METRICS.values()]
    assert documented(table("metric")) == metrics


def test_the_code_of_the_page_runs(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(ROOT)
    [code] = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    exec(compile(code, "leaderboard.md", "exec"), {})
    assert "rotten_tomatoes unified Rank(rank=1, " in capsys.readouterr().out
