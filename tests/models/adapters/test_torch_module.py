"""`TorchClassifier`; the oracle is the module itself, called with one text."""

from __future__ import annotations

import copy
import types

import numpy as np
import pytest
import torch
from transformers import BertTokenizerFast

from robustbert.errors import InputError, ModelError, RobustbertWarning, UnknownNameError
from robustbert.models import TorchClassifier
from tests.attacks.running import run, without_time
from tests.models.adapters.toys import (
    LABELS,
    Attentive,
    Recurrent,
    hash_tokens,
    reviews_of,
    seeded,
)
from tests.tiny import toy_reviews, vocabulary

TEXTS = [*toy_reviews(20)[0], "a", "great", "a very long text about a film with great music " * 3]


@pytest.fixture(scope="module")
def bert_tokens(tmp_path_factory) -> BertTokenizerFast:
    path = tmp_path_factory.mktemp("tokenizer") / "vocab.txt"
    path.write_text("\n".join(vocabulary()) + "\n", encoding="utf-8")
    return BertTokenizerFast(vocab_file=str(path), model_max_length=32)


@pytest.fixture(scope="module")
def attentive(bert_tokens) -> Attentive:
    return seeded(Attentive, len(bert_tokens), scale=3.0, seed=1)


@pytest.fixture(scope="module")
def recurrent() -> Recurrent:
    return seeded(Recurrent, scale=3.0)


@pytest.fixture(scope="module")
def masked(attentive, bert_tokens) -> TorchClassifier:
    return TorchClassifier(attentive, bert_tokens, LABELS)


@pytest.fixture(scope="module")
def unmasked(recurrent) -> TorchClassifier:
    return TorchClassifier(recurrent, hash_tokens, LABELS)


def directly(module, encode, texts) -> np.ndarray:
    """The probabilities of each text by itself, without padding."""
    module = copy.deepcopy(module).eval()
    rows = []
    with torch.no_grad():
        for text in texts:
            output = encode(module, text)
            logits = output["logits"] if isinstance(output, dict) else output
            rows.append(logits[0].double().softmax(dim=-1).numpy())
    return np.array(rows)


def recurrent_oracle(module, texts):
    return directly(module, lambda m, text: m(torch.tensor(hash_tokens([text]))), texts)


def attentive_oracle(module, tokenizer, texts):
    def encode(m, text):
        ids = torch.tensor([tokenizer(text, truncation=True)["input_ids"]])
        return m(ids, attention_mask=torch.ones_like(ids))

    return directly(module, encode, texts)


def test_module_without_mask_gives_its_own_probabilities(unmasked, recurrent):
    np.testing.assert_allclose(
        unmasked.predict_proba(TEXTS), recurrent_oracle(recurrent, TEXTS), atol=1e-6
    )
    np.testing.assert_allclose(
        unmasked.predict_proba_exact(TEXTS), recurrent_oracle(recurrent, TEXTS), atol=1e-7
    )


def test_module_with_mask_gives_its_own_probabilities(masked, attentive, bert_tokens):
    expected = attentive_oracle(attentive, bert_tokens, TEXTS)
    assert expected[:, 0].std() > 0.1
    np.testing.assert_allclose(masked.predict_proba(TEXTS), expected, atol=1e-5)
    np.testing.assert_allclose(masked.predict_proba_exact(TEXTS), expected, atol=1e-6)
    assert masked.truncated(TEXTS).tolist() == [False] * (len(TEXTS) - 1) + [True]


@pytest.mark.parametrize("which", ["masked", "unmasked"])
def test_a_row_depends_on_its_text_alone(which, request):
    classifier = request.getfixturevalue(which)
    together = classifier.predict_proba(TEXTS)
    assert classifier.batch_invariance.verified
    np.testing.assert_array_equal(classifier.predict_proba_unbatched(TEXTS), together)
    for rows in ([3], [1, 0, 22], [*range(10)] * 3):
        some = classifier.predict_proba([TEXTS[row] for row in rows])
        np.testing.assert_array_equal(some, together[rows])


def test_softmax_of_the_logits_gives_the_probabilities(unmasked):
    logits = unmasked.predict_logits(TEXTS).astype(np.float64)
    powers = np.exp(logits)
    np.testing.assert_allclose(
        unmasked.predict_proba(TEXTS), powers / powers.sum(axis=1, keepdims=True), atol=1e-6
    )


