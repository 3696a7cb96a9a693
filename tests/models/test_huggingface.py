from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from robustbert.errors import InputError, ModelError, RobustbertWarning
from robustbert.models import classify, load_model, predict
from robustbert.models.classifier import Classifier
from robustbert.models.huggingface import CLOSE_MARGIN
from tests.tiny import WORDS, make_tiny_bert, toy_reviews


def random_texts(n: int, seed: int = 0, longest: int = 60) -> list[str]:
    generator = random.Random(seed)
    words = WORDS.split()
    return [" ".join(generator.choices(words, k=generator.randint(1, longest))) for _ in range(n)]


def reference_logits(folder: Path, text: str) -> np.ndarray:
    """The logits of transformers for one text, without padding, in float64."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder).double()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        inputs = tokenizer(text, return_tensors="pt", truncation=True, max_length=128)
        return model.eval()(**inputs).logits[0].numpy()


def reference(folder: Path, text: str) -> np.ndarray:
    """The probabilities of transformers for one text, without padding, in float64."""
    from scipy.special import softmax

    return softmax(reference_logits(folder, text))


def assert_rows_do_not_depend_on_the_batch(
    model: Classifier, texts: list[str], sizes: Sequence[int]
) -> None:
    for predict_rows in (model.predict_proba, model.predict_logits):
        together = predict_rows(texts)
        generator = np.random.default_rng(0)
        for size in sizes:
            chosen = generator.permutation(len(texts))[:size]
            some = predict_rows([texts[i] for i in chosen])
            np.testing.assert_array_equal(some, together[chosen])


def test_probabilities_are_those_of_transformers(tiny, tiny_folder):
    texts = random_texts(12)
    rows = tiny.predict_proba(texts)
    assert rows.dtype == np.float32
    assert rows.shape == (12, 2)
    np.testing.assert_allclose(rows.sum(axis=1, dtype=np.float64), 1, atol=1e-6)
    for text, row in zip(texts, rows, strict=True):
        np.testing.assert_allclose(row, reference(tiny_folder, text), atol=1e-5)


def test_logits_are_those_of_transformers(tiny, tiny_folder):
    texts = random_texts(12)
    logits = tiny.predict_logits(texts)
    assert tiny.has_logits
    assert (logits.dtype, logits.shape) == (np.float32, (12, 2))
    for text, row in zip(texts, logits, strict=True):
        np.testing.assert_allclose(row, reference_logits(tiny_folder, text), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_softmax_of_logits_gives_the_probabilities(tiny_folder, dtype):
    from scipy.special import softmax

    model = load_model(str(tiny_folder), dtype=dtype)
    texts = random_texts(100)
    rows = softmax(model.predict_logits(texts).astype(np.float64), axis=1)
    np.testing.assert_allclose(rows, model.predict_proba(texts), atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_row_does_not_depend_on_the_other_texts(tiny_folder, dtype):
    model = load_model(str(tiny_folder), dtype=dtype)
    texts = random_texts(50) + random_texts(3, 1, 300)
    assert_rows_do_not_depend_on_the_batch(model, texts, (1, 1, 1, 2, 3, 9, 17, 53))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_row_does_not_depend_on_the_other_texts_at_real_size(real_size_folder, dtype):
    model = load_model(str(real_size_folder), dtype=dtype)
    # Few words, so that most texts have the same padded length, in batches of many sizes.
    texts = random_texts(24, longest=12)
    assert_rows_do_not_depend_on_the_batch(model, texts, (1, 2, 3, 5, 9, 11, 17, 24))


@pytest.fixture(scope="module")
def real_size_folder(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    """A random network as wide and deep as MiniLM, with the tiny vocabulary."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("real-size")
    tokenizer = AutoTokenizer.from_pretrained(tiny_folder)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=384,
        num_hidden_layers=6,
        num_attention_heads=12,
        intermediate_size=1536,
        max_position_embeddings=128,
        initializer_range=0.1,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_exact_predictions_are_float32_for_every_dtype(tiny, tiny_folder):
    low = load_model(str(tiny_folder), dtype="bfloat16", device="cpu")
    texts = random_texts(5)
    assert low.info.dtype == "bfloat16"
    np.testing.assert_array_equal(low.predict_proba_exact(texts), tiny.predict_proba(texts))
    np.testing.assert_array_equal(low.predict_proba_exact(texts), tiny.predict_proba_exact(texts))


