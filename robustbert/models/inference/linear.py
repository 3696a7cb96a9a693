"""Batch-invariant linear layers on the CPU.

`Linear` prepacks its weight. By default, torch repacks the weight on every call, or reads it in a
layout that is slower on the CPU. oneDNN, which is part of torch, accepts a weight in the layout
that its kernels read; matmuls with few rows gain most. It can also fuse GELU into the matmul. If
this is not available, `Linear` uses torch's own functions. `BatchInvariantLinears` applies the same
padding of rows to the linear layers of any network. Both run only with numbers of rows that were
verified by :mod:`robustbert.models.inference.row_counts`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from robustbert.models.inference.row_counts import (
    Kernel,
    LinearSpec,
    MakeKernel,
    RowCounts,
    shared_row_counts,
)

#: Number of rows that weights are prepacked for. With other numbers of rows, results are also
#: correct, and equally fast (measured).
PREPACK_ROWS = 2048

_DTYPE_NAMES = {torch.float32: "float32", torch.bfloat16: "bfloat16"}


class Linear:
    """``activation(rows @ weight.T + bias)`` on the CPU, without gradients.

    An output row is a function of its input row alone, bit for bit, if :attr:`row_counts` found
    verified row counts.

    Args:
        weight: float32, shape (o, i).
        bias: float32, shape (o,).
        dtype: ``torch.float32`` or ``torch.bfloat16``, of the inputs, weights and outputs.
        activation: ``"none"`` or ``"gelu"`` (the exact one, with the error function).

    Attributes:
        kernel: computes the layer without padding the rows to a verified row count.
    """

    def __init__(self, weight: Any, bias: Any, dtype: Any, activation: str = "none") -> None:
        self._dtype = dtype
        kind = "prepacked" if can_prepack(dtype) else "plain"
        make_kernel = _prepacked if kind == "prepacked" else _plain
        self._make_kernel = partial(make_kernel, activation=activation)
        out_features, in_features = weight.shape
        self._spec = LinearSpec(
            kind if activation == "none" else f"{kind} {activation}",
            in_features,
            out_features,
            _DTYPE_NAMES[dtype],
            threads=1,
        )
        self.kernel: Kernel = self._make_kernel(weight.detach().to(dtype), bias.detach().to(dtype))

    def __call__(self, rows: Any) -> Any:
        """Map rows (n, i), in float32 or the layer's dtype, to rows (n, o) in the layer's dtype."""
        return self.row_counts.apply(self.kernel, rows.to(self._dtype))

    @property
    def row_counts(self) -> RowCounts:
        """The layer's verified row counts, for torch's current number of threads."""
        threads = torch.get_num_threads()
        if threads != self._spec.threads:
            self._spec = replace(self._spec, threads=threads)
        return shared_row_counts(self._spec, self._make_kernel)


class BatchInvariantLinears(TorchFunctionMode):
    """Within the block, the linear layers of a network on the CPU run with verified row counts.

    This replaces ``torch.nn.functional.linear``, and ``torch.addmm`` as ``transformers.Conv1D``
    (GPT-2) calls it. Layers that are computed by other functions are not affected.

    Attributes:
        row_counts: the row counts of the layers that have been computed so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.row_counts: dict[LinearSpec, RowCounts] = {}

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Called by torch instead of each of its functions."""
        kwargs = kwargs or {}
        if func is torch.nn.functional.linear:
            return self._linear(*args, **kwargs)
        if func is torch.addmm and len(args) == 3 and not kwargs and args[0].dim() == 1:
            return self._addmm(*args)
        return func(*args, **kwargs)

    def _linear(self, input: Any, weight: Any, bias: Any = None) -> Any:
        def kernel(rows: Any) -> Any:
            return torch.nn.functional.linear(rows, weight, bias)

        if bias is None:
            return self._apply("plain without bias", input, weight, kernel, _plain_without_bias)
        return self._apply("plain", input, weight, kernel, _plain)

    def _addmm(self, bias: Any, input: Any, weight: Any) -> Any:
        def kernel(rows: Any) -> Any:
            return torch.addmm(bias, rows, weight)

        return self._apply("addmm", input, weight.T, kernel, _plain_addmm)

    def _apply(
        self, kind: str, input: Any, weight: Any, kernel: Kernel, make_kernel: MakeKernel
    ) -> Any:
        if input.device.type != "cpu" or input.dtype not in _DTYPE_NAMES:
            return kernel(input)
        out_features, in_features = weight.shape
        dtype, threads = _DTYPE_NAMES[input.dtype], torch.get_num_threads()
        spec = LinearSpec(kind, in_features, out_features, dtype, threads)
        counts = self.row_counts[spec] = shared_row_counts(spec, make_kernel)
        rows = input.reshape(-1, in_features)
        return counts.apply(kernel, rows).reshape(*input.shape[:-1], out_features)


def can_prepack(dtype: Any) -> bool:
    """Whether oneDNN accepts prepacked weights of this dtype on this machine."""
    ops = torch.ops.mkldnn
    if not torch.backends.mkldnn.is_available() or not all(
        hasattr(ops, name) for name in ("_linear_pointwise", "_reorder_linear_weight")
    ):
        return False
    return dtype != torch.bfloat16 or _has_bfloat16()


def _has_bfloat16() -> bool:
    """Whether oneDNN supports bfloat16 on this CPU."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _prepacked(weight: Any, bias: Any, activation: str) -> Kernel:
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, PREPACK_ROWS)
    linear = torch.ops.mkldnn._linear_pointwise
    return lambda rows: linear(rows, packed, bias, activation, [], "none")


def _plain(weight: Any, bias: Any, activation: str = "none") -> Kernel:
    def kernel(rows: Any) -> Any:
        output = torch.nn.functional.linear(rows, weight, bias)
        return torch.nn.functional.gelu(output) if activation == "gelu" else output

    return kernel


def _plain_without_bias(weight: Any, _bias: Any) -> Kernel:
    return lambda rows: torch.nn.functional.linear(rows, weight)


def _plain_addmm(weight: Any, bias: Any) -> Kernel:
    transposed = weight.T.contiguous()  # the layout of GPT-2's weights
    return lambda rows: torch.addmm(bias, rows, transposed)
