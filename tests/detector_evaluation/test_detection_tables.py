"""Tables of detectors: formats, docs/understanding.md, and the commands of the benchmark."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from robustbert.cli import main
from robustbert.detector_evaluation.detection_record import read_detection
from robustbert.detector_evaluation.detection_result import DetectionResult
from robustbert.detector_evaluation.detection_table import FORMATS, estimate_text
from robustbert.detector_evaluation.detector_tables import detectors_markdown
from robustbert.errors import RecordError
from robustbert.io import write_text
from robustbert.records import read_outcomes
from robustbert.reports.escape import markdown
from tests.detector_evaluation.judged import detection_record
from tests.leaderboard.table_scripts import load_script
from tests.records.builders import add_cell, make_outcomes, make_record

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def record():
    return detection_record(make_record(make_outcomes(broken=10)))


def test_every_format_has_a_line_for_each_pair_of_recipes(record):
    text, table = FORMATS["text"]([record]), FORMATS["markdown"]([record])
    first = record.cells[0]
    assert text.count(estimate_text(first.auroc)) >= 2
    assert re.search("^pwws → textfooler +10 ", text, re.MULTILINE)
    assert re.search("^textfooler +10 ", text, re.MULTILINE)
    assert "pwws → textfooler: fitted to attacks by pwws, and judged on those by textfooler" in text
    assert "failed" not in text, "they were not judged"
    assert "| textfooler | pwws | 10 |" in table
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"]([record]))))
    assert [(row["fitted_on"], row["tested_on"]) for row in rows] == [
        (cell.fitted_on, cell.tested_on) for cell in record.cells
    ]
    assert float(rows[0]["tpr_of_curve_low"]) == first.tpr_of_curve.low
    assert rows[0]["failed_value"] == "", "missing is not zero"
    [again] = json.loads(FORMATS["json"]([record]))["records"]
    assert again["cells"][0]["auroc"]["value"] == first.auroc.value
    assert DetectionResult((record,)).to_pandas().shape[0] == 4


def test_names_are_escaped(record):
    hostile = record.model_copy(update={"detector": "a|*b*\x1b[31m"})
    assert "a&#124;\\*b\\*" in FORMATS["markdown"]([hostile])
    assert "\x1b" not in FORMATS["text"]([hostile])
    formula = record.model_copy(update={"detector": "=1+1"})
    assert "'=1+1" in FORMATS["csv"]([formula])


def test_a_record_is_read_as_it_was_written(record, tmp_path):
    path = tmp_path / "wdr.json"
    path.write_text(FORMATS["json"]([record]), encoding="utf-8")
    assert read_detection(path) == (record,)
    path.write_text(path.read_text(encoding="utf-8").replace('"auroc"', '"area"'), encoding="utf-8")
    with pytest.raises(RecordError, match="auroc: Field required"):
        read_detection(path)


def test_the_document_gets_the_tables(record, tmp_path):
    script = load_script(ROOT / "docs" / "understanding_tables.py")
    missing = "It has not been measured yet: `make detection` does it."
    assert script.detection_table(tmp_path) == missing
    path = tmp_path / "detection" / "toy" / "wdr.json"
    path.parent.mkdir(parents=True)
    path.write_text(FORMATS["json"]([record]), encoding="utf-8")
    text = script.detection_table(tmp_path)
    own = [cell for cell in record.cells if cell.fitted_on == cell.tested_on]
    mean = sum(cell.auroc.value for cell in own) / len(own)
    assert f"| wdr | mean |  | {100 * mean:.1f} |" in text
    shown = [markdown(estimate_text(cell.auroc)) for cell in record.cells[2:]]
    assert f"| wdr | textfooler | {' | '.join(shown)} |" in text


def test_detectors_with_other_validation_attacks_are_not_in_one_table(record):
    other = record.model_copy(update={"validation_examples": 51, "detector": "fgws"})
    text = detectors_markdown([record, other])
    first, second = (text.index(f"attacks on {n} validation examples") for n in (50, 51))
    assert first < text.index("| wdr |") < second < text.index("| fgws |")


def test_a_pair_of_recipes_that_was_not_judged_is_missing(record):
    few = record.model_copy(update={"detector": "fgws", "cells": record.cells[:2]})
    text = detectors_markdown([record, few])
    assert "| fgws | textfooler | n/a | n/a |" in text


@pytest.mark.parametrize(("texts", "shown"), [(100, "clean texts"), (0, "nothing")])
def test_a_detector_that_learns_from_no_attack_has_one_line(record, texts, shown):
    cells = [cell.model_copy(update={"fit_pairs": 0}) for cell in record.cells]
    changes = {"detector": "rde", "cells": cells, "training_texts": texts}
    text = detectors_markdown([record.model_copy(update=changes)])
    [line] = [line for line in text.splitlines() if line.startswith(f"| rde | {shown} |")]
    assert line.count("|") == 5


def test_the_page_lists_every_detector():
    from robustbert.detection import DETECTORS, make_detector

    text = (ROOT / "docs" / "understanding.md").read_text(encoding="utf-8")
    for name in DETECTORS:
        assert f"| `{name}` | {make_detector(name, {}).paper} |" in text


def test_detectors_are_listed(capsys):
    assert main(["list", "detectors"]) == 0
    assert capsys.readouterr().out.startswith("wdr ")


@pytest.fixture
def dataset(tmp_path):
    script = load_script(ROOT / "benchmarks" / "detection.py")
    return script.Dataset(
        name="bbc_news", model="minilm", recipes=["pwws", "textfooler"], num_test=10,
        num_validation=50, run=tmp_path / "run", results=tmp_path / "results",
    )  # fmt: skip


def test_the_benchmark_attacks_first_and_leaves_out_what_is_there(dataset, record):
    *attacks, wdr, fgws, rde, mahalanobis, attribution, perplexity = dataset.commands(
        attack_only=False
    )
    for attack, recipe in zip(attacks, dataset.recipes, strict=True):
        assert attack[:3] == ["bench", "--models", "minilm"]
        assert attack[attack.index("--recipes") + 1] == recipe
        assert attack[attack.index("-n") + 1] == "10"
    judged = [wdr, fgws, rde, mahalanobis, attribution, perplexity]
    detectors = [command[command.index("--detector") + 1] for command in judged]
    assert detectors == ["wdr", "fgws", "rde", "mahalanobis", "attribution", "perplexity"]
    assert all(command[command.index("--validation") + 1] == "50" for command in judged)
    write_text(dataset.record("rde"), FORMATS["json"]([record]))
    left = [*dataset.commands(attack_only=False)]
    assert left == [*attacks, wdr, fgws, mahalanobis, attribution, perplexity]
    assert len([*dataset.commands(attack_only=True)]) == 4


@pytest.mark.parametrize(
    "changes", [{"num_test": 9}, {"num_validation": 49}, {"recipes": ["pwws"]}]
)
def test_a_record_of_other_attacks_is_made_again(dataset, record, changes):
    write_text(dataset.record("rde"), FORMATS["json"]([record]))
    assert dataset.is_judged("rde")
    assert not replace(dataset, **changes).is_judged("rde")


def test_the_benchmark_takes_finished_attacks(dataset, tmp_path):
    for recipe, track in (("pwws", "unified"), ("pwws", "published"), ("iga", "unified")):
        outcomes = make_outcomes(broken=2)
        add_cell(tmp_path / "other", outcomes, dataset="bbc_news", recipe=recipe, track=track)
    dataset.reuse(tmp_path / "other")
    [copied] = (dataset.run / "records").iterdir()
    assert copied.stem == "bbc_news--minilm--none--unified--pwws"
    assert len(read_outcomes(dataset.run / "outcomes" / f"{copied.stem}.jsonl")) == 2