def test_bfloat16_is_close_and_agrees_on_every_label(tiny, tiny_folder):
    texts = random_texts(400)
    low = load_model(str(tiny_folder), dtype="bfloat16").predict_proba(texts)
    full = tiny.predict_proba(texts)
    assert not np.array_equal(low, full), "bfloat16 was not used"
    # the margin was measured on MiniLM; these larger weights deviate more
    assert np.quantile(np.abs(low - full), 0.99) < CLOSE_MARGIN / 2
    np.testing.assert_array_equal(low.argmax(axis=1), full.argmax(axis=1))


def test_no_texts_give_no_rows(tiny):
    assert tiny.predict_proba([]).shape == (0, 2)
    assert tiny.truncated([]).shape == (0,)


@pytest.mark.parametrize(
    "text", ["NUL \0 here", "\0", "\x01\x02\x7f", "🙂", "שלום", "\u200f", "film " * 10_000]
)
def test_odd_texts_are_classified(tiny, text):
    row = tiny.predict_proba([text])[0]
    assert np.isfinite(row).all()


def test_blank_texts_are_rejected(tiny):
    with pytest.raises(InputError, match="text 2 of 2 is empty"):
        tiny.predict_proba(["fine", " "])


def test_truncated_flags_truncated_texts(tiny):
    # 128 tokens, two of them special.
    texts = ["film " * 126, "film " * 127]
    assert tiny.truncated(texts).tolist() == [False, True]
    assert tiny.info.max_length == 128
    np.testing.assert_array_equal(
        tiny.predict_proba([texts[1] + "bad"]), tiny.predict_proba([texts[1]])
    )


def test_token_gradient_is_the_slope_of_the_loss(tiny, tiny_folder):
    import torch
    from transformers import AutoModelForSequenceClassification

    text = "the film was boring and superb"
    found = tiny.token_gradient(text)
    assert found.tokens == ("[CLS]", "the", "film", "was", "boring", "and", "superb", "[SEP]")
    assert found.gradient.dtype == np.float32
    assert found.gradient.shape == (8, 16)

    model = AutoModelForSequenceClassification.from_pretrained(tiny_folder).double().eval()
    label = int(tiny.predict_proba([text])[0].argmax())
    start = model.get_input_embeddings()(torch.tensor([found.token_ids.tolist()])).detach()

    def loss(embeddings: torch.Tensor) -> float:
        with torch.no_grad():
            return -model(inputs_embeds=embeddings).logits.log_softmax(-1)[0, label].item()

    generator = np.random.default_rng(0)
    for _ in range(10):
        direction = torch.tensor(generator.normal(size=(1, 8, 16)))
        slope = (loss(start + 1e-5 * direction) - loss(start - 1e-5 * direction)) / 2e-5
        expected = float((direction[0].numpy() * found.gradient).sum())
        assert slope == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_a_gradient_does_not_depend_on_the_other_texts(tiny):
    texts = random_texts(60, longest=12)  # few lengths, so that several texts share a batch
    texts += [*texts[:2], *random_texts(3, 1, 300)]
    together = tiny.token_gradients(texts)
    for text, found in zip(texts, together, strict=True):
        alone = tiny.token_gradient(text)
        assert (found.tokens, found.token_ids.tolist()) == (alone.tokens, alone.token_ids.tolist())
        np.testing.assert_array_equal(found.gradient, alone.gradient)
    for size in (2, 7, 33):
        for found, expected in zip(tiny.token_gradients(texts[:size]), together, strict=False):
            np.testing.assert_array_equal(found.gradient, expected.gradient)
    assert tiny.token_gradients([]) == []


@pytest.mark.slow
def test_a_gradient_does_not_depend_on_the_other_texts_at_real_size(real_size_folder):
    model = load_model(str(real_size_folder), dtype="float32")
    texts = random_texts(12, longest=6)
    for text, found in zip(texts, model.token_gradients(texts), strict=True):
        np.testing.assert_array_equal(found.gradient, model.token_gradient(text).gradient)


def test_token_gradient_has_no_side_effects(tiny):
    network = tiny._exact_model
    before = copy.deepcopy({name: weight.clone() for name, weight in network.state_dict().items()})
    tiny.token_gradient("a great film")
    assert not network.get_input_embeddings()._forward_hooks
    assert not network.training
    for name, weight in network.named_parameters():
        assert weight.grad is None
        assert not weight.requires_grad
        assert weight.equal(before[name])


