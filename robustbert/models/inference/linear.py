"""Linear layers on the CPU whose rows do not depend on the batch.

`Linear` prepacks its weight: torch reorders a weight for every product, or multiplies with a layout
that is not the processor's own. oneDNN, which comes with torch, can be given the weight in the
layout that its kernels read; products of few rows gain most. It can also apply GELU to a product
before it is written. Where torch lacks that, the products are torch's plain ones. `FilledLinears`
does for the plain layers of any network what `Linear` does for its own: each product is computed at
a row count of :mod:`robustbert.models.inference.row_counts`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from robustbert.models.inference.row_counts import Layer, Product, RowCounts, row_counts_of

#: Rows that the prepacked layout is made for. Others are right, too, and as fast (measured).
ROWS = 2048

_DTYPE_NAMES = {torch.float32: "float32", torch.bfloat16: "bfloat16"}


class Linear:
    """``activation(rows @ weight.T + bias)`` on the CPU, without gradients.

    A row of the result is a function of that row alone, to the last bit, wherever
    :attr:`row_counts` has found row counts that agree.

    Args:
        weight: float32, shape (o, i).
        bias: float32, shape (o,).
        dtype: ``torch.float32`` or ``torch.bfloat16``: of the factors and of the result.
        activation: ``"none"`` or ``"gelu"`` (the exact one, by the error function).

    Attributes:
        product: the layer at any row count, unchecked.
    """

    def __init__(self, weight: Any, bias: Any, dtype: Any, activation: str = "none") -> None:
        self._dtype = dtype
        kind = "prepacked" if can_prepack(dtype) else "plain"
        make = _prepacked if kind == "prepacked" else _plain
        self._make = partial(make, activation=activation)
        out_features, in_features = weight.shape
        self._layer = Layer(
            kind if activation == "none" else f"{kind} {activation}",
            in_features,
            out_features,
            _DTYPE_NAMES[dtype],
            threads=1,
        )
        self.product: Product = self._make(weight.detach().to(dtype), bias.detach().to(dtype))

    def __call__(self, rows: Any) -> Any:
        """Rows of shape (n, i), float32 or of the dtype: shape (n, o), of the dtype."""
        return self.row_counts.apply(self.product, rows.to(self._dtype))

    @property
    def row_counts(self) -> RowCounts:
        """The row counts that agree, on as many threads as torch has now."""
        threads = torch.get_num_threads()
        if threads != self._layer.threads:
            self._layer = replace(self._layer, threads=threads)
        return row_counts_of(self._layer, self._make)


class FilledLinears(TorchFunctionMode):
    """In the block, linear layers of a network on the CPU are computed at row counts that agree.

    These are ``torch.nn.functional.linear``, and ``torch.addmm`` as ``transformers.Conv1D`` (GPT-2)
    calls it. Layers that are computed otherwise are left as they are.

    Attributes:
        row_counts: of the layers that were computed so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.row_counts: dict[Layer, RowCounts] = {}

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Called by torch in place of each of its functions."""
        kwargs = kwargs or {}
        if func is torch.nn.functional.linear:
            return self._linear(*args, **kwargs)
        if func is torch.addmm and len(args) == 3 and not kwargs and args[0].dim() == 1:
            return self._addmm(*args)
        return func(*args, **kwargs)

    def _linear(self, input: Any, weight: Any, bias: Any = None) -> Any:
        def product(rows: Any) -> Any:
            return torch.nn.functional.linear(rows, weight, bias)

        if bias is None:
            return self._filled("plain without bias", input, weight, product, _plain_without_bias)
        return self._filled("plain", input, weight, product, _plain)

    def _addmm(self, bias: Any, input: Any, weight: Any) -> Any:
        def product(rows: Any) -> Any:
            return torch.addmm(bias, rows, weight)

        return self._filled("addmm", input, weight.T, product, _plain_addmm)

    def _filled(
        self,
        kind: str,
        input: Any,
        weight: Any,
        product: Product,
        make_product: Callable[[Any, Any], Product],
    ) -> Any:
        if input.device.type != "cpu" or input.dtype not in _DTYPE_NAMES:
            return product(input)
        out_features, in_features = weight.shape
        dtype, threads = _DTYPE_NAMES[input.dtype], torch.get_num_threads()
        layer = Layer(kind, in_features, out_features, dtype, threads)
        counts = self.row_counts[layer] = row_counts_of(layer, make_product)
        rows = input.reshape(-1, in_features)
        return counts.apply(product, rows).reshape(*input.shape[:-1], out_features)


def can_prepack(dtype: Any) -> bool:
    """Whether oneDNN takes prepacked weights of this dtype here."""
    ops = torch.ops.mkldnn
    if not torch.backends.mkldnn.is_available() or not all(
        hasattr(ops, name) for name in ("_linear_pointwise", "_reorder_linear_weight")
    ):
        return False
    return dtype != torch.bfloat16 or _has_bfloat16()


def _has_bfloat16() -> bool:
    """Whether oneDNN multiplies bfloat16 on this processor."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _prepacked(weight: Any, bias: Any, activation: str) -> Product:
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, ROWS)
    multiply = torch.ops.mkldnn._linear_pointwise
    return lambda rows: multiply(rows, packed, bias, activation, [], "none")


def _plain(weight: Any, bias: Any, activation: str = "none") -> Product:
    def product(rows: Any) -> Any:
        found = torch.nn.functional.linear(rows, weight, bias)
        return torch.nn.functional.gelu(found) if activation == "gelu" else found

    return product


def _plain_without_bias(weight: Any, _bias: Any) -> Product:
    return lambda rows: torch.nn.functional.linear(rows, weight)


def _plain_addmm(weight: Any, bias: Any) -> Product:
    columns = weight.T.contiguous()  # as GPT-2's layers hold it
    return lambda rows: torch.addmm(bias, rows, columns)
