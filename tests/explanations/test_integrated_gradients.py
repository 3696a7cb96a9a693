from __future__ import annotations

import pytest

from robustbert.errors import InputError
from robustbert.explanations import explain, make_explainer
from robustbert.explanations.integrated_gradients import baseline_ids
from robustbert.models import TorchClassifier

METHOD = "integrated-gradients"


def everything(found):
    return sum(found.scores) + found.special_score + found.other_score


def test_on_a_linear_network_it_is_the_gradient_times_the_difference_of_embeddings(mean):
    text = "a fine film"
    (found,) = explain(text, model=mean, method=METHOD, target="pos", steps=3)
    module, tokenizer = mean.token_network().module, mean.token_network().tokenization
    (ids,) = tokenizer.encode([text])
    weights = module.head.weight[1].detach() / len(ids)
    table = module.embedding.weight.detach()
    expected = [float(weights @ (table[i] - table[tokenizer.padding_id])) for i in ids[1:-1]]
    assert found.scores == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert found.special_score == pytest.approx(0, abs=1e-6)  # they are part of the baseline


def test_the_padding_token_of_a_module_is_the_baseline(mean):
    network = mean.token_network()
    tokenizer = network.tokenization._tokenizer
    other = TorchClassifier(network.module, tokenizer, ("neg", "pos"), pad_token_id=7)
    ids, spans = network.encode("a fine film")
    baseline = baseline_ids(other.token_network(), ids, spans)
    assert baseline[0, 1:-1].tolist() == [7, 7, 7]
    assert baseline[0, [0, -1]].tolist() == ids[0, [0, -1]].tolist()


@pytest.mark.parametrize("target", ["neg", "pos"])
def test_scores_sum_to_the_difference_of_the_logits(tiny, target):
    """Those of all tokens, with a logit of the baseline that is computed independently."""
    text = "it's a dull film, not a fine one!"
    (found,) = explain(text, model=tiny, method=METHOD, target=target, steps=400)
    network = tiny.token_network()
    ids, spans = network.encode(text)
    baseline = ids.clone()
    for i, span in enumerate(spans):
        if not span.is_special:
            baseline[0, i] = 0
    label = tiny.label_names.index(target)
    difference = float((network.logits(ids) - network.logits(baseline))[0, label])
    assert found.diagnostics["difference"] == pytest.approx(difference, abs=1e-5)
    assert everything(found) == pytest.approx(difference, abs=0.02)
    assert found.diagnostics["delta"] == pytest.approx(everything(found) - difference, abs=1e-5)


def test_more_steps_leave_a_smaller_error(tiny):
    few, many = (
        explain("a dull film", model=tiny, method=METHOD, steps=steps)[0].diagnostics["delta"]
        for steps in (2, 200)
    )
    assert abs(many) < abs(few)


@pytest.mark.parametrize("steps", [0, 10**9])
def test_a_number_of_steps_out_of_range_is_refused(steps):
    with pytest.raises(InputError, match=f"steps is {steps}; give an integer from 1 to 1000"):
        make_explainer(METHOD, {"steps": steps})
