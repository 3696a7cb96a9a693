from __future__ import annotations

import pytest
import torch

from robustbert.models.inference import linear
from robustbert.models.inference.linear import Linear


@pytest.fixture(params=["prepacked", "plain"])
def kind(request, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "plain":
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    return request.param


def is_prepacked(layer: Linear) -> bool:
    return layer.row_counts.spec.kind.startswith("prepacked")


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("activation", ["none", "gelu"])
def test_layer_matches_its_definition(kind: str, dtype: torch.dtype, activation: str):
    weight, bias, rows = draw(96, 64), draw(96), draw(48, 64)
    exact = rows.to(dtype).double() @ weight.to(dtype).double().T + bias.to(dtype).double()
    if activation == "gelu":
        exact = torch.nn.functional.gelu(exact)
    layer = Linear(weight, bias, dtype, activation)
    with torch.inference_mode():
        found = layer(rows)
    assert found.dtype == dtype
    close = (1e-5, 1e-5) if dtype == torch.float32 else (0.01, 2**-7)
    torch.testing.assert_close(found.double(), exact, atol=close[0], rtol=close[1])
    can = dtype == torch.float32 or linear._has_bfloat16()
    assert is_prepacked(layer) == (kind == "prepacked" and can)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(384, 1152), (384, 384), (384, 1536), (1536, 384)])
def test_row_does_not_depend_on_the_number_of_rows(dtype: torch.dtype, shape: tuple[int, int]):
    layer = Linear(draw(*shape[::-1]), draw(shape[1]), dtype, "gelu")
    rows = draw(2048, shape[0])
    with torch.inference_mode():
        expected = layer(rows)
        for count in (16, 32, 48, 160, 1008):
            for start in (0, 5, 2048 - count):
                assert layer(rows[start : start + count]).equal(expected[start : start + count])


def test_layer_created_in_inference_mode_works_with_no_grad():
    with torch.inference_mode():
        layer = Linear(draw(96, 64), draw(96), torch.float32)
        expected = layer(draw(16, 64))
    with torch.no_grad():
        assert layer(draw(16, 64)).equal(expected)


def test_bfloat16_is_not_prepacked_without_cpu_support(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(linear, "_has_bfloat16", lambda: False)
    assert not is_prepacked(Linear(draw(96, 64), draw(96), torch.bfloat16))
    assert is_prepacked(Linear(draw(96, 64), draw(96), torch.float32))
