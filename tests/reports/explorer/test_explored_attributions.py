"""``robustbert explore --explain``: the data of the page, its weight, and errors."""

from __future__ import annotations

import json
import re

import pytest

import robustbert
from robustbert.cli import main
from robustbert.console import printable
from robustbert.explanations import make_explainer
from robustbert.reports.explorer.explorer_page import explore_page
from tests.hostile import HOSTILE
from tests.reports.attributions.explained_runs import write_explained_run

METHOD = make_explainer("occlusion", {})


@pytest.fixture(scope="module")
def classifier(bert):
    return robustbert.load_model(bert)


@pytest.fixture(scope="module")
def run(classifier, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "one"
    pairs = {f"fine {text}": f"fin {text}" for text in [*HOSTILE.values(), "\U0001f600 very good"]}
    return write_explained_run(folder, classifier, pairs, {"pwws": None, "textfooler": "c" * 64})


def rows_of(page: str) -> list[dict]:
    match = re.search(r'<script type="application/json" id="outcomes">([^<]*)</script>', page)
    data = json.loads(match[1])
    return [dict(zip(data["fields"], row, strict=True)) for row in data["rows"]]


def in_utf16(text: str, start: int, end: int) -> str:
    return text.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le")


def test_words_of_broken_examples_of_the_model_have_tints(run, classifier):
    rows = rows_of(explore_page(run, explainer=METHOD, classifier=classifier))
    tinted = [row for row in rows if row["attributions"]]
    assert {row["status"] for row in tinted} == {"broken"}
    assert len(tinted) == len(HOSTILE) + 1, "those of the other model have none"
    for row in tinted:
        for version in ("original", "adversarial"):
            text = "".join(row[version])
            (found,) = robustbert.explain(
                next(t for t in texts_of(run) if printable(t) == text),
                model=classifier,
                method=METHOD,
                target="pos",
            )
            words = {in_utf16(text, start, end) for start, end, _ in row["attributions"][version]}
            assert words <= set(map(printable, found.words))
            levels = [level for *_, level in row["attributions"][version]]
            assert max(map(abs, levels)) == 5
        assert row["attributions"]["facts"][0] == "explained: pos"


def texts_of(run) -> list[str]:
    outcomes = [o for cell in robustbert.read_run(run).outcomes.values() for o in cell]
    return [text for o in outcomes for text in (o.text, o.adversarial_text) if text]


def test_a_page_without_explanations_has_nothing_of_them(run):
    page = explore_page(run)
    assert "attributions" not in rows_of(page)[0]
    for part in ("createTreeWalker", "against-5"):
        assert part not in page


def test_attention_is_said_to_be_the_same_for_every_class(run, bert):
    classifier = robustbert.load_model(bert)
    page = explore_page(
        run, explainer=make_explainer("attention-rollout", {}), classifier=classifier
    )
    assert "by attention-rollout,\nwhichever the class" in page
    assert "the score of the true class" not in page


def test_the_command(run, bert, tmp_path, capsys):
    out = tmp_path / "page.html"
    options = ("--explain", "occlusion", "--set", "mask=[MASK]", "--explained-model", str(bert))
    assert main(["explore", str(run), *options, "--out", str(out)]) == 0
    page = out.read_text(encoding="utf-8")
    assert "createTreeWalker" in page
    assert any(row["attributions"] for row in rows_of(page))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--explain", "occlusion"), "add --explained-model MODEL"),
        (("--explained-model", "x"), "need --explain METHOD"),
        (("--explain", "oclusion", "--explained-model", "x"), "did you mean occlusion?"),
        (("--explain", "occlusion", "--explained-model", "no-such"), "no-such"),
    ],
)
def test_errors(run, tmp_path, capsys, options, message):
    out = tmp_path / "page.html"
    assert main(["explore", str(run), *options, "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not out.exists()
