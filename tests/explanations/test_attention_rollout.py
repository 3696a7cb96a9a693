from __future__ import annotations

import numpy as np
import pytest
import torch

from robustbert.errors import InputError
from robustbert.explanations import explain, make_explainer
from robustbert.explanations.attention_rollout import rollout


def test_rollout_of_two_layers_by_hand():
    first = np.array([[[0.2, 0.8], [0.5, 0.5]], [[0.6, 0.4], [0.9, 0.1]]])  # two heads
    second = np.array([[[1.0, 0.0], [0.3, 0.7]], [[0.5, 0.5], [0.1, 0.9]]])
    found = rollout(torch.tensor(np.stack([first, second])))
    # means over heads, half of them and half of the identity, the later layer from the left
    mixed_first = np.array([[0.7, 0.3], [0.35, 0.65]])
    mixed_second = np.array([[0.875, 0.125], [0.1, 0.9]])
    np.testing.assert_allclose(found, mixed_second @ mixed_first, atol=1e-12)


@pytest.mark.parametrize("row", ["first", "last", "mean"])
def test_scores_are_a_row_of_the_rollout_of_the_network(tiny, row):
    text = "a fine film!"
    (found,) = explain(text, model=tiny, method="attention-rollout", row=row)
    network = tiny.token_network()
    ids, _ = network.encode(text)
    flow = np.eye(ids.shape[1])
    for layer in network.attentions(ids).numpy().astype(float):
        flow = (0.5 * layer.mean(axis=0) + 0.5 * np.eye(len(flow))) @ flow
    expected = {"first": flow[0], "last": flow[-1], "mean": flow.mean(axis=0)}[row]
    assert found.scores == pytest.approx(expected[1:4])
    assert found.special_score == pytest.approx(expected[0] + expected[-1])
    assert found.other_score == pytest.approx(expected[4])
    assert sum(found.scores) + found.special_score + found.other_score == pytest.approx(1)
    assert found.output == "attention"


def test_an_unknown_row_is_refused():
    with pytest.raises(InputError, match="row is 'second'; give"):
        make_explainer("attention-rollout", {"row": "second"})
