"""Batch invariance of whole networks, and the fallback to float32 if it fails."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers.pytorch_utils import Conv1D

from robustbert.errors import BatchInvarianceWarning
from robustbert.models import huggingface, load_model
from robustbert.models import sentence_encoder as encoder_module
from robustbert.models.huggingface import HuggingFaceClassifier
from robustbert.models.inference import invariance, invariance_cache
from robustbert.models.inference.invariance import DtypeProblem, InvarianceResult, is_invariant
from robustbert.models.inference.invariance_cache import (
    InvarianceCache,
    empty_invariance_cache,
    machine_invariance_cache,
    unsaved_invariance_cache,
)
from robustbert.models.inference.linear import BatchInvariantLinears
from robustbert.models.inference.packed import PackedNetwork
from robustbert.models.inference.row_counts import RowCounts
from robustbert.models.sentence_encoder import SentenceEncoder
from tests.tiny import make_tiny_bert

SEQUENCES = [(1, 2), (3,), (4, 5, 6), (7,)]


def sums(sequences: Sequence[tuple[int, ...]]) -> np.ndarray:
    return np.array([[sum(tokens)] for tokens in sequences], dtype=np.float32)


def test_dependence_on_the_batch_is_detected():
    assert is_invariant(sums, SEQUENCES, "sums", InvarianceCache(None))
    by_number = lambda given: sums(given) + (len(given) == 1)  # noqa: E731
    assert not is_invariant(by_number, SEQUENCES, "by number", InvarianceCache(None))
    by_position = lambda given: sums(given) + (np.arange(len(given)) == 2)[:, None]  # noqa: E731
    assert not is_invariant(by_position, SEQUENCES, "by position", InvarianceCache(None))
    large = lambda given: sums(given) + (len(given) > 100)  # noqa: E731
    assert not is_invariant(large, SEQUENCES, "large batches", InvarianceCache(None))


def test_network_result_is_cached():
    cache = InvarianceCache(None)
    assert is_invariant(sums, SEQUENCES, "network", cache)
    assert is_invariant(lambda given: pytest.fail("computed again"), SEQUENCES, "network", cache)


def test_empty_cache_is_scoped_to_the_block():
    before = machine_invariance_cache()
    with empty_invariance_cache() as empty:
        assert machine_invariance_cache() is empty is not before
    assert machine_invariance_cache() is before


def test_unsaved_cache_has_the_known_results_and_saves_none(tmp_path: Path, monkeypatch):
    saved = InvarianceCache(tmp_path / "results.jsonl")
    saved.put("layer", True, 16)
    monkeypatch.setattr(invariance_cache, "_replacements", [saved])
    with unsaved_invariance_cache() as cache:
        assert machine_invariance_cache() is cache is not saved
        assert cache.get("layer", 16)
        cache.put("layer", True, 32)
    assert saved.get("layer", 32) is None
    assert InvarianceCache(tmp_path / "results.jsonl").get("layer", 32) is None


def test_combined_results():
    one = InvarianceResult(True, {"b": (16,)})
    assert one & InvarianceResult(True, {"a": (32,)}) == InvarianceResult(
        True, {"a": (32,), "b": (16,)}
    )
    assert not (one & InvarianceResult(False)).verified


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_verified_model_reports_its_row_counts(tiny_folder: Path, dtype: str):
    result = load_model(str(tiny_folder), dtype=dtype, device="cpu").batch_invariance
    assert result.verified
    assert any(layer.endswith(f"16x48 {dtype}") for layer in result.row_counts)
    assert all(counts for counts in result.row_counts.values())


def deny(monkeypatch: pytest.MonkeyPatch, module, *dtypes: str) -> None:
    """Make the check find a problem with these dtypes."""

    def find_problem(
        make_forward, _sequences, _model, dtype: str, _kind: str
    ) -> DtypeProblem | None:
        make_forward()
        return DtypeProblem("it depends", runs=True) if dtype in dtypes else None

    monkeypatch.setattr(module, "find_dtype_problem", find_problem)


def test_model_falls_back_to_float32_if_bfloat16_is_not_invariant(tiny_folder, monkeypatch):
    deny(monkeypatch, huggingface, "bfloat16")
    with pytest.warns(
        BatchInvarianceWarning, match="float32 is used, because in bfloat16 it depends"
    ):
        model = load_model(str(tiny_folder), dtype="bfloat16", device="cpu")
    assert model.info.dtype == "float32"
    assert model.batch_invariance.verified
    texts = ["a fine film", "a dull film"]
    expected = load_model(str(tiny_folder), dtype="float32", device="cpu").predict_proba(texts)
    np.testing.assert_array_equal(model.predict_proba(texts), expected)


def test_model_falls_back_to_float32_if_torch_cannot_run_bfloat16(tiny_folder, monkeypatch):
    logits = PackedNetwork.logits

    def fail(self, *given, **options):
        if self.dtype == "bfloat16":
            raise RuntimeError("only with AVX-512\nmore")
        return logits(self, *given, **options)

    monkeypatch.setattr(PackedNetwork, "logits", fail)
    with pytest.warns(
        BatchInvarianceWarning, match=r"cannot run it on this machine \(only with AVX-512\)"
    ):
        model = load_model(str(tiny_folder), dtype="bfloat16", device="cpu")
    assert model.info.dtype == "float32"


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_model_without_an_invariant_dtype_warns(tiny_folder, monkeypatch, dtype):
    deny(monkeypatch, huggingface, "float32", "bfloat16")
    with pytest.warns(BatchInvarianceWarning, match="may not be reproducible"):
        model = load_model(str(tiny_folder), dtype=dtype, device="cpu")
    assert model.info.dtype == dtype
    assert not model.batch_invariance.verified


def test_dtype_whose_network_cannot_be_built_is_not_used(tiny_folder, monkeypatch):
    make = HuggingFaceClassifier._make_network

    def fail(self, dtype: str):
        if dtype == "bfloat16":
            raise RuntimeError("no such kernel")
        return make(self, dtype)

    monkeypatch.setattr(HuggingFaceClassifier, "_make_network", fail)
    monkeypatch.setattr(invariance, "is_invariant", lambda *_: False)
    with pytest.warns(BatchInvarianceWarning) as warned:
        model = load_model(str(tiny_folder), dtype="bfloat16", device="cpu")
    assert model.info.dtype == "float32"
    assert not model.batch_invariance.verified
    assert ["no such kernel" in str(one.message) for one in warned] == [True, False]


def test_encoder_falls_back_to_float32_too(monkeypatch):
    deny(monkeypatch, encoder_module, "bfloat16")
    with pytest.warns(BatchInvarianceWarning, match="sentence encoder"):
        encoder = SentenceEncoder("bfloat16", "cpu")
    assert encoder.dtype == "float32"
    assert encoder.batch_invariance.verified
    deny(monkeypatch, encoder_module, "float32", "bfloat16")
    with pytest.warns(BatchInvarianceWarning, match="may not be reproducible"):
        encoder = SentenceEncoder("bfloat16", "cpu")
    assert encoder.dtype == "bfloat16"
    assert not encoder.batch_invariance.verified


def test_layer_without_verified_row_counts_is_not_verified(tmp_path, monkeypatch):
    monkeypatch.setattr(RowCounts, "_find_verified", lambda self: ())
    monkeypatch.setattr(invariance, "is_invariant", lambda *_: True)
    folder = make_tiny_bert(tmp_path / "other", num_labels=5)
    with empty_invariance_cache():
        result = load_model(str(folder), dtype="float32", device="cpu").batch_invariance
    assert not result.verified
    assert set(result.row_counts.values()) == {()}


def test_alone_equals_together(tiny_folder):
    texts = ["a fine film", "a dull film", "good " * 30]
    model = load_model(str(tiny_folder), dtype="bfloat16", device="cpu")
    np.testing.assert_array_equal(model.predict_proba_unbatched(texts), model.predict_proba(texts))
    assert model.predict_proba_unbatched([]).shape == (0, 2)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(5,), (3, 7), (2, 3, 4)])
def test_batch_invariant_linears_match_torch(bias: bool, shape: tuple[int, ...]):
    linear = torch.nn.Linear(8, 6, bias=bias)
    given = torch.randn(*shape, 8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = linear(given)
        linears = BatchInvariantLinears()
        with linears:
            found = linear(given)
    assert found.shape == expected.shape
    torch.testing.assert_close(found, expected)
    (spec,) = linears.row_counts
    assert (spec.in_features, spec.out_features, spec.dtype) == (8, 6, "float32")
    assert spec.kind == ("plain" if bias else "plain without bias")


def test_layers_of_gpt2_are_covered():
    linear = Conv1D(6, 8)
    given = torch.randn(3, 7, 8, generator=torch.Generator().manual_seed(0))
    linears = BatchInvariantLinears()
    with torch.inference_mode(), linears:
        found = linear(given)
        expected = given @ linear.weight + linear.bias
    torch.testing.assert_close(found, expected)
    assert [str(spec) for spec in linears.row_counts][:1] == [
        f"addmm 8x6 float32{'' if torch.get_num_threads() == 1 else ' 2 threads'}"
    ]


def test_padded_encoder_of_gpus_does_not_require_gradients(monkeypatch):
    """Run the GPU code path on the CPU."""
    monkeypatch.setattr(SentenceEncoder, "_make_network", lambda self, dtype: self._exact)
    encoder = SentenceEncoder("float32", "cpu")
    texts = ["a fine film", "a dull film"]
    found = encoder.encode(texts)
    monkeypatch.undo()
    np.testing.assert_allclose(found, SentenceEncoder("float32", "cpu").encode(texts), atol=1e-5)


def test_other_dtypes_are_not_affected():
    linears = BatchInvariantLinears()
    with linears:
        torch.nn.functional.linear(torch.ones(2, 3).double(), torch.ones(1, 3).double())
    assert not linears.row_counts
