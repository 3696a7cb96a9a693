"""Linear layers whose weights are laid out once for the processor's products.

torch lays a weight out anew for every product, or multiplies with a layout that is not the
processor's own. oneDNN, which comes with torch, can be given the weight in the layout that its
kernels read; products of few rows gain most. It can also apply GELU to a product before it is
written. Where torch lacks that, the products are torch's plain ones.
"""

from __future__ import annotations

from typing import Any

#: Rows that the layout is made for. Others are right, too, and as fast (measured).
ROWS = 2048


class Linear:
    """``activation(rows @ weight.T + bias)`` on the processor, without gradients.

    Args:
        weight: float32, shape (o, i).
        bias: float32, shape (o,).
        dtype: ``torch.float32`` or ``torch.bfloat16``: of the factors and of the result.
        activation: ``"none"`` or ``"gelu"`` (the exact one, by the error function).
    """

    def __init__(self, weight: Any, bias: Any, dtype: Any, activation: str = "none") -> None:
        self._dtype = dtype
        self._activation = activation
        self._bias = bias.detach().to(dtype)
        self._weight = weight.detach().to(dtype)
        self._laid_out = _lay_out(self._weight)
        if self._laid_out is not None:
            del self._weight

    def __call__(self, rows: Any) -> Any:
        """Rows of shape (n, i), float32 or of the dtype: shape (n, o), of the dtype."""
        import torch

        rows = rows.to(self._dtype)
        if self._laid_out is not None:
            return torch.ops.mkldnn._linear_pointwise(
                rows, self._laid_out, self._bias, self._activation, [], "none"
            )
        found = torch.nn.functional.linear(rows, self._weight, self._bias)
        return torch.nn.functional.gelu(found) if self._activation == "gelu" else found


def _lay_out(weight: Any) -> Any:
    """The weight as oneDNN's products read it; None where it cannot be had."""
    import torch

    ops = torch.ops.mkldnn
    if not torch.backends.mkldnn.is_available() or not all(
        hasattr(ops, name) for name in ("_linear_pointwise", "_reorder_linear_weight")
    ):
        return None
    if weight.dtype == torch.bfloat16 and not _has_bfloat16():
        return None
    return ops._reorder_linear_weight(weight, ROWS)


def _has_bfloat16() -> bool:
    """Whether oneDNN multiplies bfloat16 on this processor."""
    import torch

    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
