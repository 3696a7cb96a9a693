"""Whole networks alone and in batches, and what is done where they differ."""

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
from robustbert.models.inference import invariance
from robustbert.models.inference.findings import Findings, fresh_findings, machine_findings
from robustbert.models.inference.invariance import Fault, InvarianceFinding, is_invariant
from robustbert.models.inference.linear import FilledLinears
from robustbert.models.inference.packed import PackedNetwork
from robustbert.models.inference.row_counts import RowCounts
from robustbert.models.sentence_encoder import SentenceEncoder
from tests.tiny import make_tiny_bert

SEQUENCES = [(1, 2), (3,), (4, 5, 6), (7,)]


def sums(sequences: Sequence[tuple[int, ...]]) -> np.ndarray:
    return np.array([[sum(tokens)] for tokens in sequences], dtype=np.float32)


def test_a_network_that_looks_at_its_batch_is_found():
    assert is_invariant(sums, SEQUENCES, "sums", Findings(None))
    by_number = lambda given: sums(given) + (len(given) == 1)  # noqa: E731
    assert not is_invariant(by_number, SEQUENCES, "by number", Findings(None))
    by_place = lambda given: sums(given) + (np.arange(len(given)) == 2)[:, None]  # noqa: E731
    assert not is_invariant(by_place, SEQUENCES, "by place", Findings(None))
    large = lambda given: sums(given) + (len(given) > 100)  # noqa: E731
    assert not is_invariant(large, SEQUENCES, "large batches", Findings(None))


def test_what_was_found_of_a_network_is_remembered():
    findings = Findings(None)
    assert is_invariant(sums, SEQUENCES, "network", findings)
    assert is_invariant(lambda given: pytest.fail("asked again"), SEQUENCES, "network", findings)


def test_fresh_findings_are_of_the_block_alone():
    kept = machine_findings()
    with fresh_findings() as fresh:
        assert machine_findings() is fresh is not kept
    assert machine_findings() is kept


def test_two_findings_hold_together():
    one = InvarianceFinding(True, {"b": (16,)})
    assert one & InvarianceFinding(True, {"a": (32,)}) == InvarianceFinding(
        True, {"a": (32,), "b": (16,)}
    )
    assert not (one & InvarianceFinding(False)).verified


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_verified_model_says_so_with_its_ladders(tiny_folder: Path, dtype: str):
    found = load_model(str(tiny_folder), dtype=dtype, device="cpu").batch_invariance
    assert found.verified
    assert any(layer.endswith(f"16x48 {dtype}") for layer in found.ladder)
    assert all(counts for counts in found.ladder.values())


def deny(monkeypatch: pytest.MonkeyPatch, module, *dtypes: str) -> None:
    def find_fault(make_answer, _sequences, _model, dtype: str, _kind: str) -> Fault | None:
        make_answer()
        return Fault("it depends", computes=True) if dtype in dtypes else None

    monkeypatch.setattr(module, "find_fault", find_fault)


def test_a_model_goes_on_in_float32_where_bfloat16_depends_on_the_batch(tiny_folder, monkeypatch):
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


def test_a_model_goes_on_in_float32_where_torch_cannot_compute_in_bfloat16(
    tiny_folder, monkeypatch
):
    logits = PackedNetwork.logits

    def fail(self, *given, **options):
        if self.dtype == "bfloat16":
            raise RuntimeError("only with AVX-512\nmore")
        return logits(self, *given, **options)

    monkeypatch.setattr(PackedNetwork, "logits", fail)
    with pytest.warns(
        BatchInvarianceWarning, match=r"cannot compute it here \(only with AVX-512\)"
    ):
        model = load_model(str(tiny_folder), dtype="bfloat16", device="cpu")
    assert model.info.dtype == "float32"


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_model_that_depends_on_the_batch_in_any_dtype_says_so(tiny_folder, monkeypatch, dtype):
    deny(monkeypatch, huggingface, "float32", "bfloat16")
    with pytest.warns(BatchInvarianceWarning, match="may not repeat"):
        model = load_model(str(tiny_folder), dtype=dtype, device="cpu")
    assert model.info.dtype == dtype
    assert not model.batch_invariance.verified


