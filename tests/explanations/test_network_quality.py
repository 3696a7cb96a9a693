"""Infidelity and sensitivity: a network that is linear in its embeddings has known answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from robustbert.errors import InputError, ModelError
from robustbert.explanations import EXPLAINERS, explain, make_explainer
from robustbert.explanations.network_quality import (
    NetworkQualityConfig,
    WordPresence,
    embedded_as,
    network_quality,
)
from robustbert.seeds import derive_seed
from tests.explanations.test_explainer import NETWORK_NAMES, TEXTS, small

TEXT = "a fine film, and a dull plot"
CONFIG = NetworkQualityConfig(removals=20, noises=4)


def measured(classifier, method, config=CONFIG, **changes):
    attribution = replace(method.explain(classifier, [TEXT])[0], **changes)
    return network_quality(method, classifier, [attribution], config)[0]


def test_integrated_gradients_of_a_linear_network_are_faithful(mean):
    """Removing words changes the logit by the sum of their scores, exactly."""
    assert measured(mean, make_explainer("integrated-gradients", {})).infidelity < 1e-10


def test_the_infidelity_is_the_squared_error_of_the_sum_of_scores(mean):
    """By its definition, with the removals drawn here, and the factor that makes it smallest."""
    scores = np.linspace(-1, 2, 7)
    method = make_explainer("integrated-gradients", {})
    found = measured(mean, method, scores=tuple(scores.tolist()))
    (attribution,) = method.explain(mean, [TEXT])
    presence = WordPresence(mean.token_network(), attribution)
    torch.manual_seed(derive_seed(0, "infidelity", TEXT))
    removed = torch.cat([torch.rand(16, 7), torch.rand(4, 7)]) < CONFIG.word_share
    with torch.no_grad():
        whole = presence.logits(torch.ones(1, 7))[0, attribution.target]
        changes = whole - presence.logits(1.0 - removed.float())[:, attribution.target]
    predicted = removed.numpy() @ scores
    changes = changes.numpy()
    factor = (predicted * changes).mean() / (predicted**2).mean()
    expected = ((factor * predicted - changes) ** 2).mean()
    assert expected > 1e-4
    assert found.infidelity == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_the_infidelity_is_never_negative(mean, seed):
    """The score of a text of one word always fits; captum rounds some of these to below 0."""
    method = make_explainer("integrated-gradients", {})
    attributions = method.explain(mean, ["fine", "été", "dull"])
    for found in network_quality(method, mean, attributions, replace(CONFIG, seed=seed)):
        assert 0 <= found.infidelity < 1e-6


def test_the_infidelity_does_not_depend_on_the_scale_of_scores(tiny):
    method = small("saliency")
    scores = method.explain(tiny, [TEXT])[0].scores
    one, two = (measured(tiny, method, scores=tuple(k * s for s in scores)) for k in (1, 50))
    assert one.infidelity == pytest.approx(two.infidelity, rel=1e-3)
    assert one.infidelity > 0


def test_scores_of_zero_say_nothing_about_any_change(tiny):
    found = measured(tiny, small("saliency"), scores=(0.0,) * 7)
    assert found.infidelity > 0


def test_the_sensitivity_of_a_linear_network_by_its_definition(mean):
    """Gradient times input changes by gradient times noise; the gradient is constant."""
    found = measured(mean, small("saliency"))
    network = mean.token_network()
    ids, _ = network.encode(TEXT)
    embeddings = network.embed(ids)
    weight = (
        network.module.head.weight.detach()[mean.predict_proba([TEXT])[0].argmax()] / ids.shape[1]
    )
    radius = CONFIG.radius * float(embeddings.square().mean().sqrt())
    torch.manual_seed(derive_seed(0, "sensitivity", TEXT))
    noises = torch.empty(CONFIG.noises, *embeddings.shape[1:]).uniform_(-radius, radius)
    changes = (noises @ weight).norm(dim=1) / (embeddings[0] @ weight).norm()
    assert found.sensitivity == pytest.approx(float(changes.max()), rel=1e-4)


@pytest.mark.parametrize("name", NETWORK_NAMES)
def test_each_method_that_needs_a_network_can_be_measured(name, tiny):
    method = small(name)
    attributions = method.explain(tiny, TEXTS[:2])
    both = network_quality(method, tiny, attributions, CONFIG)
    for found in both:
        assert found.infidelity >= 0
        assert 0 < found.sensitivity < np.inf
    assert network_quality(method, tiny, attributions[1:], CONFIG) == both[1:]


@pytest.mark.parametrize("name", NETWORK_NAMES)
def test_more_noise_changes_scores_more(name, tiny):
    few, many = (
        measured(tiny, small(name), replace(CONFIG, radius=radius)) for radius in (1e-6, 0.5)
    )
    assert few.sensitivity < many.sensitivity
    assert few.sensitivity < 1e-3


@pytest.mark.parametrize("name", NETWORK_NAMES)
def test_a_text_that_is_embedded_as_another_is_explained_like_it(name, tiny):
    """The hook stands in for the embeddings, once; baselines of padding stay what they are."""
    network, method = tiny.token_network(), small(name)
    ids, spans = network.encode("a fine film")
    other, _ = network.encode("a dull film")
    plain = method.token_scores(network, other, spans, 1).scores
    with embedded_as(network, ids, network.embed(other)):
        found = method.token_scores(network, ids, spans, 1).scores
    assert found == pytest.approx(plain, abs=1e-6)
    again = method.token_scores(network, ids, spans, 1).scores
    assert again != pytest.approx(plain, abs=1e-6)


def test_the_generator_of_torch_is_not_used(tiny):
    state = torch.random.get_rng_state()
    measured(tiny, small("saliency"))
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"word_share": 0}, "word_share is 0"),
        ({"radius": -1.0}, "radius is -1"),
        ({"removals": 0}, "removals is 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_numbers_out_of_range(setting, message):
    with pytest.raises(InputError, match=message):
        NetworkQualityConfig(**setting)


def test_a_model_without_gradients_is_refused(linear):
    attributions = explain(TEXT, model=linear, method="occlusion")
    with pytest.raises(ModelError, match="needs a network"):
        network_quality(small("saliency"), linear, attributions)


def test_every_built_in_method_of_networks_is_covered():
    names = [entry.name for entry in EXPLAINERS.built_in()]
    assert set(NETWORK_NAMES) < set(names)
