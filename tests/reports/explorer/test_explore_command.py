"""``robustbert explore``: the file, its data, and errors. The browser tests look at the page."""

from __future__ import annotations

import json
import re
import webbrowser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustbert.cli import main
from robustbert.console import printable
from robustbert.records import outcomes_path, read_run, without_texts, write_outcomes
from robustbert.reports.explorer.explorer_data import choice_filters, explorer_data
from robustbert.reports.run_view import ShownCell
from tests.hostile import HOSTILE
from tests.records.builders import add_cell, make_outcome, make_outcomes, make_record
from tests.reports.explored_runs import review_run

RESULTS = Path(__file__).parents[3] / "results"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return review_run(tmp_path_factory.mktemp("runs") / "films")


@pytest.fixture
def error_of(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def explore(*arguments: object) -> str:
        assert main(["explore", *map(str, arguments)]) == 2
        written = capsys.readouterr()
        assert written.out == ""
        assert written.err.count("\n") == 1
        assert list(tmp_path.iterdir()) == [], "nothing was written"
        return written.err

    return explore


def data_of(page: Path) -> dict[str, list[list[object]]]:
    match = re.search(
        r'<script type="application/json" id="outcomes">([^<]*)</script>',
        page.read_text(encoding="utf-8"),
    )
    assert match is not None
    return json.loads(match[1])


def test_the_page_holds_every_outcome(run: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["explore", str(run)]) == 0
    assert capsys.readouterr().out == "explore.html\n"
    data = data_of(tmp_path / "explore.html")
    rows = [dict(zip(data["fields"], row, strict=True)) for row in data["rows"]]
    cells = read_run(run).outcomes.values()
    assert len(rows) == sum(map(len, cells)) == 72
    for row, outcome in zip(rows, [o for cell in cells for o in cell], strict=True):
        assert "".join(row["original"]) == outcome.text
        assert "".join(row["adversarial"]) == (outcome.adversarial_text or "")
        assert len(row["adversarial"][1::2]) == (outcome.words_changed or 0)
        assert row["status"] == outcome.status
        assert row["similarity"] == outcome.similarity
        assert row["label"] == ("negative", "positive")[outcome.label]


@pytest.mark.parametrize(
    ("options", "num_outcomes"),
    [
        (("--recipe", "pwws"), 24),
        (("--model", "minilm"), 36),
        (("--dataset", "film-notes", "--model", "minilm-robust", "--recipe", "pwws"), 12),
    ],
)
def test_selection(run: Path, tmp_path: Path, options, num_outcomes: int) -> None:
    out = tmp_path / "pages" / "selected.html"
    assert main(["explore", str(run), *options, "--out", str(out)]) == 0
    assert len(data_of(out)["rows"]) == num_outcomes


def test_an_existing_page_is_replaced(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    out.write_text("old")
    assert main(["explore", str(run), "--out", str(out)]) == 0
    assert "old" not in out.read_text(encoding="utf-8").split("<body>")[0][:100]


def test_standard_output(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", str(run), "--out", "/dev/stdout"]) == 0
    page = capfd.readouterr().out
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>\n")


@pytest.mark.parametrize("found", [True, False])
def test_open(run: Path, tmp_path: Path, monkeypatch, capsys, found: bool) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or found)
    out = tmp_path / "a page.html"
    assert main(["explore", str(run), "--open", "--out", str(out)]) == 0
    assert opened == [f"file://{tmp_path}/a%20page.html"]
    assert ("no web browser was found" in capsys.readouterr().err) != found


class TestErrors:
    """One line, exit code 2, and no page."""

    def test_names_that_the_run_does_not_have(self, run: Path, error_of) -> None:
        assert "recipe 'x'; it has deepwordbug" in error_of(run, "--recipe", "x")
        assert "model '<b>'; it has minilm" in error_of(run, "--model", "<b>")
        assert "dataset ''; it has film-notes" in error_of(run, "--dataset", "")

    def test_no_run(self, error_of, tmp_path: Path) -> None:
        assert "is not a run folder" in error_of(tmp_path / "nothing")
        assert "RUN" in error_of()

    def test_no_texts(self, run: Path, error_of, tmp_path_factory) -> None:
        assert "contain no texts" in error_of(RESULTS / "imdb", "--recipe", "pwws")
        other = tmp_path_factory.mktemp("other")
        outcomes = make_outcomes(robust=1)
        add_cell(other, outcomes)
        (name,) = read_run(other).outcomes
        write_outcomes(without_texts(outcomes), outcomes_path(other, name))
        assert "contain no texts" in error_of(other)

    def test_outputs(self, run: Path, error_of) -> None:
        assert "is a folder; give a file" in error_of(run, "--out", run)
        table = run / "table.md"
        assert "is an input" in error_of(run, "--out", table)
        (record, *_) = (run / "records").iterdir()
        before = record.read_bytes()
        assert "is an input" in error_of(run, "--out", record)
        assert record.read_bytes() == before
        assert "cannot write" in error_of(run, "--out", record / "x.html")

    def test_a_device_cannot_be_opened(self, run: Path, error_of) -> None:
        assert "--open: /dev/stdout" in error_of(run, "--open", "--out", "/dev/stdout")


def test_filters_count_what_there_is() -> None:
    outcomes = (
        *make_outcomes(broken=2, robust=3, error=1),
        make_outcome("r", retracted=True, adversarial_text="x", words_changed=1),
    )
    cells = [
        ShownCell(make_record(outcomes, model=model), outcomes, len(outcomes))
        for model in ("b", "a\u202e")
    ]
    found = {
        one.name: [(choice.value, choice.count) for choice in one.choices]
        for one in choice_filters(cells)
    }
    assert found == {
        "status": [("broken", 4), ("robust", 8), ("robust (retracted)", 2), ("error", 2)],
        "model": [("a\\u202e", 7), ("b", 7)],
    }


def test_no_outcome_needs_no_filter() -> None:
    assert choice_filters([]) == ()


@given(st.text(max_size=30), st.text(max_size=30))
def test_pieces_alternate(before: str, after: str) -> None:
    outcome = make_outcome(status="broken", text=before, adversarial_text=after)
    cell = ShownCell(make_record([outcome]), (outcome,), 1)
    (row,) = explorer_data([cell])["rows"]
    assert "".join(row[-2]) == before
    assert "".join(row[-1]) == after
    assert all(piece for pieces in row[-2:] for piece in pieces[1:])


def test_hostile_texts_are_data(tmp_path: Path) -> None:
    texts = [*HOSTILE.values(), "lone \ud800 surrogate", "nul \x00"]
    outcomes = [
        make_outcome(f"e{number}", "broken", text=text, adversarial_text=f"b {text}")
        for number, text in enumerate(texts)
    ]
    add_cell(tmp_path / "run", outcomes, model=" ".join(HOSTILE.values()), recipe="</script>")
    out = tmp_path / "page.html"
    assert main(["explore", str(tmp_path / "run"), "--out", str(out)]) == 0
    page = out.read_text(encoding="utf-8")
    assert all(line.isprintable() for line in page.splitlines())
    assert len(re.findall(r"<script\b", page)) == 3, "theme, data, explore"
    rows = data_of(out)["rows"]
    assert ["".join(row[-2]) for row in rows] == list(map(printable, texts))
