"""The classifier that DNE wraps around a network."""

from __future__ import annotations

import hashlib
import random

import numpy as np
import pytest
import torch

from robustbert.defenses import dirichlet_ensemble, make_defense
from robustbert.defenses.dirichlet_ensemble import confident_average
from robustbert.defenses.substitutions import substitute_table
from robustbert.errors import ModelError
from robustbert.models import load_model, relabel
from tests.defenses.perturbed import make_network

TEXTS = [
    "the film was very good and charming",
    "a dull and tedious plot",
    "so boring",
    "we of it and the",
    "great great film xyz",
    "the movie was wonderful but the story was poor",
]
PARAMS = {"ensemble": 3, "min_cosine": 0.3, "alpha": 0.7}


@pytest.fixture(scope="module")
def plain(tiny_victim):
    return load_model(str(tiny_victim), dtype="float32", device="cpu")


@pytest.fixture(scope="module")
def network(tiny_victim):
    return make_network(tiny_victim).eval()


@pytest.fixture(scope="module")
def wrapped(plain):
    return make_defense("dne", PARAMS).wrap(plain)


def points_of(network, tokenizer, text, *, alpha=0.7, samples=3, size=64):
    """The embeddings in each sample by the definition, float64 (samples, t, d)."""
    ids = tokenizer(text)["input_ids"]
    table = substitute_table(tokenizer, len(tokenizer), 8, 0.3)
    found = table.of(torch.tensor([ids]))
    hulls = [
        row[mask].tolist()[:size] for row, mask in zip(found.ids[0], found.mask[0], strict=True)
    ]
    weight = network.get_input_embeddings().weight.detach()
    words = [row for row, hull in enumerate(hulls) if len(hull) > 1]
    width = min(table.rows.mask.sum(dim=1).max().item(), size)
    digest = hashlib.sha256("\x1f".join(["dne", *map(str, ids)]).encode()).digest()
    generator = np.random.default_rng(int.from_bytes(digest[:4], "big"))
    shape = (samples, len(words), width)
    parameters = np.ones(shape)
    for row, word in enumerate(words):
        parameters[:, row, : len(hulls[word])] = alpha
    gammas = generator.standard_gamma(parameters + 1)
    gammas *= np.exp(-generator.standard_exponential(shape) / parameters)
    points = weight[ids].repeat(samples, 1, 1)
    for sample in range(samples):
        for row, word in enumerate(words):
            weights = gammas[sample, row, : len(hulls[word])]
            points[sample, word] = torch.from_numpy(weights / weights.sum()) @ weight[hulls[word]]
    return points, hulls


def average(rows, power=3):
    weights = [sum((max(row) - p) ** power for p in row) for row in rows]
    return sum(w * row for w, row in zip(weights, rows, strict=True)) / sum(weights)


def probabilities_of(network, points):
    with torch.no_grad():
        return network(inputs_embeds=points).logits.softmax(dim=-1).numpy()