def test_save_and_load_give_the_same_model(tiny, tmp_path):
    tiny.save(tmp_path / "copy")
    again = load_model(str(tmp_path / "copy"), dtype="float32", device="cpu")
    texts = random_texts(20)
    np.testing.assert_array_equal(again.predict_proba(texts), tiny.predict_proba(texts))
    assert again.label_names == ("neg", "pos")


def test_columns_follow_the_requested_labels(tiny, tiny_folder):
    turned = load_model(str(tiny_folder), dtype="float32", device="cpu", label_names=["pos", "neg"])
    texts = random_texts(5)
    np.testing.assert_array_equal(turned.predict_proba(texts), tiny.predict_proba(texts)[:, [1, 0]])
    np.testing.assert_array_equal(
        turned.predict_logits(texts), tiny.predict_logits(texts)[:, [1, 0]]
    )


def test_placeholder_labels_take_the_requested_names(tmp_path):
    folder = make_tiny_bert(tmp_path / "three", num_labels=3)
    mapping = "LABEL_0 = a, LABEL_1 = b, LABEL_2 = c; .* name the outputs in order"
    with pytest.warns(RobustbertWarning, match=mapping):
        model = load_model(str(folder), label_names=["a", "b", "c"])
    assert model.label_names == ("a", "b", "c")
    assert load_model(str(folder)).label_names == ("LABEL_0", "LABEL_1", "LABEL_2")


def test_predict_and_classify_name_the_labels(tiny, tiny_folder):
    texts, _ = toy_reviews(6)
    found = predict(tiny, texts)
    rows = tiny.predict_proba(texts)
    assert [item.label for item in found] == rows.argmax(axis=1).tolist()
    assert [item.name for item in found] == [("neg", "pos")[item.label] for item in found]
    assert [list(item.probabilities) for item in found] == rows.tolist()
    assert classify(texts, model=tiny_folder, dtype="float32", device="cpu") == found
    loaded = load_model(tiny_folder, dtype="float32", device="cpu")
    assert classify(texts, model=loaded) == found
    with pytest.raises(InputError, match="labels are given for a classifier"):
        classify(texts, model=loaded, labels=["bad", "good"])
    assert classify(texts[0], model=tiny_folder, dtype="float32", device="cpu") == found[:1]


@pytest.fixture(scope="module")
def unnamed(tmp_path_factory):
    return make_tiny_bert(tmp_path_factory.mktemp("unnamed") / "three", num_labels=3)


class TestLabels:
    """``labels`` names the outputs in order."""

    def test_name_the_outputs_without_a_warning(self, unnamed):
        plain = load_model(str(unnamed), dtype="float32")
        model = load_model(
            str(unnamed),
            dtype="float32",
            labels=["spam", "question", "praise"],
            label_names=["praise", "spam", "question"],
        )
        assert model.label_names == ("praise", "spam", "question")
        texts = random_texts(4)
        np.testing.assert_array_equal(
            model.predict_proba(texts), plain.predict_proba(texts)[:, [2, 0, 1]]
        )
        found = classify(texts, model=str(unnamed), dtype="float32", labels=["a", "b", "c"])
        assert [item.name for item in found] == [
            "abc"[index] for index in plain.predict_proba(texts).argmax(axis=1)
        ]

    def test_replace_names_by_position(self, tiny, tiny_folder):
        model = load_model(str(tiny_folder), dtype="float32", device="cpu", labels=["bad", "good"])
        assert model.label_names == ("bad", "good")
        texts = random_texts(4)
        np.testing.assert_array_equal(model.predict_proba(texts), tiny.predict_proba(texts))
        assert model.info.sha256 != tiny.info.sha256

    @pytest.mark.parametrize(
        ("labels", "error", "message"),
        [
            (["a", "b"], ModelError, r"has 3 outputs \(LABEL_0, .*\) but 2 labels are given"),
            (["a", "a", "b"], InputError, "at least two different names"),
            ("abc", InputError, "must be a list of strings, not 'abc'"),
        ],
    )
    def test_must_fit(self, unnamed, labels, error, message):
        with pytest.raises(error, match=message):
            load_model(str(unnamed), labels=labels)
