"""``rb.attack``: classifiers in memory, texts with labels or datasets, and what is returned."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

import robustbert as rb
from robustbert.errors import InputError, ModelError, RobustbertWarning
from robustbert.records import read_run
from tests.tiny import NEGATIVE, toy_reviews

pytestmark = pytest.mark.usefixtures("own_cache")

LABEL_OF = dict(zip(*toy_reviews(30), strict=True))
TEXTS = list(LABEL_OF)[:12]
LABELS = [LABEL_OF[text] for text in TEXTS]


def count_bad_words(texts: list[str]) -> np.ndarray:
    """Probabilities (neg, pos): the more negative words, the more negative."""
    bad = np.array([sum(word in NEGATIVE.split() for word in text.split()) for text in texts])
    negative = np.minimum(0.2 + 0.35 * bad, 0.9)
    return np.stack([negative, 1 - negative], axis=1)


@pytest.fixture
def victim() -> rb.CallableClassifier:
    return rb.CallableClassifier(count_bad_words, ["neg", "pos"], name="bad words", batch_size=1)


@pytest.fixture(scope="module")
def result() -> rb.AttackResult:
    victim = rb.CallableClassifier(count_bad_words, ["neg", "pos"], name="bad words", batch_size=1)
    return rb.attack(victim, "deepwordbug", TEXTS, LABELS, track="published")


def test_the_outcomes_follow_the_order_of_the_texts(result):
    assert [outcome.text for outcome in result.outcomes] == TEXTS
    assert [outcome.label for outcome in result.outcomes] == LABELS
    assert result.clean_accuracy.value == 1.0
    broken = [outcome for outcome in result.outcomes if outcome.status == "broken"]
    assert broken, "a misspelt word is not in the list"
    for outcome in broken:
        [row] = count_bad_words([outcome.adversarial_text])
        assert row.argmax() == outcome.adversarial_prediction != outcome.label
    assert result.accuracy_under_attack.value == 1 - len(broken) / 12
    assert result.attack_success_rate.value == len(broken) / 12


def test_the_record_says_what_the_model_was(result):
    model = result.record.model
    assert (model.name, model.source) == ("bad words", "CallableClassifier")
    assert result.record.suite is None
    assert result.record.training_seed is None
    assert result.record.dataset.label_names == ["neg", "pos"]
    assert result.record.timing.victim_queries > 0


def test_a_frame_has_one_row_per_text(result):
    frame = result.to_pandas()
    assert list(frame["text"]) == TEXTS
    assert list(frame["label"]) == [("neg", "pos")[label] for label in LABELS]
    robust = frame[frame["status"] == "robust"]
    assert robust["adversarial_prediction"].isna().all()
    assert str(frame["words_changed"].dtype) == "Int64"
    assert (frame["label_probability"] > 0.5).all()


def test_show_prints_the_broken_texts(result, capsys):
    result.show(n=1)
    shown = capsys.readouterr().out
    first = result.select("broken", 1)[0]
    assert first.example_id in shown
    assert "neg → pos" in shown
    result.show(status="skipped")
    assert "no outcome" in capsys.readouterr().out
    with pytest.raises(InputError, match="unknown status 'brokn'; choose one of skipped, robust"):
        result.show(status="brokn")
    with pytest.raises(InputError, match="n is 0"):
        result.show(n=0)


def test_representations(result):
    assert repr(result).startswith(
        "<deepwordbug (published track) on bad words, 12 examples of texts: "
    )
    assert "clean accuracy 100.0%" in repr(result)
    html = result._repr_html_()
    assert "<table" in html
    assert "bad words" in html
    assert result.select("broken", 1)[0].example_id in html


def test_representation_if_nothing_is_broken():
    stubborn = rb.CallableClassifier(lambda texts: [[0.1, 0.9]] * len(texts), ["neg", "pos"])
    html = rb.attack(stubborn, "deepwordbug", TEXTS[:2], ["pos"] * 2)._repr_html_()
    assert "<table" in html
    assert "no outcome" not in html


def test_a_second_attack_repeats_the_first(victim, result):
    again = rb.attack(victim, "deepwordbug", TEXTS, LABELS, track="published", lanes=2)
    assert _without_seconds(again) == _without_seconds(result)


def test_labels_are_names_or_indices(victim, result):
    names = [("neg", "pos")[label] for label in LABELS]
    by_name = rb.attack(victim, "deepwordbug", TEXTS, names, track="published")
    by_array = rb.attack(victim, "deepwordbug", TEXTS, np.array(LABELS), track="published")
    assert _without_seconds(by_name) == _without_seconds(by_array) == _without_seconds(result)


@pytest.mark.parametrize("label", ["good", 2, -1, None, 0.5])
def test_an_unknown_label_is_refused(victim, label):
    message = r"label 2 is .*; give one of neg, pos, or an index from 0 to 1"
    with pytest.raises(InputError, match=message):
        rb.attack(victim, "deepwordbug", TEXTS[:2], [0, label])


def test_wrong_texts_are_refused(victim):
    with pytest.raises(rb.RobustbertError, match="12 texts but 3 labels; give one label per text"):
        rb.attack(victim, "deepwordbug", TEXTS, LABELS[:3])
    with pytest.raises(rb.RobustbertError, match="one string; give a list of texts"):
        rb.attack(victim, "deepwordbug", TEXTS[0], [0])
    with pytest.raises(InputError, match="dataset is missing"):
        rb.attack(victim, "deepwordbug", None)
    with pytest.raises(InputError, match="split is given with labels"):
        rb.attack(victim, "deepwordbug", TEXTS, LABELS, split="test")
    with pytest.raises(InputError, match="n is 0; give an integer of at least 1"):
        rb.attack(victim, "deepwordbug", TEXTS, LABELS, n=0)
    with pytest.raises(InputError, match="cannot take 13 examples: texts has 12 texts of more"):
        rb.attack(victim, "deepwordbug", TEXTS, LABELS, n=13)
    with pytest.raises(InputError, match="texts has no text of more than 4 words"):
        rb.attack(victim, "deepwordbug", ["so very good", "so bad"], [1, 0])


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        (None, LABELS, "texts is None; give a list with one text per example"),
        (TEXTS, "pos", "labels is one string; give a list of labels"),
        (TEXTS, 1, "labels is 1; give a list with one label per example"),
        (
            pd.DataFrame({"text": TEXTS}),
            LABELS,
            r"type DataFrame; give one column of it, such as "
            r'data\["text"\]',
        ),
        (TEXTS, None, "labels is missing; give the true label of each text"),
    ],
)
def test_texts_and_labels_must_be_lists(victim, texts, labels, message):
    with pytest.raises(InputError, match=message):
        rb.attack(victim, "deepwordbug", texts, labels)


@pytest.mark.parametrize(
    ("option", "value"),
    [("n", "5"), ("n", 2.5), ("seed", "x"), ("seed", 1.5), ("seed", None), ("lanes", "4")],
)
def test_numbers_must_be_integers(victim, option, value):
    with pytest.raises(InputError, match=f"{option} is {value!r}; give an integer of at least"):
        rb.attack(victim, "deepwordbug", TEXTS, LABELS, **{option: value})


def test_texts_from_a_generator_and_missing_texts(victim):
    texts, labels = [None, *TEXTS[:2], float("nan")], [0.0, *map(float, LABELS[:2]), 1.0]
    with pytest.warns(RobustbertWarning, match="2 of 4 texts are left out"):
        result = rb.attack(victim, "deepwordbug", (text for text in texts), np.array(labels))
    assert [outcome.text for outcome in result.outcomes] == TEXTS[:2]
    assert [outcome.label for outcome in result.outcomes] == LABELS[:2]


def test_short_and_repeated_texts_are_left_out_with_a_warning(victim):
    texts, labels = (
        [TEXTS[0], "too short", TEXTS[0], TEXTS[1]],
        [LABELS[0], 0, LABELS[0], LABELS[1]],
    )
    with pytest.warns(RobustbertWarning, match="2 of 4 texts are left out"):
        result = rb.attack(victim, "deepwordbug", texts, labels, track="published")
    assert [outcome.text for outcome in result.outcomes] == [TEXTS[0], TEXTS[1]]


def test_a_dataset_with_another_order_of_labels(victim, reviews):
    """Labels are matched by name: the accuracy stays 100%."""
    dataset = rb.load_dataset(f"file:{reviews}", label_names=["pos", "neg"])
    result = rb.attack(victim, "deepwordbug", dataset, n=5, track="published")
    assert result.label_names == ("pos", "neg")
    assert result.clean_accuracy.value == 1.0


def test_a_dataset_with_other_labels(victim, reviews):
    dataset = rb.load_dataset(f"file:{reviews}", label_map={"neg": "bad", "pos": "good"})
    with pytest.raises(ModelError, match="labels neg, pos but the dataset has bad, good"):
        rb.attack(victim, "deepwordbug", dataset, n=5)


def test_numbers_in_a_dataset_are_not_taken_for_the_labels_of_the_victim(victim):
    with pytest.raises(ModelError, match=r"indices into neg, pos, give these names .*label_names"):
        rb.attack(victim, "deepwordbug", pd.DataFrame({"text": TEXTS, "label": LABELS}))


@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder_is_a_victim_too(svm, kind):
    result = rb.attack(kind(svm), "deepwordbug", TEXTS, LABELS, track="published")
    assert result.record.model.name == "svm"
    assert len(result.outcomes) == 12


def test_a_name_must_be_trained_first():
    with pytest.raises(ModelError, match="'tfidf-nb' is not trained yet"):
        rb.attack("tfidf-nb", "deepwordbug", TEXTS, LABELS)


def test_results_are_stored_only_on_request(victim, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rb.attack(victim, "deepwordbug", TEXTS[:2], LABELS[:2])
    assert not list(tmp_path.iterdir())
    result = rb.attack(victim, "deepwordbug", TEXTS[:2], LABELS[:2], out="run")
    assert read_run(tmp_path / "run").records == (result.record,)
    nameless = rb.CallableClassifier(count_bad_words, ["neg", "pos"])
    with pytest.raises(InputError, match="create the classifier with name="):
        rb.attack(nameless, "deepwordbug", TEXTS[:2], LABELS[:2], out="other")


def test_a_wrong_answer_during_the_attack_is_one_line():
    def logits(texts: list[str]) -> list[list[float]]:
        return [[-3.0, 2.0] for _ in texts]

    victim = rb.CallableClassifier(logits, ["neg", "pos"])
    with pytest.raises(ModelError, match=r"softmax.*outputs=.logits.") as caught:
        rb.attack(victim, "deepwordbug", TEXTS, LABELS)
    assert "\n" not in str(caught.value)


def test_an_object_that_is_no_classifier():
    message = "a model is a function; wrap it in TorchClassifier"
    with pytest.raises(InputError, match=message):
        rb.attack(count_bad_words, "deepwordbug", "rotten_tomatoes")
    with pytest.raises(InputError, match="a model is a NoneType; wrap it in TorchClassifier"):
        rb.attack(None, "deepwordbug", TEXTS, LABELS)
    with pytest.raises(InputError, match=message):
        rb.attack(count_bad_words, "deepwordbug", TEXTS, LABELS)
    with pytest.raises(InputError, match="a model is a class TfidfVectorizer"):
        rb.attack(TfidfVectorizer, "deepwordbug", TEXTS, LABELS)


def test_one_recipe_and_one_track(victim):
    message = "one victim, one recipe and one track; use rb"
    with pytest.raises(InputError, match=message):
        rb.attack(victim, ["deepwordbug"], TEXTS, LABELS)
    with pytest.raises(InputError, match=message):
        rb.attack([victim], "deepwordbug", TEXTS, LABELS)


def test_bench_is_a_package_and_a_function():
    """``import robustbert.bench`` must not replace the function, nor the function the package."""
    code = (
        "import json, robustbert as rb, robustbert.bench, robustbert.bench.suite\n"
        "print(json.dumps([callable(rb.bench), rb.bench.suite.__name__, rb.bench.__name__]))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == [True, "robustbert.bench.suite", "robustbert.bench"]
    assert list(inspect.signature(rb.bench).parameters)[:3] == ["models", "recipes", "dataset"]


def _without_seconds(result: rb.AttackResult) -> list[dict[str, object]]:
    return [outcome.model_dump(exclude={"seconds"}) for outcome in result.outcomes]
