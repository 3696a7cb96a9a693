from __future__ import annotations

import pytest
import torch

from robustbert.errors import InputError, ModelError
from robustbert.explanations import explain


@pytest.mark.parametrize("layer", [0, 1, -1])
@pytest.mark.parametrize("relu", [False, True])
def test_it_is_the_paper_s_formula(tiny, layer, relu):
    text = "a fine, dull film"
    (found,) = explain(text, model=tiny, method="grad-cam", target="neg", layer=layer, relu=relu)
    model = tiny.token_network().module
    (ids,) = tiny.token_network().tokenization.encode([text])
    embeddings = model.get_input_embeddings()(torch.tensor([ids])).detach().requires_grad_()
    output = model(inputs_embeds=embeddings, output_hidden_states=True)
    hidden = output.hidden_states[1:][layer]  # the first are the embeddings
    (gradient,) = torch.autograd.grad(output.logits[0, 0], hidden)
    scores = (hidden * gradient.mean(dim=1, keepdim=True)).sum(dim=-1)[0].detach()
    expected = (scores.clamp_min(0) if relu else scores).tolist()
    assert found.scores == pytest.approx([expected[i] for i in (1, 2, 4, 5)], rel=1e-3, abs=1e-6)
    assert found.other_score == pytest.approx(expected[3], rel=1e-3, abs=1e-6)
    assert found.special_score == pytest.approx(expected[0] + expected[-1], rel=1e-3, abs=1e-5)


def test_a_missing_layer_is_refused(tiny, mean):
    with pytest.raises(InputError, match=r"layer is 2, but model .* has 2 layers; give .* 0 to 1"):
        explain("a film", model=tiny, method="grad-cam", layer=2)
    with pytest.raises(ModelError, match="no encoder layers"):
        explain("a film", model=mean, method="grad-cam")
