from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from robustbert.errors import InputError
from robustbert.explanations import explain, make_explainer
from robustbert.explanations.partition_shap import PartitionShap, balanced_tree
from robustbert.models import CallableClassifier
from tests.explanations.toys import WEIGHTS

TEXT = "Great film, not awful: great, fine - but bad."


def test_on_a_linear_model_it_gives_the_weights(linear):
    (found,) = explain(TEXT, model=linear, method="shap", output="log-odds", target="pos")
    expected = [WEIGHTS.get(word.lower(), 0.0) for word in found.words]
    assert found.scores == pytest.approx(expected, abs=1e-6)
    assert found.diagnostics["difference"] == pytest.approx(sum(expected))


def test_with_a_mask_it_gives_the_difference_from_the_mask(linear):
    found = explain(
        "a bad film", model=linear, method="shap", output="log-odds", target=1, mask="good"
    )
    assert found[0].scores == pytest.approx([0 - 1.0, -1.5 - 1.0, 0.25 - 1.0], abs=1e-6)


def not_good(texts):
    """The logit of ``pos`` is 1 for "good", -1 for "not good", and else 0."""
    signs = [("good" in text) * (-1.0 if "not" in text else 1.0) for text in texts]
    return np.stack([np.zeros(len(texts)), signs], axis=1)


def test_two_words_that_interact_get_their_shapley_values():
    model = CallableClassifier(not_good, ("neg", "pos"), outputs="logits", name="negation")
    (found,) = explain("not good", model=model, method="shap", output="log-odds", target="pos")

    def value(words):
        return not_good([" ".join(words)])[0, 1]

    expected = [0.0, 0.0]
    for order in permutations((0, 1)):  # the average over the orders in which words are added
        present: list[str] = []
        for i in order:
            before = value(present)
            present = [word for j, word in enumerate(("not", "good")) if j == i or word in present]
            expected[i] += (value(present) - before) / 2
    assert expected == [-1.0, 0.0]
    assert found.scores == pytest.approx(expected)


@pytest.mark.parametrize("max_evals", [3, 10, 500])
def test_scores_sum_to_the_difference_with_any_number_of_evaluations(tiny, max_evals):
    (found,) = explain(TEXT, model=tiny, method="shap", max_evals=max_evals)
    text = tiny.predict_proba([TEXT])[0, found.target]
    empty = tiny.predict_proba(["  ,   :   ,   -   ."])[0, found.target]
    assert sum(found.scores) == pytest.approx(text - empty, abs=1e-5)
    assert found.diagnostics["delta"] == pytest.approx(0, abs=1e-5)


def test_a_single_word_gets_the_whole_difference(linear):
    (found,) = explain("awful", model=linear, method="shap", output="log-odds", target="pos")
    assert found.scores == pytest.approx([-3.0])


@pytest.mark.parametrize(("max_evals", "num_texts"), [(3, 4), (4, 4), (20, 20), (21, 22)])
def test_the_number_of_texts_is_limited(max_evals, num_texts):
    asked = []

    def count(texts):
        asked.extend(texts)
        return [[0.5, 0.5]] * len(texts)

    model = CallableClassifier(count, ("neg", "pos"))
    asked.clear()
    explain(
        " ".join(f"word{i}" for i in range(60)), model=model, method="shap", max_evals=max_evals
    )
    assert len(set(asked)) == num_texts


@pytest.mark.parametrize(("n", "num_texts"), [(2, 4), (3, 8), (26, 492), (27, 524)])
def test_the_default_number_of_texts_is_enough_for_26_words(n, num_texts):
    asked = []

    def count(texts):
        asked.extend(texts)
        return not_good(texts)

    model = CallableClassifier(count, ("neg", "pos"), outputs="logits", name="counted")
    asked.clear()
    explain(" ".join(f"word{i}" for i in range(n)), model=model, method="shap", max_evals=10_000)
    assert len(set(asked)) == num_texts <= n * n
    assert (num_texts <= PartitionShap().max_evals) == (n <= 26)


@pytest.mark.parametrize("n", [2, 3, 7, 16])
def test_each_leaf_is_in_the_tree_once(n):
    tree = balanced_tree(n)
    assert sorted(tree[:, :2].ravel()) == list(range(2 * n - 2))
    assert tree[-1, 3] == n
    assert tree[-1, 2] == np.ceil(np.log2(n))


def test_invalid_numbers_are_refused():
    with pytest.raises(InputError, match="max_evals is 2; give an integer of at least 3"):
        make_explainer("shap", {"max_evals": 2})
