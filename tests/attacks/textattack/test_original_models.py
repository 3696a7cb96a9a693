"""The models and lists of the canonical profile, loaded by the code that recipes run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from robustbert.assets import asset_folder, using_profile
from robustbert.errors import MissingAssetError
from robustbert.models.original_encoders import original_encoder
from tests.asset_server import AssetServer
from tests.canonical_content import StubHub, canonical_server, stub_hub  # noqa: F401

TEXTS = ["the plot was great", "an awful movie with a weak story and very dull actors", "x"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AssetServer]:
    with canonical_server(tmp_path_factory.mktemp("canonical")) as content:
        yield content


@pytest.fixture(autouse=True)
def _canonical(server: AssetServer) -> Iterator[None]:
    from robustbert.attacks.textattack.bootstrap import import_textattack

    with using_profile("canonical"):
        import_textattack()
        yield


@pytest.fixture
def patched() -> Iterator[None]:
    from robustbert.attacks.textattack.patches import PATCHES

    with PATCHES.applied():
        yield


def tagged(text: str, kind: str) -> list[str]:
    from textattack.shared import AttackedText

    attacked = AttackedText(text)
    if kind == "ner":
        return [attacked.ner_of_word_index(i, "ner").value for i in range(attacked.num_words)]
    return [attacked.pos_of_word_index(i) for i in range(attacked.num_words)]


def test_sbert_is_that_of_sentence_transformers() -> None:
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(asset_folder("sbert")), device="cpu")
    expected = reference.encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(original_encoder("sbert").encode(TEXTS), expected, atol=1e-5)


def test_an_embedding_does_not_depend_on_other_texts() -> None:
    encoder = original_encoder("sbert")
    together = encoder.encode_uncached(TEXTS)
    for text, row in zip(TEXTS, together, strict=True):
        assert (encoder.encode_uncached([text])[0] == row).all()
    assert encoder.encode([]).shape[0] == 0


def test_an_encoder_that_pools_otherwise_is_refused(server: AssetServer) -> None:
    pooling = asset_folder("sbert") / "1_Pooling" / "config.json"
    content = pooling.read_text()
    pooling.write_text(content.replace('"pooling_mode_mean_tokens": true', '"x": true'))
    try:
        with pytest.raises(MissingAssetError, match="does not average over tokens"):
            original_encoder.__wrapped__("sbert")
    finally:
        pooling.write_text(content)


def test_the_universal_sentence_encoder_is_that_of_textattack(
    stub_hub: StubHub,  # noqa: F811
) -> None:
    from textattack.constraints.semantics.sentence_encoders import UniversalSentenceEncoder

    constraint = UniversalSentenceEncoder()
    constraint.model = stub_hub.load(str(asset_folder("universal-sentence-encoder")))
    expected = constraint.encode(TEXTS)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    found = cache(original_encoder.__wrapped__)("universal-sentence-encoder").encode(TEXTS)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_hub_that_cannot_be_imported_is_reported(
    stub_hub: StubHub,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(name: str) -> None:
        raise ImportError("No module named 'tensorflow'")

    monkeypatch.setattr("importlib.import_module", refused)
    with pytest.raises(MissingAssetError, match=r"No module named 'tensorflow'.*robustbert\[use\]"):
        original_encoder.__wrapped__("universal-sentence-encoder")


@pytest.mark.parametrize(
    ("name", "asset", "loader"),
    [
        ("bert-base-uncased", "masked-lm", "AutoModelForMaskedLM"),
        ("distilroberta-base", "distilroberta", "AutoModelForCausalLM"),
    ],
)
def test_a_masked_model_scores_as_the_recipes_own(name: str, asset: str, loader: str) -> None:
    import transformers

    from robustbert.attacks.textattack import masked_model

    original = getattr(transformers, loader)
    model = masked_model.replaced_model_class(original).from_pretrained(name)
    tokens = masked_model.replaced_tokenizer_class(transformers.AutoTokenizer)
    tokenizer = tokens.from_pretrained(name, use_fast=True)
    encoded = tokenizer(
        f"the plot was {tokenizer.mask_token}",
        padding="max_length",
        max_length=60,
        return_tensors="pt",
    )
    expected = original.from_pretrained(asset_folder(asset)).eval()(**encoded)[0]
    index = int((encoded["input_ids"][0] == tokenizer.mask_token_id).nonzero())
    torch.testing.assert_close(model(**encoded)[0][0, index], expected[0, index])
    again = masked_model.replaced_model_class(original).from_pretrained(name)
    assert again is model, "it is loaded once"


def test_the_offline_model_is_another_one() -> None:
    import transformers

    from robustbert.attacks.textattack import masked_model

    load = masked_model.replaced_model_class(transformers.AutoModelForMaskedLM).from_pretrained
    canonical = load("bert-base-uncased")
    with using_profile("offline"):
        assert load("bert-base-uncased").config.hidden_size == 384
        assert load("distilroberta-base") is load("bert-base-uncased")
    assert load("bert-base-uncased") is canonical
    assert canonical.config.hidden_size == 16


def test_flair_tags_with_the_downloaded_taggers(patched: None) -> None:
    from flair.data import Sentence
    from flair.models import SequenceTagger

    for kind, asset in (("upos", "upos-tagger"), ("ner", "ner-tagger")):
        tagger = SequenceTagger.load(str(asset_folder(asset) / "pytorch_model.bin"))
        sentence = Sentence("the plot was great", use_tokenizer=False)
        tagger.predict(sentence, force_token_predictions=True)
        expected = [token.get_label(kind).value for token in sentence]
        assert tagged("the plot was great", kind) == expected


def test_hownet_candidates_are_read_once(patched: None) -> None:
    from textattack.transformations import WordSwapHowNet

    first, second = WordSwapHowNet(), WordSwapHowNet(max_candidates=1)
    assert first.candidates_bank is second.candidates_bank
    assert first._get_replacement_words("Great", "ADJ") == ["Awful", "Superb"]
    assert second._get_replacement_words("great", "ADJ") == ["awful"]


def test_gpt2_is_loaded_once_and_scores_as_the_original(patched: None) -> None:
    from textattack.constraints.grammaticality.language_models import GPT2
    from textattack.shared import AttackedText
    from transformers import GPT2LMHeadModel

    first, second = GPT2(max_log_prob_diff=2.0), GPT2(max_log_prob_diff=1.0)
    assert first.model is second.model
    assert (first.max_log_prob_diff, second.max_log_prob_diff) == (2.0, 1.0)
    texts = [AttackedText("the plot was great"), AttackedText("the plot was awful")]
    found = first.get_log_probs_at_index(texts, 3)
    first.model = GPT2LMHeadModel.from_pretrained(asset_folder("gpt2")).eval()
    for one, other in zip(found, first.get_log_probs_at_index(texts, 3), strict=True):
        torch.testing.assert_close(one, other)


def test_textattack_finds_its_folders_and_downloads_nothing_else(patched: None) -> None:
    from textattack.shared import utils

    path = utils.download_from_s3("word_embeddings/paragramcf")
    assert Path(path) == asset_folder("word-vectors")
    with pytest.raises(MissingAssetError, match="none of the canonical assets"):
        utils.download_from_s3("models/other")


def test_language_models_are_loaded_once_per_folder() -> None:
    from robustbert.attacks.textattack.original_models import shared_load

    calls: list[str] = []

    def load(folder: str) -> list[str]:
        calls.append(folder)
        return calls

    shared = shared_load(staticmethod(load))
    assert shared("a") is shared("a")
    shared("b")
    assert calls == ["a", "b"]


@pytest.mark.slow
def test_nltk_reads_the_data_of_the_current_profile() -> None:
    import nltk
    from nltk.corpus import wordnet

    from robustbert.assets import use_nltk_assets

    use_nltk_assets()
    assert wordnet.synsets("film")
    assert Path(str(wordnet.root)) == asset_folder("wordnet")
    with using_profile("offline"):
        use_nltk_assets()
        assert wordnet.synsets("film")
        assert Path(str(wordnet.root)).resolve() == asset_folder("wordnet").resolve()
        assert not any("canonical-wordnet" in path for path in nltk.data.path)
    use_nltk_assets()
    assert wordnet.synsets("film")
    assert Path(str(wordnet.root)) == asset_folder("wordnet")
