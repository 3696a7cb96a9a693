"""``robustbert replay``: the stored texts of a run, scored on another model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robustbert import CallableClassifier
from robustbert.bench import run_plan
from robustbert.cli import main
from robustbert.errors import InputError, RecordError
from robustbert.gate.replay import Transfer, load_replayed, replay_texts
from robustbert.gate.replay_report import render_replay, render_replay_markdown, replay_as_json
from robustbert.metrics import wilson_interval
from robustbert.records import Outcome, read_run, without_texts
from robustbert.reports.run_view import ShownCell
from tests.bench.toy_runs import options, plan
from tests.gate.gate_page import described, keys
from tests.records.builders import add_cell, make_outcome, make_record
from tests.reports.test_outcome_views import HOSTILE


def broken(example_id: str, clean: str, adversarial: str, label: int) -> Outcome:
    return make_outcome(
        example_id,
        "broken",
        text=clean,
        adversarial_text=adversarial,
        label=label,
        clean_prediction=label,
        adversarial_prediction=int(not label),
    )


def cell(*outcomes: Outcome, **names: Any) -> ShownCell:
    return ShownCell(make_record(outcomes, **names), outcomes, len(outcomes))


class Positive:
    """Predicts positive for texts with a plus sign, and counts how often it sees each text."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, texts: list[str]) -> np.ndarray:
        self.seen += texts
        is_positive = np.array(["+" in text for text in texts])
        return np.stack([np.where(is_positive, 0.1, 0.9), np.where(is_positive, 0.9, 0.1)], axis=1)


def classifier(function: Any, labels: tuple[str, ...] = ("negative", "positive")) -> Any:
    return CallableClassifier(function, labels, name="signs", batch_size=64)


PWWS = cell(
    broken("a", "+ a", "- a", 1),  # fooled
    broken("b", "+ b", "+ b2", 1),  # not fooled
    broken("c", "- c", "+ c", 1),  # wrong on the clean text, so it cannot be fooled
    broken("d", "- d", "+ d", 0),  # fooled
    recipe="pwws",
)
FOOLER = cell(
    broken("a", "+ a", "+ a2", 1),  # not fooled by this text, but by that of pwws
    broken("b", "+ b", "- b3", 1),  # fooled
    broken("e", "- e", "- e2", 0),  # not fooled
    recipe="textfooler",
)


def test_the_counts_follow_from_the_predictions():
    function = Positive()
    result = replay_texts("run", (PWWS, FOOLER), classifier(function))
    [group] = result.groups
    assert [one.transfer for one in group.cells] == [Transfer(4, 3, 2), Transfer(3, 3, 1)]
    assert group.transfer == Transfer(5, 4, 3), "a, b and d are fooled by one text at least"
    assert group.transfer.clean_accuracy.value == 4 / 5
    assert group.transfer.rate.value == 3 / 4
    accuracy = group.transfer.accuracy
    interval = wilson_interval(1, 5)
    assert (accuracy.value, accuracy.low, accuracy.high) == (1 / 5, interval.low, interval.high)
    assert result.texts == len(set(function.seen)) == 12
    assert len(function.seen) == 12, "each distinct text is scored once"


def test_labels_are_matched_by_name():
    swapped = classifier(lambda texts: Positive()(texts)[:, ::-1], labels=("positive", "negative"))
    usual = replay_texts("run", (PWWS, FOOLER), classifier(Positive()))
    other = replay_texts("run", (PWWS, FOOLER), swapped)
    assert [one.transfer for one in other.groups] == [one.transfer for one in usual.groups]


def test_datasets_and_tracks_are_pooled_separately():
    other = cell(broken("a", "+ a", "+ a4", 1), track="published")
    result = replay_texts("run", (PWWS, other), classifier(Positive()))
    assert [one.name for one in result.groups] == [
        "rotten_tomatoes (test), unified track",
        "rotten_tomatoes (test), published track",
    ]
    assert [one.transfer for one in result.groups] == [Transfer(4, 3, 2), Transfer(1, 1, 0)]


def test_a_cell_without_texts_has_no_accuracy_and_is_not_below():
    empty = cell(make_outcome(), track="published")
    empty = ShownCell(empty.record, (), 0)
    result = replay_texts("run", (PWWS, empty), classifier(Positive()))
    assert result.groups[1].transfer == Transfer(0, 0, 0)
    assert result.groups[1].transfer.accuracy.value is None
    assert result.below(1.0, "low") == (result.groups[0],)
    assert "n/a" in render_replay(result)
    assert "there is no stored text: pwws on rotten_tomatoes" in render_replay(result)
    with pytest.raises(RecordError, match="run has no adversarial texts"):
        replay_texts("run", (empty,), classifier(Positive()))


def test_the_minimum_is_compared_with_the_lower_end_or_the_value():
    result = replay_texts("run", (PWWS,), classifier(Positive()))
    assert result.groups[0].transfer.accuracy.value == 0.25
    assert not result.below(0.25, "value")
    assert result.below(0.2500001, "value")
    assert result.below(0.25, "low")


