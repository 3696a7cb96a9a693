"""``robustbert audit``: the way of an audit, hostile texts, and bad input."""

from __future__ import annotations

import csv
import json

import pytest

from robustbert.audit import read_key
from robustbert.audit.item_selection import draw_items
from robustbert.audit.rating_sheet import rating_page
from robustbert.cli import main
from robustbert.reports.run_view import Selection, select_cells
from tests.audit.audited_runs import answers_of, audited_run, write_answers
from tests.hostile import HOSTILE
from tests.records.builders import add_cell, make_outcome, make_outcomes


@pytest.fixture
def run(tmp_path):
    return audited_run(tmp_path / "run")


@pytest.fixture
def audit(run, capsys):
    assert main(["audit", "export", str(run)]) == 0
    capsys.readouterr()
    return run / "audit"


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_export_says_what_raters_get(run, capsys):
    assert main(["audit", "export", str(run), "-n", "4", "--seed", "3"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0].startswith("4 examples: 2 of ")
    assert f"for raters: {run / 'audit' / 'raters'}\n" in printed.out
    assert f"not for raters: {run / 'audit' / 'key.json'}\n" in printed.out
    assert printed.err == ""
    files = [path.relative_to(run / "audit") for path in (run / "audit").rglob("*.*")]
    assert sorted(map(str, files)) == [
        "key.json",
        "raters/instructions.txt",
        "raters/rate.csv",
        "raters/rate.html",
    ]


def test_fewer_examples_than_asked_for_is_a_warning(run, capsys):
    assert main(["audit", "export", str(run)]) == 0
    assert capsys.readouterr().err == (
        "robustbert: warning: 6 examples instead of 100: the run has 12 broken ones, and each "
        "original occurs once\n"
    )


def test_raters_do_not_get_the_key(audit):
    """Not the recipe, the id of the example, the true label or the side."""
    for path in (audit / "raters").iterdir():
        text = path.read_text(encoding="utf-8-sig")
        assert "key" not in text.casefold().replace("keyboard", "").replace("monkey", "")
        assert "minilm" not in text
        assert "adversarial" not in text.casefold().replace("adversarial robustness", "")
        assert "unified" not in text


def test_the_round_trip(audit, tmp_path, capsys):
    """Two raters: one finds that all labels are kept, the other that all are changed."""
    key = read_key(audit)
    names = key.label_names

    def truth(item):
        return answers_of(names[item.label], names[item.label])(item)

    def changed(item):
        return answers_of(names[1 - item.label], names[item.label], change=-2, meaning="no")(item)

    files = [
        write_answers(tmp_path / "anna.csv", key, truth),
        write_answers(tmp_path / "ben.csv", key, changed, rater="ben"),
    ]
    command = ["audit", "import", str(audit), *map(str, files)]
    assert main([*command, "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["raters"] == ["anna", "ben"]
    groups = {group["name"]: group for group in report["groups"]}
    assert set(groups) == {"pwws", "textfooler", "all"}
    everything = groups["all"]
    assert everything["num_rated"] == 6
    assert everything["label_kept"]["value"] == 0.5
    assert everything["original_label"]["value"] == 1
    assert everything["original_label"]["interval"] == "wilson"
    assert everything["same_meaning"]["value"] == 0.5
    assert everything["fluency_original"]["value"] == 4
    assert everything["fluency_difference"]["value"] == -1
    meaning = everything["agreements"][0]
    assert meaning["alpha"] < 0
    assert meaning["reason"] is None

    assert main(command) == 0
    text = capsys.readouterr().out
    assert "2 raters (anna and ben), 6 of 6 pairs rated, 12 ratings" in text
    assert "\n\nShares are in %. Label kept: raters give" in text
    assert main([*command, "--format", "markdown"]) == 0
    assert "| all | 6 | 6 | 50.0 [50.0, 50.0] | 100.0 [61.0, 100.0] |" in capsys.readouterr().out


def test_the_run_folder_stands_for_its_audit(audit, tmp_path, capsys):
    file = write_answers(tmp_path / "a.csv", read_key(audit), answers_of("negative", "positive"))
    assert main(["audit", "import", str(audit.parent), str(file)]) == 0
    assert "n/a: no two raters have answered the same question" in capsys.readouterr().out


def test_the_csv_of_raters_can_be_filled_in(audit, tmp_path, capsys):
    lines = rows(audit / "raters" / "rate.csv")
    assert {line["first_text"][:4] for line in lines} == {"the "}
    lines[0].update(same_meaning="yes", rater="anna")
    filled = tmp_path / "filled.csv"
    with filled.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, lines[0], delimiter=";")
        writer.writeheader()
        writer.writerows(lines)
    assert main(["audit", "import", str(audit), str(filled)]) == 0
    out = " ".join(capsys.readouterr().out.split())  # without the line breaks of the terminal
    assert "1 of 6 pairs rated, 1 rating; missing answers in them" in out


class TestHostile:
    """Texts and names that try to be something else."""

    @pytest.fixture
    def hostile(self, tmp_path):
        outcomes = [
            make_outcome(f"{i:02x}", "broken", text=text, adversarial_text=f"{text} {i}")
            for i, text in enumerate(HOSTILE.values())
        ]
        return add_cell(tmp_path / "run", outcomes, recipe=HOSTILE["script"])

    def test_no_cell_is_a_formula_or_a_line_break(self, hostile, tmp_path):
        assert main(["audit", "export", str(hostile), "--out", str(tmp_path / "out")]) == 0
        lines = rows(tmp_path / "out" / "raters" / "rate.csv")
        assert len(lines) == len(HOSTILE)
        for line in lines:
            for cell in (line["first_text"], line["second_text"]):
                assert cell[0] not in "=+-@"
                assert cell.isprintable()

    def test_the_page_holds_texts_as_data(self, hostile):
        cells = select_cells(hostile, Selection())
        page = rating_page(draw_items(cells, 10, seed=0), ["<b>", "</script><script>x()"])
        assert page.count("</script>") == page.count("<script")
        assert "&lt;/script&gt;&lt;script&gt;x()" in page
        assert "<b>" not in page
        assert "onerror" in page
        assert "default-src &#39;none&#39;" in page
        assert "\u202e" not in page

    def test_names_in_the_report_are_escaped(self, hostile, tmp_path, capsys):
        assert main(["audit", "export", str(hostile), "--out", str(tmp_path / "out")]) == 0
        key = read_key(tmp_path / "out")
        answers = write_answers(
            tmp_path / "a.csv", key, answers_of("positive", "positive"), rater=HOSTILE["terminal"]
        )
        for form in ("text", "markdown"):
            capsys.readouterr()
            command = ["audit", "import", str(tmp_path / "out"), str(answers), "--format", form]
            assert main(command) == 0
            printed = capsys.readouterr().out
            assert "\x1b" not in printed
            assert ("<script>" in printed) == (form == "text")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["export", "{run}", "-n", "0"], "n is 0; give an integer of at least 1"),
        (["export", "{run}", "--seed", "-1"], "seed is -1"),
        (["export", "{run}", "--recipe", "iga"], "has no cell with the recipe 'iga'"),
        (["export", "{run}", "--out", "{run}"], "already contains outcomes"),
        (["export", "{none}"], "is not a run folder"),
        (["import", "{run}", "{none}"], "contains no audit (key.json is missing)"),
        (["measure", "{none}"], "is not a run folder"),
    ],
)
def test_bad_input_is_one_line(run, tmp_path, capsys, arguments, message):
    places = {"run": run, "none": tmp_path / "none"}
    assert main(["audit", *(argument.format(**places) for argument in arguments)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert not (run / "audit").exists()


def test_several_datasets_need_a_choice(run, tmp_path, capsys):
    add_cell(run, make_outcomes(broken=1), dataset="bbc_news")
    assert main(["audit", "export", str(run)]) == 2
    assert "has cells of bbc_news and rotten_tomatoes; choose one" in capsys.readouterr().err
    assert main(["audit", "export", str(run), "--dataset", "bbc_news"]) == 0


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        (make_outcomes(robust=2), "has no broken example; an audit needs at least one"),
        (
            [make_outcome("e0", "broken", text=None, adversarial_text=None)],
            "contain no texts (published results omit them)",
        ),
    ],
)
def test_runs_without_what_raters_need(tmp_path, capsys, outcomes, message):
    add_cell(tmp_path / "run", outcomes)
    assert main(["audit", "export", str(tmp_path / "run")]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"key_version": 2}, "key_version: 2, but this robustbert reads 1; upgrade robustbert"),
        ({"label_names": ["one"]}, "items: a label has no name in label_names"),
        ({"seed": "0"}, "seed: Input should be a valid integer"),
        ({"more": 1}, "more: Extra inputs are not permitted"),
    ],
)
def test_a_key_that_was_changed(audit, capsys, change, message):
    content = json.loads((audit / "key.json").read_text())
    (audit / "key.json").write_text(json.dumps(content | change))
    assert main(["audit", "import", str(audit), "answers.csv"]) == 2
    assert message in capsys.readouterr().err