@pytest.mark.parametrize(
    "wrap", [lambda m: torch.compile(m, backend="eager"), torch.nn.DataParallel]
)
def test_the_module_inside_a_wrapper_is_called(unmasked, recurrent, wrap):
    wrapped = wrap(copy.deepcopy(recurrent))  # DataParallel moves a module to the GPU
    classifier = TorchClassifier(wrapped, hash_tokens, LABELS)
    with torch.backends.cudnn.flags(allow_tf32=False):  # a GPU's LSTM else rounds to 10 bits
        found = classifier.predict_proba(TEXTS)
    np.testing.assert_allclose(found, unmasked.predict_proba(TEXTS), atol=1e-6)
    assert classifier.info == unmasked.info


class Neglectful(Recurrent):
    """Takes any keyword argument and ignores it, so that padding changes its answers."""

    def forward(self, ids, **_kwargs):
        return super().forward(ids)


def test_padding_that_changes_the_answers_is_not_used():
    module = seeded(Neglectful, scale=3.0)
    found = TorchClassifier(module, hash_tokens, LABELS, pad_token_id=0).predict_proba(TEXTS)
    np.testing.assert_allclose(found, recurrent_oracle(module, TEXTS), atol=1e-6)


class BatchNormalized(Recurrent):
    """Its answers depend on the other texts of the batch."""

    def forward(self, ids):
        logits = super().forward(ids)
        return logits - logits.mean(dim=0) / 2


class OneAtATime(Recurrent):
    """Computes only one text per call."""

    def forward(self, ids):
        if len(ids) > 1:
            raise ValueError("one text only")
        return super().forward(ids)


@pytest.mark.parametrize("make", [BatchNormalized, OneAtATime])
def test_texts_are_computed_by_themselves_if_batches_change_them(make):
    module = seeded(make, scale=3.0)
    classifier = TorchClassifier(module, hash_tokens, LABELS)
    found = classifier.predict_proba(TEXTS)
    np.testing.assert_allclose(found, recurrent_oracle(module, TEXTS), atol=1e-6)
    np.testing.assert_array_equal(classifier.predict_proba(TEXTS[4:5]), found[4:5])
    assert classifier.batch_invariance.verified


class Random(Recurrent):
    """Draws dropout in evaluation mode too."""

    def forward(self, ids):
        states, _ = self.lstm(self.embedding(ids))
        return self.head(torch.nn.functional.dropout(states.amax(dim=1), 0.5, training=True))


def test_randomness_is_reported():
    classifier = TorchClassifier(seeded(Random, scale=3.0), hash_tokens, LABELS)
    with pytest.warns(RobustbertWarning, match="two identical calls gave different outputs"):
        assert not classifier.batch_invariance.verified


def test_training_flags_and_gradients_are_left_alone(recurrent):
    module = copy.deepcopy(recurrent).train()
    module.lstm.eval()
    before = {name: part.training for name, part in module.named_modules()}
    assert before[""]
    assert not before["lstm"]
    classifier = TorchClassifier(module, hash_tokens, LABELS)
    np.testing.assert_array_equal(  # no dropout
        classifier.predict_proba(TEXTS), classifier.predict_proba(TEXTS)
    )
    assert {name: part.training for name, part in module.named_modules()} == before
    assert all(weight.grad is None for weight in module.parameters())
    module(torch.tensor(hash_tokens(TEXTS[:1]))).sum().backward()  # it can still be trained


def test_half_precision_is_verified_in_float32(recurrent):
    half = copy.deepcopy(recurrent).bfloat16()
    classifier = TorchClassifier(half, hash_tokens, LABELS)
    expected = recurrent_oracle(copy.deepcopy(half).float(), TEXTS)
    np.testing.assert_allclose(classifier.predict_proba_exact(TEXTS), expected, atol=1e-6)
    found = classifier.predict_proba(TEXTS)
    assert np.abs(found - expected).max() > 1e-5, "the search runs in bfloat16"
    np.testing.assert_allclose(found, expected, atol=0.05)
    assert classifier.info.dtype == "bfloat16"
    assert next(half.parameters()).dtype == torch.bfloat16
    with torch.no_grad():
        half.head.bias.copy_(torch.tensor([30.0, 0.0]))
    assert classifier.predict_proba_exact(TEXTS)[:, 0].min() > 0.99, "the copy follows"


def test_probabilities_are_normalized(recurrent):
    class Softmax(Recurrent):
        def forward(self, ids):
            return super().forward(ids).softmax(dim=-1) * 1.0005

    module = Softmax()
    module.load_state_dict(recurrent.state_dict())
    classifier = TorchClassifier(module, hash_tokens, LABELS, outputs="probabilities")
    found = classifier.predict_proba(TEXTS)
    np.testing.assert_allclose(found.sum(axis=1, dtype=np.float64), 1, atol=1e-6)
    np.testing.assert_allclose(found, recurrent_oracle(recurrent, TEXTS), atol=1e-6)
    assert not classifier.has_logits
    with pytest.raises(ModelError, match="has no logits"):
        classifier.predict_logits(TEXTS)


