from __future__ import annotations

import math

import numpy as np
import pytest

from robustbert.errors import InputError
from robustbert.explanations import explain, make_explainer
from tests.explanations.toys import WEIGHTS

TEXT = "Great film, not awful: great, it's fine - but bad."


def test_on_a_linear_model_it_finds_the_weights_of_each_position(linear):
    """Except for the shrinkage of the ridge regression."""
    settings = {"num_samples": 400, "kernel_width": 1e6, "output": "log-odds"}
    (found,) = explain(TEXT, model=linear, method="lime", target="pos", **settings)
    expected = np.array([WEIGHTS.get(word.lower(), 0.0) for word in found.words])
    assert found.words[5] == "it's"
    np.testing.assert_allclose(found.scores, expected, atol=0.1)
    assert found.diagnostics["r2"] == pytest.approx(1, abs=0.01)
    assert np.corrcoef(found.scores, expected)[0, 1] > 0.999


def test_the_seed_decides(tiny):
    first, again, other = (
        explain(TEXT, model=tiny, method="lime", num_samples=30, seed=seed)[0].scores
        for seed in (0, 0, 1)
    )
    assert first == again != other


def test_a_text_of_one_word(linear):
    (found,) = explain("awful!", model=linear, method="lime", output="log-odds", target="pos")
    assert -3.0 < found.scores[0] < -0.5  # the regression shrinks it


def test_a_text_can_lose_all_its_words_and_hold_strange_characters(linear):
    text = "bad\0 'tis\t-_- (film) \u202e Bad"
    (found,) = explain(
        text, model=linear, method="lime", num_samples=60, output="log-odds", target=1
    )
    assert found.words == ("bad", "tis", "film", "Bad")
    assert found.scores[0] == pytest.approx(-1.5, abs=0.4)


def test_invalid_numbers_are_refused():
    with pytest.raises(
        InputError, match="seed is 4294967296; give an integer from 0 to 4294967295"
    ):
        make_explainer("lime", {"seed": 2**32})
    for number in (1, 10**9):
        with pytest.raises(InputError, match=f"num_samples is {number}; give an integer from 2 to"):
            make_explainer("lime", {"num_samples": number})
    for width in (0.0, 1e-300, math.inf, math.nan):
        with pytest.raises(InputError, match=f"kernel_width is {width}; give a number from 0.01"):
            make_explainer("lime", {"kernel_width": width})


@pytest.mark.parametrize("width", [0.01, 1e6])
def test_the_limits_of_the_kernel_width_give_numbers(linear, width):
    (found,) = explain(
        "a good film", model=linear, method="lime", num_samples=20, kernel_width=width
    )
    assert all(map(math.isfinite, found.scores))
