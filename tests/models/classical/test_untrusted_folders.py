"""Untrusted folders of classical models either load to a working model or are rejected quickly."""

from __future__ import annotations

import re

import numpy as np
import pytest

from robustbert.cli import main
from robustbert.errors import ModelError
from robustbert.models import load_model
from robustbert.models.classical.estimators import ESTIMATORS
from tests.models.classical.untrusted import load_error, loads_working_model, time_limit


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_a_valid_folder_loads(stored_models, kind, tmp_path):
    assert loads_working_model(stored_models[kind].write(tmp_path / "m"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "other"}, "format: "),
        ({"kind": "neural"}, "kind: "),
        ({"kind": []}, "kind: "),
        ({"kind": "naive-bayes"}, "must contain the arrays idf, class_log_prior"),
        ({"longest_ngram": 10**9}, "longest_ngram: .*less than or equal to 10"),
        ({"longest_ngram": 0}, "longest_ngram: "),
        ({"longest_ngram": 2.0}, "longest_ngram: "),
        ({"longest_ngram": True}, "longest_ngram: "),
        ({"label_names": ["neg", "neg"]}, "label_names: has duplicate strings"),
        ({"label_names": ["neg"]}, "label_names: "),
        ({"label_names": "np"}, "label_names: must be a list"),
        ({"label_names": ["neg", 1]}, "label_names: must be a list of strings"),
        ({"label_names": ["neg", "pos", "new"]}, r"model\.json require \(3 labels"),
        ({"label_names": ["neg", "\ud800"]}, "lone surrogate"),
        ({"terms": {}}, "terms: must be a list"),
        ({"terms": []}, "terms: "),
        ({"terms": [1] * 3_000_000}, "terms: must be a list of strings"),
        ({"terms": ["film"]}, r"model\.json require \(1 columns"),
    ],
)
def test_a_wrong_field_is_named(stored_svm, tmp_path, changes, message):
    folder = stored_svm.write(tmp_path / "m", config={**stored_svm.config, **changes})
    assert re.search(message, load_error(folder))


def test_unusual_labels_are_escaped_in_errors(stored_svm, tmp_path):
    labels = ["two\nlines", "x" * 100_000]
    folder = stored_svm.write(tmp_path / "m", config={**stored_svm.config, "label_names": labels})
    assert load_model(str(folder)).label_names == tuple(labels)
    with pytest.raises(ModelError, match=r"labels two\\nlines, x{40} but") as caught:
        load_model(str(folder), label_names=["neg", "pos"])
    assert len(str(caught.value)) < 300


def test_a_repeated_term_is_rejected(stored_svm, tmp_path):
    terms = [stored_svm.config["terms"][1], *stored_svm.config["terms"][1:]]
    folder = stored_svm.write(tmp_path / "m", config={**stored_svm.config, "terms": terms})
    assert "terms: has duplicate strings" in load_error(folder)


@pytest.mark.parametrize("content", ["[" * 90_000, '{"a":' * 90_000, "[]", "", "\xff", "null"])
def test_json_other_than_an_object_is_rejected(stored_svm, tmp_path, content):
    folder = stored_svm.write(tmp_path / "m")
    (folder / "model.json").write_bytes(content.encode("latin-1"))
    assert "model.json" in load_error(folder)


def test_a_huge_model_json_is_rejected(stored_svm, tmp_path, monkeypatch):
    folder = stored_svm.write(tmp_path / "m")
    size = (folder / "model.json").stat().st_size
    monkeypatch.setattr("robustbert.models.classical.tfidf_classifier.MAX_CONFIG_BYTES", size)
    load_model(str(folder))
    monkeypatch.setattr("robustbert.models.classical.tfidf_classifier.MAX_CONFIG_BYTES", size - 1)
    assert "is larger than" in load_error(folder)


def test_the_command_line_prints_one_line(stored_svm, stored_forest, tmp_path, capsys):
    cycle = np.zeros_like(stored_forest.arrays["left"])
    for folder in (
        stored_forest.write(tmp_path / "cycle", left=cycle),
        stored_svm.write(tmp_path / "ngram", config={**stored_svm.config, "longest_ngram": 10**9}),
        stored_svm.write(tmp_path / "kind", config={**stored_svm.config, "kind": []}),
        stored_svm.write(tmp_path / "shape", coefficients=np.zeros(3)),
    ):
        with time_limit():
            assert main(["predict", "--model", str(folder), "a film"]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"robustbert: {folder}")


def test_a_cycle_is_rejected(stored_forest, tmp_path):
    inner = int(
        np.flatnonzero(
            stored_forest.arrays["left"] != np.arange(len(stored_forest.arrays["left"]))
        )[1]
    )

    def back(left: np.ndarray) -> None:
        left[inner] = 0

    folder = stored_forest.write(tmp_path / "m", **stored_forest.changed(left=back))
    assert "a child does not come after its parent" in load_error(folder)


def test_nodes_that_are_not_trees_are_rejected(stored_forest, tmp_path):
    left, right = stored_forest.arrays["left"], stored_forest.arrays["right"]
    inner = np.flatnonzero(left != np.arange(len(left)))

    def shared(nodes: np.ndarray) -> None:
        nodes[inner[0]] = right[inner[0]]

    def half_leaf(nodes: np.ndarray) -> None:
        nodes[inner[0]] = inner[0]

    def root_twice(roots: np.ndarray) -> None:
        roots[1] = roots[0]

    for name, change in (("left", shared), ("left", half_leaf), ("roots", root_twice)):
        load_error(stored_forest.write(tmp_path / "m", **stored_forest.changed(**{name: change})))


def test_a_chain_of_nodes_is_rejected(stored_forest, tmp_path):
    """One tree of 200,000 levels: without a cycle, but each prediction would take minutes."""
    inner = np.arange(0, 400_000, 2)
    left, right = np.arange(400_001), np.arange(400_001)
    left[inner], right[inner] = inner + 1, inner + 2
    zeros = np.zeros(400_001)
    folder = stored_forest.write(
        tmp_path / "m",
        roots=np.array([0]),
        left=left,
        right=right,
        feature=zeros.astype(int),
        threshold=zeros,
        share=np.full((400_001, 2), 0.5),
    )
    assert "deeper than 10000 nodes" in load_error(folder)


def test_children_out_of_range_are_rejected(stored_forest, tmp_path):
    for value in (-1, len(stored_forest.arrays["left"]), 2**62):

        def outside(nodes: np.ndarray, value: int = value) -> None:
            nodes[0] = value

        for name in ("left", "right", "roots"):
            folder = stored_forest.write(tmp_path / "m", **stored_forest.changed(**{name: outside}))
            assert f"the array {name} must contain numbers from 0" in load_error(folder)