class TestHash:
    def test_is_that_of_the_parameters(self, recurrent):
        first = TorchClassifier(recurrent, hash_tokens, LABELS)
        same = TorchClassifier(seeded(Recurrent, scale=3.0), hash_tokens, LABELS)
        assert first.info == same.info
        assert len(first.info.sha256) == 64
        assert first.identified
        assert first.info.num_parameters == sum(w.numel() for w in recurrent.parameters())

    @pytest.mark.parametrize(
        "change",
        [
            "labels",
            "weights",
            "tokenizer",
            "class",
            "part",
            "length",
            "number",
            "buffer",
            "padding",
        ],
    )
    def test_covers_what_determines_the_outputs(self, recurrent, change):
        module, tokenizer, labels, options = copy.deepcopy(recurrent), hash_tokens, LABELS, {}
        module.register_buffer("offset", torch.zeros(2), persistent=False)
        expected = TorchClassifier(copy.deepcopy(module), tokenizer, labels).info.sha256
        if change == "labels":
            labels = ("pos", "neg")
        elif change == "weights":
            module = seeded(Recurrent, scale=3.0, seed=1)
        elif change == "tokenizer":
            tokenizer = lambda texts: [ids[::-1] for ids in hash_tokens(texts)]  # noqa: E731
        elif change == "class":
            module.__class__ = type("Other", (Recurrent,), {})
        elif change == "part":
            module.dropout = torch.nn.ReLU()
        elif change == "number":
            module.dropout.p = 0.25
        elif change == "buffer":
            module.offset += 1
        else:
            options = {"length": {"max_length": 7}, "padding": {"pad_token_id": 1}}[change]
        other = TorchClassifier(module, tokenizer, labels, **options)
        assert other.info.sha256 != expected

    def test_follows_further_training(self, recurrent):
        module = copy.deepcopy(recurrent)
        classifier = TorchClassifier(module, hash_tokens, LABELS)
        before, rows = classifier.info, classifier.predict_proba(TEXTS)
        optimizer = torch.optim.AdamW(module.parameters(), lr=0.1)
        module.train()(torch.tensor(hash_tokens(TEXTS[:1]))).logsumexp(dim=-1).sum().backward()
        optimizer.step()
        after = classifier.info
        assert after.sha256 != before.sha256
        assert (after.name, after.source) == (before.name, before.source)
        np.testing.assert_allclose(
            classifier.predict_proba(TEXTS), recurrent_oracle(module, TEXTS), atol=1e-6
        )
        module.load_state_dict(recurrent.state_dict())
        assert classifier.info == before
        np.testing.assert_array_equal(classifier.predict_proba(TEXTS), rows)

    def test_source_names_the_class(self, unmasked):
        assert unmasked.info.source == f"TorchClassifier of {Recurrent.__module__}.Recurrent"
        assert unmasked.info.name == "Recurrent"


class TestGradients:
    def test_are_those_of_finite_differences(self, masked, attentive, bert_tokens):
        text = TEXTS[0]
        found = masked.token_gradient(text)
        ids = torch.tensor([bert_tokens(text)["input_ids"]])
        assert found.token_ids.tolist() == ids[0].tolist()
        assert found.tokens[:3] == ("[CLS]", *text.split()[:2])
        module = copy.deepcopy(attentive).double().eval()
        with torch.no_grad():
            base = module._modules.pop("embedding").weight[ids]
            for token, column in ((1, 0), (3, 5), (5, 15)):
                losses = []
                for step in (1e-5, -1e-5):
                    moved = base.clone()
                    moved[0, token, column] += step
                    module.__dict__["embedding"] = lambda _ids, moved=moved: moved
                    logits = module(ids, torch.ones_like(ids))["logits"]
                    losses.append(-logits.log_softmax(-1).max().item())
                slope = (losses[0] - losses[1]) / 2e-5
                assert found.gradient[token, column] == pytest.approx(slope, rel=0.01, abs=1e-6)
        assert all(weight.grad is None for weight in attentive.parameters())

    def test_need_a_tokenizer_of_transformers(self, unmasked, masked):
        assert masked.has_gradients
        assert not unmasked.has_gradients
        with pytest.raises(ModelError, match="has no gradients"):
            unmasked.token_gradient("a film")

    def test_of_a_foreign_embedding_are_rejected(self, attentive, bert_tokens):
        with pytest.raises(InputError, match="embedding is not a part of module"):
            TorchClassifier(attentive, bert_tokens, LABELS, embedding=torch.nn.Embedding(5, 2))