class TestThePrediction:
    @pytest.mark.parametrize("view", ["own", "relabeled"])
    def test_is_the_average_over_the_samples(self, plain, network, view):
        order = [0, 1] if view == "own" else [1, 0]
        inner = relabel(plain, [plain.label_names[label] for label in order])
        wrapped = make_defense("dne", PARAMS).wrap(inner)
        tokenizer = plain.embedded_network().tokenizer
        expected = np.array(
            [
                average(probabilities_of(network, points_of(network, tokenizer, text)[0]))[order]
                for text in TEXTS
            ]
        )
        assert np.abs(expected - inner.predict_proba(TEXTS)).max() > 0.1
        for found in (
            wrapped.predict_proba(TEXTS),
            wrapped.predict_proba_exact(TEXTS),
            wrapped.predict_proba_unbatched(TEXTS),
        ):
            np.testing.assert_allclose(found, expected, atol=2e-5)
        assert wrapped.label_names == inner.label_names
        assert wrapped.info == inner.info

    def test_points_are_in_the_hulls_and_the_other_tokens_stay(self, wrapped, plain, network):
        tokenizer = plain.embedded_network().tokenizer
        weight = network.get_input_embeddings().weight.detach()
        moved = 0
        for text in TEXTS:
            ids = tokenizer(text)["input_ids"]
            points = wrapped._embeddings(tuple(ids)).double()
            assert points.shape == (3, len(ids), 16)
            expected, hulls = points_of(network, tokenizer, text)
            torch.testing.assert_close(points, expected, atol=1e-6, rtol=1e-5)
            for position, hull in enumerate(hulls):
                if len(hull) == 1:
                    assert points[:, position].equal(weight[ids[position]].expand(3, -1))
                    continue
                moved += 1
                vertices = torch.cat([weight[hull], torch.ones(len(hull), 1)], dim=1)
                ones = torch.ones(3, 1)
                goal = torch.cat([points[:, position], ones], dim=1)
                found = torch.linalg.lstsq(vertices.T, goal.T, driver="gelsd")
                assert (vertices.T @ found.solution - goal.T).abs().max() < 1e-5
                assert (found.solution > -1e-4).all()
        assert moved > 8

    @pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
    def test_depends_on_the_text_alone(self, tiny_victim, dtype, monkeypatch):
        model = load_model(str(tiny_victim), dtype=dtype, device="cpu")
        wrapped = make_defense("dne", PARAMS).wrap(model)
        assert wrapped.batch_invariance.verified
        rows = wrapped.predict_proba(TEXTS)
        np.testing.assert_array_equal(wrapped.predict_proba_unbatched(TEXTS), rows)
        chance = random.Random(0)
        for _ in range(5):
            chosen = chance.choices(range(len(TEXTS)), k=9)
            some = wrapped.predict_proba([TEXTS[row] for row in chosen])
            np.testing.assert_array_equal(some, rows[chosen])
        monkeypatch.setattr(dirichlet_ensemble, "CHUNK_TOKENS", 40)
        np.testing.assert_array_equal(wrapped.predict_proba(TEXTS), rows)
        model = load_model(str(tiny_victim), dtype=dtype, device="cpu")
        again = make_defense("dne", PARAMS).wrap(model)
        np.testing.assert_array_equal(again.predict_proba(TEXTS), rows)

    def test_draws_from_no_global_generator(self, wrapped):
        torch.manual_seed(0)
        np.random.seed(0)
        states = torch.get_rng_state(), np.random.get_state()[1].tolist()
        wrapped.predict_proba(TEXTS)
        assert torch.get_rng_state().equal(states[0])
        assert np.random.get_state()[1].tolist() == states[1]

    def test_in_bfloat16_labels_are_those_of_float32(self, tiny_victim, wrapped):
        """Texts with close probabilities are computed again in float32."""
        model = load_model(str(tiny_victim), dtype="bfloat16", device="cpu")
        found = make_defense("dne", PARAMS).wrap(model)
        rows, exact = found.predict_proba(TEXTS), wrapped.predict_proba(TEXTS)
        np.testing.assert_allclose(rows, exact, atol=0.05)
        assert (rows.argmax(axis=1) == exact.argmax(axis=1)).all()
        np.testing.assert_array_equal(
            found.predict_proba_exact(TEXTS), wrapped.predict_proba_exact(TEXTS)
        )

    def test_of_a_text_without_substitutes_is_that_of_the_network(self, plain, wrapped):
        texts = ["we of it and the", "xyz qrst"]
        np.testing.assert_allclose(
            wrapped.predict_proba(texts), plain.predict_proba(texts), atol=1e-6
        )

    def test_of_one_sample_has_no_average(self, plain, network):
        wrapped = make_defense("dne", PARAMS | {"ensemble": 1}).wrap(plain)
        tokenizer = plain.embedded_network().tokenizer
        for text in TEXTS:
            points, _ = points_of(network, tokenizer, text, samples=1)
            expected = probabilities_of(network, points)
            np.testing.assert_allclose(wrapped.predict_proba([text]), expected, atol=2e-5)

    def test_with_a_large_alpha_is_that_of_the_mean_of_each_hull(self, plain, network):
        wrapped = make_defense("dne", PARAMS | {"alpha": 1e9, "ensemble": 1}).wrap(plain)
        tokenizer = plain.embedded_network().tokenizer
        weight = network.get_input_embeddings().weight.detach()
        for text in TEXTS:
            _, hulls = points_of(network, tokenizer, text)
            means = torch.stack([weight[hull].mean(dim=0) for hull in hulls])
            expected = probabilities_of(network, means[None])
            np.testing.assert_allclose(wrapped.predict_proba([text]), expected, atol=1e-3)

    def test_with_a_small_alpha_is_that_of_a_substituted_text(self, plain, network):
        wrapped = make_defense("dne", PARAMS | {"alpha": 1e-9, "ensemble": 1}).wrap(plain)
        tokenizer = plain.embedded_network().tokenizer
        weight = network.get_input_embeddings().weight.detach()
        text = TEXTS[0]
        ids = tuple(tokenizer(text)["input_ids"])
        (points,) = wrapped._embeddings(ids).double()
        _, hulls = points_of(network, tokenizer, text)
        chosen = [
            hull[(weight[hull] - point).norm(dim=1).argmin()]
            for hull, point in zip(hulls, points, strict=True)
        ]
        torch.testing.assert_close(points, weight[chosen], atol=1e-4, rtol=0)
        assert tuple(chosen) != ids

    def test_with_hulls_of_one_word_is_the_plain_classifier(self, plain):
        assert make_defense("dne", {"neighbours": 1}).wrap(plain) is plain

    def test_uses_the_nearest_substitutes_that_fit_a_hull(self, plain, network):
        wrapped = make_defense("dne", PARAMS | {"neighbours": 2}).wrap(plain)
        tokenizer = plain.embedded_network().tokenizer
        ids = tuple(tokenizer(TEXTS[0])["input_ids"])
        expected, hulls = points_of(network, tokenizer, TEXTS[0], size=2)
        assert max(map(len, hulls)) == 2
        torch.testing.assert_close(
            wrapped._embeddings(ids).double(), expected, atol=1e-6, rtol=1e-5
        )

    def test_needs_a_network_of_transformers(self, svm):
        with pytest.raises(ModelError, match="cannot change the embeddings of model"):
            make_defense("dne", {}).wrap(load_model(str(svm)))

    def test_cannot_be_wrapped_twice(self, wrapped):
        with pytest.raises(ModelError, match="before it is wrapped"):
            make_defense("dne", {}).wrap(wrapped)