def test_datasets_with_different_labels_are_refused(tmp_path):
    other = make_record([broken("a", "+ a", "- a", 1)], dataset="topics")
    topics = other.dataset.model_copy(update={"label_names": ["sport", "politics"]})
    other = other.model_copy(update={"dataset": topics})
    cells = (PWWS, ShownCell(other, (), 0))
    with pytest.raises(InputError, match="rotten_tomatoes and topics, have different labels"):
        load_replayed(tmp_path, cells)


def test_an_outcome_with_an_impossible_label_is_an_error():
    wrong = cell(broken("a", "+ a", "- a", 5))
    with pytest.raises(RecordError, match="the label 5, but there are only 2"):
        replay_texts("run", (wrong,), classifier(Positive()))


def test_reports_name_it_transfer_and_escape_hostile_names():
    hostile = cell(*PWWS.outcomes, model=" ".join(HOSTILE), recipe="pwws|<b>")
    result = replay_texts("run\x1b[31m", (hostile, FOOLER), classifier(Positive()))
    text, comment = render_replay(result), render_replay_markdown(result)
    for report in (text, comment):
        assert report.startswith(("Transfer of", "### Transfer of"))
        assert "\x1b" not in report
    assert "no evidence of robustness" in " ".join(text.split())
    assert "<b>" not in comment
    cells = [line.count("|") for line in comment.splitlines() if line.startswith("|")]
    assert len(cells) == 5
    assert set(cells) == {7}, "no name adds a column"


def test_json_has_counts_and_unrounded_numbers():
    result = replay_texts("run", (PWWS, FOOLER), classifier(Positive()))
    content = json.loads(replay_as_json(result))
    assert keys(content) <= described("JSON of a replay")
    assert content["kind"] == "transfer"
    assert "accuracy_under_attack" not in replay_as_json(result)
    [group] = content["groups"]
    assert (group["n"], group["correct"], group["fooled"]) == (5, 4, 3)
    assert group["transfer_rate"]["value"] == 0.75
    assert [one["recipe"] for one in group["cells"]] == ["pwws", "textfooler"]


@pytest.fixture(scope="module")
def run(reviews: Path, svm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The linear SVM, attacked on 10 reviews."""
    out = tmp_path_factory.mktemp("replay") / "run"
    run_plan(plan(reviews, svm, n=10), options(out))
    return out


def test_the_attacked_model_is_fooled_by_all_its_texts(run, svm, tmp_path, capsys):
    [outcomes] = read_run(run).outcomes.values()
    num_broken = sum(outcome.status == "broken" for outcome in outcomes)
    assert num_broken
    file = tmp_path / "replay.json"
    assert main(["replay", "--from", str(run), "--model", f"mine={svm}", "--json", str(file)]) == 0
    content = json.loads(file.read_text())
    [group] = content["groups"]
    assert (group["n"], group["correct"], group["fooled"]) == (num_broken,) * 3
    assert group["cells"][0]["same_model"]
    assert content["model"]["name"] == "mine"
    assert "The model is the one that was attacked as svm" in capsys.readouterr().out


def test_the_exit_code_tells_whether_it_is_below_the_minimum(run, svm, bert, tmp_path, capsys):
    given = ["replay", "--from", str(run), "--dtype", "float32", "--device", "cpu"]
    assert main([*given, "--model", str(svm), "--fail-under", "0.1", "--on", "value"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("robustbert: accuracy on stored texts of reviews (test), published")
    assert error.endswith("below 10 (by the value)\n")
    report = tmp_path / "replay.md"
    passing = ["--model", str(bert), "--fail-under", "0", "--markdown", str(report)]
    assert main([*given, *passing]) == 0
    assert report.read_text().startswith("### Transfer of the adversarial texts stored in run to")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--model", "tfidf-svm"], "'tfidf-svm' is not trained yet: run `robustbert train"),
        (["--model", "MODEL", "--fail-under", "1.5"], "--fail-under is 1.5; give a number from 0"),
        (["--model", "MODEL", "--fail-under", "nan"], "--fail-under is nan"),
        (["--model", "MODEL", "--on", "value"], "--on is given without --fail-under"),
        (["--model", "MODEL", "--recipe", "pwws"], "no cell with the recipe 'pwws'"),
        (["--model", "MODEL", "--row", "other"], "no cell with the model 'other'; it has svm"),
        (["--model", "MODEL", "--labels", "a,b"], "has the labels a, b but the dataset has"),
    ],
)
def test_wrong_use_is_an_error(run, svm, capsys, given, message):
    given = [str(svm) if word == "MODEL" else word for word in given]
    assert main(["replay", "--from", str(run), *given]) == 2
    assert message in capsys.readouterr().err


def test_outcomes_without_texts_cannot_be_replayed(svm, tmp_path, capsys):
    folder = add_cell(tmp_path, without_texts(PWWS.outcomes), model="svm")
    assert main(["replay", "--from", str(folder), "--model", str(svm)]) == 2
    assert "contain no texts" in capsys.readouterr().err
