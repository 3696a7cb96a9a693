"""Batch-invariant linear layers with gradients of their inputs, on the CPU.

The backward pass of a linear layer is one matmul with the transposed weight, so it is another
linear layer. Here both are computed by :class:`~robustbert.models.inference.linear.Linear`, whose
weights are prepacked and whose rows are padded to a verified row count. The weights themselves get
no gradients.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from robustbert.models.inference.linear import Linear

_Kept = torch.nn.Parameter | None


@dataclass(frozen=True, eq=False)
class _Layer:
    """A linear layer and its backward pass, and the parameters that both are made from."""

    weight: Any
    bias: Any
    forward: Linear
    backward: Linear

    @classmethod
    def of(cls, weight: Any, bias: Any) -> _Layer:
        out_features, in_features = weight.shape
        offset = weight.new_zeros(out_features) if bias is None else bias
        transposed = weight.detach().T.contiguous()
        return cls(
            weight,
            bias,
            Linear(weight, offset, torch.float32),
            Linear(transposed, weight.new_zeros(in_features), torch.float32),
        )


class _InputGradient(torch.autograd.Function):
    """A linear layer of rows (n, i) whose backward pass gives the gradient of the rows alone."""

    @staticmethod
    def forward(context: Any, rows: Any, layer: _Layer) -> Any:
        context.layer = layer
        return layer.forward(rows)

    @staticmethod
    def backward(context: Any, *gradients: Any) -> Any:
        return context.layer.backward(gradients[0].contiguous()), None


class InputGradientLinears(TorchFunctionMode):
    """Within the block, linear layers and the gradients of their inputs are batch invariant.

    This replaces ``torch.nn.functional.linear`` for float32 on the CPU with weights and
    biases that are parameters; torch computes the others. Parameters are packed when they are first
    used and must not change afterwards. Several threads may enter the same object.
    """

    def __init__(self) -> None:
        super().__init__()
        self._layers: dict[tuple[int, int], _Layer] = {}
        self._lock = threading.Lock()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Called by torch instead of each of its functions."""
        if func is torch.nn.functional.linear:
            return self._linear(*args, **(kwargs or {}))
        return func(*args, **(kwargs or {}))

    def _linear(self, input: Any, weight: Any, bias: Any = None) -> Any:
        is_supported = input.device.type == "cpu" and input.dtype == torch.float32
        # what is packed is kept, so nothing that is new in each pass can be
        is_kept = isinstance(weight, _Kept) and isinstance(bias, _Kept)
        if not (is_supported and is_kept):
            return torch.nn.functional.linear(input, weight, bias)
        key = id(weight), id(bias)  # no other objects have them while the layer holds these
        with self._lock:
            layer = self._layers.get(key)
            if layer is None:
                layer = self._layers[key] = _Layer.of(weight, bias)
        rows = _InputGradient.apply(input.reshape(-1, input.shape[-1]), layer)
        return rows.reshape(*input.shape[:-1], -1)