class TestInvalidInput:
    def make(self, forward, *, tokenizer=hash_tokens, **options):
        module = seeded(Recurrent)
        if forward is not None:
            module.forward = types.MethodType(forward, module)
        return TorchClassifier(module, tokenizer, options.pop("label_names", LABELS), **options)

    @pytest.mark.parametrize(
        ("forward", "message"),
        [
            (lambda m, ids: (Recurrent.forward(m, ids),), "returned a tuple; its forward must"),
            (lambda m, ids: [0.5, 0.5], "returned a list"),
            (lambda m, ids: None, "returned a NoneType"),
            (lambda m, ids: Recurrent.forward(m, ids)[0], r"shape \(2,\) for 1 text and 2 labels"),
            (lambda m, ids: Recurrent.forward(m, ids)[:, :1], r"for one logit x .*, torch\.cat"),
            (lambda m, ids: Recurrent.forward(m, ids).argmax(-1, keepdim=True).expand(-1, 2),
             "returned integers"),
            (lambda m, ids: Recurrent.forward(m, ids) * torch.nan, "NaN or infinity"),
            (lambda m, ids: Recurrent.forward(m, ids).softmax(-1), 'pass outputs="probabilities"'),
            (lambda m, ids: m.embedding(ids + 10**6), "failed for input_ids of shape .*IndexError"),
            (lambda m, ids, lengths: Recurrent.forward(m, ids), "missing 1 required positional"),
        ],
    )  # fmt: skip
    def test_modules_that_return_something_else(self, forward, message):
        with pytest.raises(ModelError, match=message) as caught:
            self.make(forward)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("forward", "message"),
        [
            (None, "is not a probability; if these are logits, apply softmax"),
            (lambda m, ids: Recurrent.forward(m, ids).sigmoid(), "sum to .* not to 1"),
        ],
    )
    def test_logits_that_are_called_probabilities(self, forward, message):
        with pytest.raises(ModelError, match=message):
            self.make(forward, outputs="probabilities")

    def test_three_columns_for_two_labels(self):
        with pytest.raises(ModelError, match=r"shape \(1, 3\) for 1 text and 2 labels"):
            TorchClassifier(seeded(Recurrent, 3), hash_tokens, LABELS)

    @pytest.mark.parametrize(
        ("tokenizer", "message"),
        [
            (lambda texts: texts, "returned a str for a text"),
            (lambda texts: [1, 2], "returned a list of 2 for 8 texts"),
            (lambda texts: {"input_ids": []}, "returned a dict for 8 texts"),
            (lambda texts: [[0.5] for _ in texts], "returned 0.5 as a token id"),
            (lambda texts: [[-1] for _ in texts], "returned -1 as a token id"),
            (lambda texts: texts.nothing, "the tokenizer failed: AttributeError"),
        ],
    )
    def test_wrong_tokenizers(self, tokenizer, message):
        with pytest.raises(ModelError, match=message):
            self.make(None, tokenizer=tokenizer)

    def test_tokenizer_without_padding_token(self, attentive, bert_tokens):
        bare = copy.deepcopy(bert_tokens)
        bare.pad_token = None
        with pytest.raises(InputError, match=r"no padding token; set tokenizer\.pad_token"):
            TorchClassifier(attentive, bare, LABELS)
        with pytest.raises(InputError, match="pass pad_token_id="):
            TorchClassifier(attentive, hash_tokens, LABELS)
        given = TorchClassifier(attentive, bare, LABELS, pad_token_id=0)
        expected = attentive_oracle(attentive, bert_tokens, TEXTS)
        np.testing.assert_allclose(given.predict_proba(TEXTS), expected, atol=1e-5)

    @pytest.mark.parametrize(
        ("options", "error", "message"),
        [
            ({"label_names": "neg"}, InputError, "must be a list of strings, not 'neg'"),
            ({"label_names": ["neg", "neg"]}, InputError, "at least two different names"),
            ({"label_names": [0, 1]}, InputError, "must be a list of strings"),
            ({"label_names": None}, InputError, "must be a list of strings, not None"),
            ({"outputs": "scores"}, UnknownNameError, "unknown kind of outputs 'scores'"),
            ({"max_length": 0}, InputError, "max_length is 0"),
            ({"token_budget": 0}, InputError, "token_budget is 0"),
            ({"max_length": 1.5}, InputError, r"max_length is 1\.5; give an integer"),
            ({"token_budget": "a"}, InputError, "token_budget is 'a'; give an integer"),
            ({"pad_token_id": "<pad>"}, InputError, "pad_token_id is '<pad>'; give an integer"),
            ({"pad_token_id": -1}, InputError, "pad_token_id is -1"),
            ({"name": ""}, InputError, "name must be"),
            ({"tokenizer": None}, InputError, "tokenizer is a NoneType"),
        ],
    )
    def test_arguments(self, options, error, message):
        with pytest.raises(error, match=message):
            self.make(None, **options)

    def test_functions_are_not_modules(self):
        with pytest.raises(InputError, match="use CallableClassifier"):
            TorchClassifier(len, hash_tokens, LABELS)
        with pytest.raises(InputError, match="module is a class; create an instance of Recurrent"):
            TorchClassifier(Recurrent, hash_tokens, LABELS)
        with pytest.raises(InputError, match=r"mapping, .*; if these are weights, load them into"):
            TorchClassifier(Recurrent().state_dict(), hash_tokens, LABELS)


