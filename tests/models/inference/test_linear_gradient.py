"""Linear layers with gradients of their inputs, against torch in float64."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import linear

from robustbert.models.inference.linear_gradient import InputGradientLinears


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape) + seed))


def parameter(*shape: int, seed: int = 0) -> torch.nn.Parameter:
    return torch.nn.Parameter(draw(*shape, seed=seed))


def output_and_gradient(rows, weight, bias, mode=None) -> list[torch.Tensor]:
    """The output, and the gradient of the sum of its squares at the rows."""
    rows = rows.clone().requires_grad_(True)
    if mode is None:
        output = linear(rows, weight, bias)
    else:
        with mode:
            output = linear(rows, weight, bias)
    (gradient,) = torch.autograd.grad(output.square().sum(), rows)
    return [output.detach(), gradient]


@pytest.mark.parametrize("has_bias", [True, False])
def test_outputs_and_gradients_are_those_of_torch(has_bias):
    weight, rows = parameter(96, 64), draw(3, 7, 64)
    bias = parameter(96) if has_bias else None
    found = output_and_gradient(rows, weight, bias, InputGradientLinears())
    exact = output_and_gradient(rows.double(), weight.double(), bias.double() if has_bias else None)
    for one, other in zip(found, exact, strict=True):
        torch.testing.assert_close(one.double(), other, rtol=1e-5, atol=1e-3)


def test_a_row_does_not_depend_on_the_other_rows():
    weight, bias, rows = parameter(1536, 384), parameter(1536), draw(300, 384)
    mode = InputGradientLinears()
    together = output_and_gradient(rows, weight, bias, mode)
    for start, stop in ((0, 1), (5, 21), (33, 40), (0, 299)):
        some = output_and_gradient(rows[start:stop], weight, bias, mode)
        assert some[0].equal(together[0][start:stop])
        assert some[1].equal(together[1][start:stop])


def test_weights_are_told_apart_and_get_no_gradient():
    mode, rows = InputGradientLinears(), draw(4, 8).requires_grad_(True)
    weights = [parameter(8, 8, seed=seed) for seed in range(3)]
    with mode:
        output = linear(linear(linear(rows, weights[0]), weights[1]), weights[2])
    output.sum().backward()
    product = weights[2] @ weights[1] @ weights[0]
    torch.testing.assert_close(output, rows @ product.T)
    torch.testing.assert_close(rows.grad, product.detach().sum(dim=0).expand(4, 8))
    assert all(weight.grad is None for weight in weights)


def test_a_weight_may_have_several_biases():
    mode, weight, rows = InputGradientLinears(), parameter(8, 8), draw(4, 8)
    for bias in (parameter(8), None, parameter(8, seed=1)):
        with mode:
            output = linear(rows, weight, bias)
        torch.testing.assert_close(output, linear(rows, weight, bias))


def test_nothing_is_kept_of_weights_that_are_computed_in_each_pass():
    mode, weight, rows = InputGradientLinears(), parameter(16, 8), draw(4, 8)
    with mode:
        for _ in range(3):
            torch.testing.assert_close(linear(rows, weight[:8]), rows @ weight[:8].T)
            linear(rows, weight, draw(16))
        assert mode._layers == {}
        for _ in range(2):
            linear(rows, weight)
    assert len(mode._layers) == 1


def test_other_dtypes_are_left_to_torch():
    weight, rows = torch.nn.Parameter(draw(16, 8).double()), draw(4, 8).double()
    found = output_and_gradient(rows, weight, None, InputGradientLinears())
    for one, other in zip(found, output_and_gradient(rows, weight, None), strict=True):
        assert one.equal(other)
