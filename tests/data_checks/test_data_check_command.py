"""``robustbert data check``: reports, exit codes, hostile texts and bad input."""

from __future__ import annotations

import csv
import json
import re

import pytest

from robustbert.cli import main
from robustbert.console import printable
from robustbert.data_checks import CHECKS, DataReport, check_data, data_report_page
from robustbert.data_checks.data_report import REPORT_VERSION
from robustbert.data_checks.report_text import data_report_text
from tests.data_checks.test_checks import labels, sentences
from tests.hostile import HOSTILE

SKIP = ("--skip", "label-errors")


def write(path, texts, names):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *zip(texts, names, strict=True)])
    return path


@pytest.fixture
def clean(tmp_path):
    return f"file:{write(tmp_path / 'clean.csv', sentences(12), labels(12))}"


@pytest.fixture
def dirty(tmp_path):
    texts = sentences(11)
    return f"file:{write(tmp_path / 'dirty.csv', [*texts, texts[0]], labels(12))}"


def run(*arguments) -> int:
    return main(["data", "check", *map(str, arguments)])


def test_the_report_and_the_exit_code(clean, dirty, capsys):
    assert run(clean, *SKIP) == 0
    written = capsys.readouterr().out
    assert written.startswith("clean (file:clean.csv), 12 rows, 2 classes: 0 of 11 checks failed\n")
    assert run(dirty, *SKIP) == 1
    written = capsys.readouterr().out
    heading = " ".join(written.partition("\n\n")[0].split())  # wrapped to the terminal's width
    assert heading.endswith(": 2 of 11 checks failed (duplicates and conflicts)")
    assert "\n  - all 1 (neg), 2 times: " in written
    assert "\nSkipped: label-errors\n" in written
    assert all(len(line) <= 100 for line in written.splitlines())


def test_columns_line_up(dirty, capsys):
    run(dirty, *SKIP)
    lines = capsys.readouterr().out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("check "))
    table = lines[start : start + 2 + len(CHECKS) - 1]
    place = table[0].index("result")
    assert all(line[place - 2 : place] == "  " for line in table)
    assert {line[place:].strip() for line in table[2:]} == {"ok", "failed", "not measured"}


def test_limits_decide_the_exit_code(dirty):
    assert run(dirty, *SKIP, "--limit", "duplicates=0.2,conflicts=0.2") == 0
    assert run(dirty, *SKIP, "--limit", "duplicates=0.2", "--limit", "conflicts=0.1") == 1
    assert run(dirty, "--skip", "label-errors,duplicates,conflicts") == 0


def test_separate_files(tmp_path, capsys):
    texts = sentences(20)
    train = write(tmp_path / "train.csv", texts[:14], labels(14))
    test = write(tmp_path / "test.csv", [*texts[14:], texts[0]], labels(7))
    assert run("--train-file", train, "--test-file", test, *SKIP) == 1
    assert "rows of test in train: 1\n" in capsys.readouterr().out


def test_json_follows_the_schema_and_has_no_texts(dirty, tmp_path, capsys):
    out = tmp_path / "report.json"
    assert run(dirty, *SKIP, "--out", out) == 1
    assert capsys.readouterr().out.endswith(f"(duplicates and conflicts)\n{out}\n")
    content = json.loads(out.read_text(encoding="utf-8"))
    assert content["report_version"] == REPORT_VERSION
    report = DataReport.model_validate(content)
    assert report.failed == ["duplicates", "conflicts"]
    assert [row.row for row in report.check("conflicts").findings[0].rows] == [1, 12]
    assert sentences(1)[0] not in out.read_text(encoding="utf-8")
    assert str(tmp_path) not in out.read_text(encoding="utf-8")
    assert run(dirty, *SKIP, "--format", "json", "--examples", "0") == 1
    printed = json.loads(capsys.readouterr().out)
    assert [check["findings"] for check in printed["checks"]] == [[]] * 11


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_and_names_are_shown_literally(text):
    shown = printable(text).strip()
    texts = [*sentences(8), f"fine {text}", f"fine {text}", text, text]
    names = [("neg", text)[i % 2] for i in range(12)]
    report = check_data((texts, names), name=text, skip=["label-errors"])
    written = data_report_text(report, 300)
    assert all(line.isprintable() for line in written.split("\n"))
    assert f"fine {shown}" in written
    page = data_report_page(report)
    assert all(line.isprintable() for line in page.split("\n"))
    assert not re.search(r"<(?!/?style|/?script>)[^>]*\bon(load|error)=", page)
    from lxml import html

    document = html.fromstring(page)
    assert any(f"fine {shown}" in element.text_content() for element in document.iter("bdi"))
    body = document.find("body")
    assert not list(body.iter("script", "img", "svg", "b"))
    assert {link.get("href")[0] for link in body.iter("a")} == {"#"}


