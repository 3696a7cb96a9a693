"""The agreement between methods."""

from __future__ import annotations

import pytest
from scipy.stats import spearmanr

from robustbert.errors import InputError
from robustbert.explanations import explain
from robustbert.explanations.method_agreement import method_agreement
from tests.reports.attributions.shown import make_attribution


def one(scores, **changes):
    return make_attribution("a fine dull film", scores, **changes)


def test_the_rank_correlation_of_each_text():
    first, second = (0.1, 0.9, -0.5, 0.3), (0.2, 0.1, -0.4, 0.8)
    found = method_agreement([one(first)] * 2, [one(second), one(first)])
    assert found == pytest.approx([spearmanr(first, second).statistic, 1])


def test_attention_is_compared_with_absolute_scores():
    attention, signed = (0.1, 0.2, 0.3, 0.4), (0.1, -0.2, 0.3, -0.4)
    pair = [one(attention, output="attention")], [one(signed)]
    assert method_agreement(*pair) == method_agreement(*pair[::-1]) == pytest.approx([1])
    assert method_agreement([one(attention)], [one(signed)])[0] < 1


def test_equal_scores_have_no_ranks():
    assert method_agreement([one((1, 1, 1, 1))], [one((1, 2, 3, 4))]) == [None]


def test_exact_methods_agree_about_a_linear_model(linear):
    texts = ["a great, fine and awful film", "bad, good or great"]
    shap, occlusion = (
        explain(texts, model=linear, method=method, target="pos", output="log-odds")
        for method in ("shap", "occlusion")
    )
    assert method_agreement(shap, occlusion) == pytest.approx([1, 1])


def test_other_texts_or_classes_are_refused():
    with pytest.raises(InputError, match="different texts or classes"):
        method_agreement([one((1, 2, 3, 4))], [one((1, 2, 3, 4), target=0)])
