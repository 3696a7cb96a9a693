"""The tables of docs/understanding*.md: they are current, and say what the records say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from robustbert.detection import DETECTORS
from robustbert.explanations.quality_records import (
    Agreement,
    ExplanationQuality,
    MethodQuality,
    RecipeChange,
    TextChange,
    TextQuality,
    read_quality,
)
from robustbert.io import write_bytes
from robustbert.records.strict_json import encode
from robustbert.reports.escape import markdown
from tests.leaderboard.table_scripts import load_script, run_script

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def script():
    return load_script(ROOT / "docs" / "understanding_tables.py")


def text_quality(number, comprehensiveness, infidelity):
    return TextQuality(
        example_id=f"e{number}",
        comprehensiveness=comprehensiveness,
        sufficiency=-0.25,
        infidelity=infidelity,
        sensitivity=None,
    )


def text_change(number, changed, in_top, correlation):
    return TextChange(
        example_id=f"e{number}",
        num_words=10,
        num_changed=changed,
        num_changed_in_top=in_top,
        rank_correlation=correlation,
    )


@pytest.fixture
def results(tmp_path):
    """The record of a method on two texts, and of a recipe with three."""
    record = ExplanationQuality(
        quality_version=1,
        dataset="rotten_tomatoes",
        split="test",
        model="minilm",
        model_sha256="a" * 64,
        seed=0,
        processor="a processor",
        threads=2,
        libraries=["captum==0.9.0"],
        network_quality={"radius": 0.1},
        methods=[
            MethodQuality(
                method="saliency",
                params={},
                seconds=0.0125,
                texts=[text_quality(0, 0.5, 0.125), text_quality(1, 0.5, None)],
            )
        ],
        agreements=[Agreement(first="lime", second="shap", rank_correlations=[0.5, None, 0.5])],
        changes=[
            RecipeChange(
                track="unified",
                recipe="pwws",
                method="saliency",
                texts=[
                    text_change(0, 2, 1, 0.5),
                    text_change(1, 2, 1, None),
                    text_change(2, 0, 0, 0.5),
                ],
            )
        ],
    )
    write_bytes(tmp_path / "explanations" / "rotten_tomatoes-minilm.json", encode(record))
    return tmp_path


def test_the_page_is_current(script, monkeypatch):
    assert run_script(script, monkeypatch, "--check") == 0


def test_the_quality_of_methods(script, results):
    assert script.quality_table(results).splitlines() == [
        "**rotten_tomatoes, minilm** (test split, 2 texts, seconds on a processor with 2 threads)",
        "",
        "| method | comprehensiveness | sufficiency | infidelity | sensitivity | seconds |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        "| saliency | 0.500 [0.500, 0.500] | -0.250 [-0.250, -0.250] | 0.125 | n/a | 0.013 |",
    ]


def test_missing_correlations_do_not_count(script, results):
    title, *_, line = script.agreement_table(results).splitlines()
    assert title == "**rotten_tomatoes, minilm** (test split, 2 texts)"
    assert line == "| lime | shap | 0.50 [0.50, 0.50] |"


def test_texts_in_which_only_words_were_inserted_have_no_share(script, results):
    line = script.change_table(results).splitlines()[-1]
    assert line == (
        "| saliency | pwws (unified) | 3 | 0.50 [0.50, 0.50] | 0.50 [0.50, 0.50] | "
        "0.20 [0.20, 0.20] |"
    )


def test_the_summary_of_methods(script, results):
    assert script.quality_summary(results).splitlines() == [
        "| method | rotten_tomatoes: comprehensiveness | rotten_tomatoes: sufficiency | "
        "rotten_tomatoes: seconds |",
        "| --- | ---: | ---: | ---: |",
        "| saliency | 0.50 [0.50, 0.50] | -0.25 [-0.25, -0.25] | 0.01 |",
    ]


def test_the_summary_of_changes_has_the_means_over_the_recipes_of_one_track(script, results):
    path = results / "explanations" / "rotten_tomatoes-minilm.json"
    record = read_quality(path)
    others = [
        ("textfooler", "unified", text_change(0, 1, 1, 0.0)),
        ("deepwordbug", "unified", text_change(0, 0, 0, None)),
        ("pwws", "published", text_change(0, 1, 0, -1.0)),
    ]
    changes = [
        RecipeChange(track=track, recipe=recipe, method="saliency", texts=[text])
        for recipe, track, text in others
    ]
    write_bytes(path, encode(record.model_copy(update={"changes": record.changes + changes})))
    # pwws 0.5, 0.5 and 0.2; textfooler 0, 1 and 0.1; of deepwordbug nothing is defined
    line = script.change_summary(results).splitlines()[-1]
    assert line == "| saliency | 0.25 | 0.75 | 0.15 |"


def test_the_summary_of_detectors_has_the_means_over_the_recipes(script):
    results = ROOT / "results"
    full, found = script.detection_table(results), script.detection_summary(results)
    for dataset, column in (("rotten_tomatoes", 0), ("bbc_news", 2)):
        part = full[full.index(f"**{markdown(dataset)}") :].partition("AUROC in %, fitted to")[0]
        means = re.findall(r"^\| (\S+) \| mean \|  \| ([\d.]+) \| ([\d.]+) ", part, re.MULTILINE)
        assert {name for name, *_ in means} == set(DETECTORS)
        for name, *values in means:
            [line] = [line for line in found.splitlines() if line.startswith(f"| `{name}` |")]
            cells = [cell.strip() for cell in line.split("|")[2:-1]]
            assert cells[column : column + 2] == values


def test_the_summary_of_audits_has_one_track(script):
    titles = re.findall(r"^\*\*(.*)\*\*$", script.audit_summary(ROOT / "results"), re.MULTILINE)
    assert len(titles) == 2
    assert all(title.endswith(", unified track") for title in titles)


def test_without_records_the_page_says_how_to_make_them(script, tmp_path):
    for table in (
        *(script.quality_table, script.agreement_table, script.change_table),
        *(script.quality_summary, script.change_summary),
    ):
        assert table(tmp_path) == "It has not been measured yet: `make explanations` does it."