def test_a_network_that_cannot_be_made_is_not_used(tiny_folder, monkeypatch):
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


def test_the_encoder_goes_on_in_float32_too(monkeypatch):
    deny(monkeypatch, encoder_module, "bfloat16")
    with pytest.warns(BatchInvarianceWarning, match="sentence encoder"):
        encoder = SentenceEncoder("bfloat16", "cpu")
    assert encoder.dtype == "float32"
    assert encoder.batch_invariance.verified
    deny(monkeypatch, encoder_module, "float32", "bfloat16")
    with pytest.warns(BatchInvarianceWarning, match="may not repeat"):
        encoder = SentenceEncoder("bfloat16", "cpu")
    assert encoder.dtype == "bfloat16"
    assert not encoder.batch_invariance.verified


def test_a_layer_without_row_counts_that_agree_is_not_verified(tmp_path, monkeypatch):
    monkeypatch.setattr(RowCounts, "_find_ladder", lambda self: ())
    monkeypatch.setattr(invariance, "is_invariant", lambda *_: True)
    folder = make_tiny_bert(tmp_path / "other", num_labels=5)
    with fresh_findings():
        found = load_model(str(folder), dtype="float32", device="cpu").batch_invariance
    assert not found.verified
    assert set(found.ladder.values()) == {()}


def test_alone_is_the_same_as_together(tiny_folder):
    texts = ["a fine film", "a dull film", "good " * 30]
    model = load_model(str(tiny_folder), dtype="bfloat16", device="cpu")
    np.testing.assert_array_equal(model.predict_proba_alone(texts), model.predict_proba(texts))
    assert model.predict_proba_alone([]).shape == (0, 2)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(5,), (3, 7), (2, 3, 4)])
def test_filled_linears_compute_what_torch_does(bias: bool, shape: tuple[int, ...]):
    linear = torch.nn.Linear(8, 6, bias=bias)
    given = torch.randn(*shape, 8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = linear(given)
        filled = FilledLinears()
        with filled:
            found = linear(given)
    assert found.shape == expected.shape
    torch.testing.assert_close(found, expected)
    (layer,) = filled.row_counts
    assert (layer.in_features, layer.out_features, layer.dtype) == (8, 6, "float32")
    assert layer.kind == ("plain" if bias else "plain without bias")


def test_the_layers_of_gpt2_are_filled_too():
    linear = Conv1D(6, 8)
    given = torch.randn(3, 7, 8, generator=torch.Generator().manual_seed(0))
    filled = FilledLinears()
    with torch.inference_mode(), filled:
        found = linear(given)
        expected = given @ linear.weight + linear.bias
    torch.testing.assert_close(found, expected)
    assert [str(layer) for layer in filled.row_counts][:1] == [
        f"addmm 8x6 float32{'' if torch.get_num_threads() == 1 else ' 2 threads'}"
    ]


def test_the_padded_encoder_of_gpus_computes_without_gradients(monkeypatch):
    """On the CPU, the way that GPUs take: one whose weights need no gradients."""
    monkeypatch.setattr(SentenceEncoder, "_make_network", lambda self, dtype: self._exact)
    encoder = SentenceEncoder("float32", "cpu")
    texts = ["a fine film", "a dull film"]
    found = encoder.encode(texts)
    monkeypatch.undo()
    np.testing.assert_allclose(found, SentenceEncoder("float32", "cpu").encode(texts), atol=1e-5)


def test_other_dtypes_are_left_to_torch():
    filled = FilledLinears()
    with filled:
        torch.nn.functional.linear(torch.ones(2, 3).double(), torch.ones(1, 3).double())
    assert not filled.row_counts