class TestTheGradient:
    def test_is_that_of_the_average(self, plain, wrapped, network):
        """Of a token's move by the same vector in all samples."""
        tokenizer = plain.embedded_network().tokenizer
        for text in TEXTS[:3]:
            points, _ = points_of(network, tokenizer, text)
            found = wrapped.token_gradient(text)
            label = wrapped.predict_proba([text]).argmax()

            def loss(move, points=points, label=label):
                rows = probabilities_of(network, points + move)
                return -np.log(average(rows)[label])

            generator = torch.Generator().manual_seed(0)
            direction = torch.randn(points.shape[1:], generator=generator, dtype=torch.float64)
            step = 1e-5
            slope = (loss(step * direction) - loss(-step * direction)) / (2 * step)
            np.testing.assert_allclose(
                (found.gradient * direction.numpy()).sum(), slope, rtol=1e-3, atol=1e-5
            )
            assert found.token_ids.tolist() == tokenizer(text)["input_ids"]
            assert found.tokens[0] == "[CLS]"

    def test_depends_on_the_text_and_not_on_threads(self, wrapped):
        before = torch.get_num_threads()
        try:
            torch.set_num_threads(2)
            together = wrapped.token_gradients(TEXTS)
        finally:
            torch.set_num_threads(before)
        for text, found in zip(TEXTS, together, strict=True):
            np.testing.assert_array_equal(wrapped.token_gradient(text).gradient, found.gradient)
        assert wrapped.token_gradients([]) == []

    def test_of_a_text_without_substitutes_is_that_of_the_network(self, plain, wrapped):
        text = "we of it and the"
        found, expected = wrapped.token_gradient(text), plain.token_gradient(text)
        np.testing.assert_allclose(found.gradient, expected.gradient, rtol=1e-3, atol=1e-6)
        assert wrapped.has_gradients


class TestTheAverage:
    def test_weighs_confident_samples_higher(self):
        rows = torch.tensor([[0.9, 0.1], [0.4, 0.6]], dtype=torch.float64)
        np.testing.assert_allclose(
            confident_average(rows, 3), (0.512 * rows[0] + 0.008 * rows[1]) / 0.52
        )
        rows = torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]], dtype=torch.float64)
        np.testing.assert_allclose(
            confident_average(rows, 1), (0.5 * rows[0] + 1.4 * rows[1]) / 1.9
        )

    def test_with_power_0_is_the_mean(self):
        rows = torch.rand(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        np.testing.assert_allclose(confident_average(rows, 0), rows.mean(dim=0))

    def test_of_undecided_samples_is_the_mean(self):
        rows = torch.full((4, 2), 0.5, dtype=torch.float64)
        assert confident_average(rows, 3).tolist() == [0.5, 0.5]


def test_seeds_draw_other_samples_and_more_votes_are_closer_to_the_expectation(wrapped):
    first = wrapped.predict_proba(TEXTS)
    assert (wrapped.redrawn(0).predict_proba(TEXTS) == first).all()
    other = wrapped.redrawn(1)
    assert (other.predict_proba(TEXTS) != first).any()
    assert (other.predict_proba(TEXTS) == wrapped.redrawn(1).predict_proba(TEXTS)).all()
    assert (wrapped.predict_proba(TEXTS) == first).all(), "it is not changed itself"

    def spread(votes):
        rows = [wrapped.redrawn(seed, votes).predict_proba(TEXTS)[:, 0] for seed in range(6)]
        return np.std(rows, axis=0).max()

    assert spread(60) < 0.5 * spread(2)
    assert wrapped.redrawn(1, 60).num_votes == 60