def test_texts_without_tokens_are_scored(unmasked):
    assert np.isfinite(unmasked.predict_proba(["!?"])).all()


def test_function_tokens_are_truncated(recurrent):
    cut = TorchClassifier(recurrent, hash_tokens, LABELS, max_length=3)
    texts = ["one two three four five", "one two three"]
    first, second = cut.predict_proba(texts)
    np.testing.assert_array_equal(first, second)
    assert cut.truncated(texts).tolist() == [True, False]


def known_tokens(texts):
    """A tokenizer that drops the words it does not know: nearly all words of the sample texts."""
    known = set(vocabulary())
    kept = [" ".join(word for word in text.split() if word in known) for text in texts]
    return hash_tokens(kept)


class LongTextsMix(Recurrent):
    """Texts of more than one token get other answers in larger batches."""

    def forward(self, ids):
        logits = super().forward(ids)
        return logits if ids.shape[1] == 1 else logits - logits.mean(dim=0) / 2


def test_batches_are_checked_even_if_the_tokenizer_knows_few_words():
    module = seeded(LongTextsMix, scale=3.0)
    classifier = TorchClassifier(module, known_tokens, LABELS)
    texts = TEXTS[:20]
    expected = directly(module, lambda m, text: m(torch.tensor(known_tokens([text]))), texts)
    np.testing.assert_allclose(classifier.predict_proba(texts), expected, atol=1e-6)


def test_model_of_transformers_agrees_with_its_own_class(tiny_folder):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from robustbert.models import load_model

    module = AutoModelForSequenceClassification.from_pretrained(tiny_folder)
    tokenizer = AutoTokenizer.from_pretrained(tiny_folder)
    wrapped = TorchClassifier(module, tokenizer, LABELS)
    own = load_model(str(tiny_folder), dtype="float32", device="cpu")
    np.testing.assert_allclose(wrapped.predict_proba(TEXTS), own.predict_proba(TEXTS), atol=2e-6)
    assert wrapped.info.max_length == own.info.max_length == 128
    assert wrapped.info.num_parameters == own.info.num_parameters
    with pytest.raises(InputError, match=r"label_names are pos, neg, .* neg, pos in this order"):
        TorchClassifier(module, tokenizer, LABELS[::-1])
    assert TorchClassifier(module, tokenizer, ["bad", "good"]).label_names == ("bad", "good")
    found, expected = (c.token_gradient(TEXTS[0]) for c in (wrapped, own))
    assert found.tokens == expected.tokens
    np.testing.assert_allclose(found.gradient, expected.gradient, atol=1e-6)
    long = "film " * 300
    assert wrapped.truncated([long, "film"]).tolist() == [True, False]
    np.testing.assert_allclose(wrapped.predict_proba([long]), own.predict_proba([long]), atol=2e-6)


@pytest.mark.slow
def test_outcomes_do_not_depend_on_lanes(textattack, unmasked):
    reviews = reviews_of(unmasked, 8)
    one = without_time(run(unmasked, "deepwordbug", reviews, "published", lanes=1).outcomes)
    many = without_time(run(unmasked, "deepwordbug", reviews[::-1], "published").outcomes)
    assert many[::-1] == one
    assert "broken" in {outcome.status for outcome in one}


@pytest.mark.slow
def test_recipe_with_gradients_runs(textattack, masked, unmasked):
    found = run(masked, "a2t", reviews_of(masked, 6), "published").outcomes
    assert {outcome.status for outcome in found} <= {"robust", "broken"}