def test_long_texts_are_cut_around_what_was_found():
    text = f"{'word ' * 400}Ã©tÃ© {'word ' * 400}"
    report = check_data(([*sentences(11), text], labels(12)), skip=["label-errors"])
    written = data_report_text(report, 80)
    (line,) = [line for line in written.splitlines() if "mojibake: …" in line]
    assert "Ã©" in line
    assert len(line) <= 80


def test_a_whole_number_label_is_not_mistaken_for_a_share():
    report = check_data((sentences(12), [1, 2, 2] * 4), skip=["label-errors"])
    (row,) = [x for x in data_report_text(report, 100).splitlines() if x.startswith("all ")]
    assert "  1 (33.3%)" in row
    assert "  2 (66.7%)" in row


def test_long_labels_are_shortened():
    texts = sentences(14)
    label = "a label as long as a text: " + texts[0]
    report = check_data(([*texts[:12], *texts[:2]], ["neg", label] * 7), skip=["label-errors"])
    written = data_report_text(report, 100)
    assert all(len(line) <= 100 for line in written.splitlines())
    assert f"  - all 2 (a label as long as …{texts[0][-20:]}), 2 times: {texts[1][:20]}" in written
    assert label not in data_report_page(report)


def test_a_row_without_a_text_is_its_place(clean, tmp_path):
    report = check_data(([*sentences(11), " "], labels(12)), skip=["label-errors"])
    assert "\n  - all 12 (pos)\n" in data_report_text(report, 100)


def test_the_page_counts_what_it_does_not_show():
    texts = sentences(10)
    report = check_data((texts + [texts[0]] * 3, labels(10) + ["neg"] * 3), skip=["label-errors"])
    assert '<p class="muted">and 1 more row</p>' in data_report_page(report)
    assert '<p class="muted">and 1 more finding</p>' in data_report_page(report, 0)


def test_the_page_is_written(dirty, tmp_path, capsys):
    out = tmp_path / "report.html"
    assert run(dirty, *SKIP, "--out", out) == 1
    page = out.read_text(encoding="utf-8")
    assert "<title>Data check of dirty</title>" in page
    assert page.count("http") == page.count("http-equiv"), "no request"
    for name in set(CHECKS) - {"label-errors"}:
        assert f'id="{name}"' in page


class TestBadInput:
    @pytest.fixture
    def rejected(self, capsys):
        def check(*arguments):
            assert run(*arguments) == 2
            written = capsys.readouterr()
            assert (written.out, written.err.count("\n")) == ("", 1)
            return written.err

        return check

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--skip", "leakag"], "unknown check 'leakag'; did you mean"),
            (["--limit", "leakag=0"], "unknown check 'leakag'; did you mean"),
            (["--limit", "leakage"], "'leakage' is not NAME=X"),
            (["--limit", "leakage=x"], "leakage is 'x'; give a number from 0 to 1"),
            (["--limit", "leakage=2"], "the limit of leakage is 2.0; give a number from 0 to 1"),
            (["--limit", "leakage=0,leakage=1"], "leakage is given twice"),
            (["--limit", "leakage=0", "--skip", "leakage"], "has a limit and is skipped"),
            (["--skip", ",".join(CHECKS)], "all checks are skipped"),
            (["--folds", "1"], "folds is 1"),
            (["--seed", "-1"], "seed is -1"),
            (["--examples", "-1"], "--examples is -1"),
            (["--format", "html"], "--format html needs a file"),
            (["--out", "report.pdf"], "does not end with .txt, .json, .html"),
            (["--train-file", "x.csv"], "DATASET and --train-file are both given"),
        ],
    )
    def test_options(self, rejected, clean, options, message):
        assert message in rejected(clean, *options)

    def test_no_data(self, rejected, tmp_path):
        assert "no dataset is given; give DATASET or --train-file" in rejected()
        assert "DATASET is empty" in rejected("")
        assert "no such file" in rejected(f"file:{tmp_path / 'none.csv'}", *SKIP)
        assert "no such file" in rejected("file:~nobody-of-this-name/x.csv", *SKIP)
        assert "no such file" in rejected("--train-file", "~nobody-of-this-name/x.csv", *SKIP)
        assert "unknown dataset 'imbd'; did you mean imdb?" in rejected("imbd")

    @pytest.mark.parametrize("names", [["pos"], ["pos", "pos"]])
    def test_one_row_or_one_class(self, rejected, tmp_path, names):
        file = write(tmp_path / "one.csv", sentences(len(names)), names)
        assert "pos" in rejected(f"file:{file}", *SKIP)

    @pytest.mark.parametrize("name", ["file:clean.csv", "file:~/clean.csv"])
    def test_the_data_are_not_overwritten(self, rejected, clean, tmp_path, monkeypatch, name):
        path = tmp_path / "clean.csv"
        before = path.read_bytes()
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        assert "is an input" in rejected(name, *SKIP, "--format", "json", "--out", path)
        assert path.read_bytes() == before
