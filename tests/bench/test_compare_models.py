"""``rb.bench``: models in memory and in folders, compared on one dataset."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

import robustbert as rb
from robustbert.errors import InputError, UnknownNameError
from robustbert.records import read_run, record_name
from tests.tiny import toy_reviews

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def pipelines() -> tuple[rb.SklearnClassifier, rb.SklearnClassifier]:
    texts, labels = toy_reviews(80)
    names = [("neg", "pos")[label] for label in labels]
    regression = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, names)
    bayes = make_pipeline(TfidfVectorizer(), MultinomialNB()).fit(texts, names)
    return rb.SklearnClassifier(regression, name="lr"), rb.SklearnClassifier(bayes, name="nb")


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    texts, labels = toy_reviews(30, seed=3)
    return pd.DataFrame({"text": texts, "label": [("neg", "pos")[label] for label in labels]})


def test_models_in_memory_and_in_a_folder_share_a_table(pipelines, svm, frame):
    result = rb.bench([*pipelines, svm], ["deepwordbug", "pwws"], frame, tracks="published")
    [group] = result.table.groups
    assert [row.label for row in group.rows] == ["lr", "nb", "svm"]
    assert (group.dataset, group.split, group.recipes) == ("data", "all", ("deepwordbug", "pwws"))
    assert group.n == len(frame.drop_duplicates("text"))
    assert [record.model.name for record in result.records] == [
        "lr",
        "lr",
        "nb",
        "nb",
        "svm",
        "svm",
    ]
    ids = {tuple(o.example_id for o in outcomes) for outcomes in result.outcomes.values()}
    assert len(ids) == 1, "all models are attacked on the same examples"
    for record in result.records:
        assert record.counts.broken == sum(
            outcome.status == "broken" for outcome in result.outcomes[record_name(record)]
        )
    assert "<table" in result._repr_html_()
    assert "published track" in repr(result)
    frame_of_results = result.to_pandas()
    assert (frame_of_results.metric == "accuracy_under_attack").sum() == len(result.records)


def test_names_of_a_mapping_are_shown(pipelines, frame):
    first, second = pipelines
    n, seed = np.int64(3), np.int64(0)  # what a loop over an array gives
    result = rb.bench({"old": first, "new": second}, "deepwordbug", frame, n=n, seed=seed)
    assert [row.label for row in result.table.groups[0].rows] == ["old", "new"]
    assert first.info.name == "lr", "the object itself keeps its name"


def test_a_generator_of_recipes_is_a_list_of_recipes(pipelines, frame):
    result = rb.bench(pipelines[0], (name for name in ["deepwordbug", "pwws"]), frame, n=2)
    assert [record.recipe.name for record in result.records] == ["deepwordbug", "pwws"]


def test_two_models_of_one_name_are_two_rows(pipelines, frame):
    first, second = pipelines
    result = rb.bench({"m": first, "m ": second}, "deepwordbug", frame, n=3)
    assert len(result.table.groups[0].rows) == 2
    with pytest.raises(InputError, match="two models named 'lr'"):
        rb.bench([first, first], "deepwordbug", frame, n=3)


def test_a_model_by_name_is_trained_on_the_training_split(pipelines, reviews):
    dataset = rb.load_dataset(f"file:{reviews}")
    result = rb.bench(
        [pipelines[0], "tfidf-nb"], "deepwordbug", dataset, n=3, training_seeds=[0, 1]
    )
    records = {(record.model.name, record.training_seed) for record in result.records}
    assert records == {("lr", None), ("tfidf-nb", 0), ("tfidf-nb", 1)}
    assert result.records[0].dataset.split == "test"


def test_every_row_of_a_loaded_dataset_can_be_attacked(pipelines, reviews):
    dataset = rb.load_dataset(f"file:{reviews}")
    result = rb.bench(pipelines[0], "deepwordbug", dataset, n=3, split="all")
    found = result.records[0].dataset
    assert (found.split, found.n) == ("all", sum(map(len, dataset.splits.values())))


def test_a_model_by_name_needs_a_training_split(frame):
    with pytest.raises(rb.RobustbertError, match="no training split"):
        rb.bench("tfidf-nb", "deepwordbug", frame)


def test_an_interrupted_run_is_resumed(pipelines, frame, tmp_path):
    first = rb.bench(pipelines[0], "deepwordbug", frame, n=4, out=tmp_path / "run")
    again = rb.bench(list(pipelines), "deepwordbug", frame, n=4, out=tmp_path / "run")
    assert again.records[0] == first.records[0], "read from the folder, not run again"
    assert len(read_run(tmp_path / "run").records) == 2


def test_wrong_arguments(pipelines, frame):
    first = pipelines[0]
    with pytest.raises(InputError, match="dataset is missing"):
        rb.bench(first, "pwws")
    with pytest.raises(InputError, match="there is no model"):
        rb.bench([], "pwws", frame)
    with pytest.raises(InputError, match="recipes is empty"):
        rb.bench(first, [], frame)
    with pytest.raises(UnknownNameError, match="did you mean pwws"):
        rb.bench(first, "pwsw", frame)
    with pytest.raises(UnknownNameError, match="unknown track"):
        rb.bench(first, "pwws", frame, tracks="unifid")
    with pytest.raises(InputError, match="seed is -1"):
        rb.bench(first, "pwws", frame, seed=-1)
    with pytest.raises(InputError, match=r"training_seeds\[1\] is 'a'; give an integer"):
        rb.bench(first, "pwws", frame, training_seeds=[0, "a"])
    with pytest.raises(InputError, match="training seeds are given, but every model is already"):
        rb.bench(first, "pwws", frame, training_seeds=[0, 1])
    with pytest.raises(InputError, match=r"name must be a short printable string, not 'a\\nb'"):
        rb.bench({"a\nb": first}, "pwws", frame)
    with pytest.raises(InputError, match="out is 3; give a folder"):
        rb.bench(first, "pwws", frame, out=3)
    with pytest.raises(InputError, match="limits is a dict"):
        rb.bench(first, "pwws", frame, limits={"changed": 0.1})
    for recipes in (None, [3]):
        with pytest.raises(InputError, match=r"recipes is .*; give one name, or a list of names"):
            rb.bench(first, recipes, frame)
    with pytest.raises(InputError, match="a model is a Pipeline; wrap it in TorchClassifier"):
        rb.bench(make_pipeline(TfidfVectorizer(), MultinomialNB()), "pwws", frame)
    with pytest.raises(InputError, match="nothing to run"):
        rb.bench(first, "a2t", frame)
