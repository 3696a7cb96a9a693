"""Selection of the device and the dtype."""

from __future__ import annotations

from typing import Any

from robustbert.errors import InputError

#: Minimum compute capability of NVIDIA GPUs with native bfloat16 matmuls (Ampere).
BFLOAT16_CAPABILITY = 8


def choose_device(name: str) -> Any:
    """Resolve a device name to a ``torch.device``.

    Args:
        name: auto (the first available of cuda, mps, cpu), cpu, cuda, cuda:N or mps.

    Raises:
        InputError: the name is unknown, or the device is not available on this machine.
    """
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (index and not index.isdigit()):
        raise InputError(f"unknown device {name!r}; use auto, cpu, cuda, cuda:N or mps")
    available = {
        "cpu": not index,
        "cuda": torch.cuda.is_available() and int(index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available() and not index,
    }
    if not available[kind]:
        raise InputError(f"device {name!r} is not available here; use auto or cpu")
    return torch.device(name)


def has_bfloat16(device: Any) -> bool:
    """Whether the device has native, and therefore faster, bfloat16 matmuls."""
    import torch

    if device.type == "cuda":
        major, _ = torch.cuda.get_device_capability(device)
        return bool(major >= BFLOAT16_CAPABILITY)
    if device.type == "cpu":
        # Every CPU with AMX so far also supports AVX512_BF16.
        supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
        return bool(supported is not None and supported())
    return False


def choose_dtype(requested: str, device: Any) -> str:
    """The inference dtype: ``requested``, or for auto the fastest dtype of the device."""
    if requested != "auto":
        return requested
    return "bfloat16" if has_bfloat16(device) else "float32"


def describe_device(device: Any) -> str:
    """A description of what determines a device's kernels: its type, or its GPU and CUDA version.

    The CPU model is not included; see :func:`robustbert.machine.describe_kernels`.
    """
    import torch

    if device.type != "cuda":
        return str(device.type)
    return f"{torch.cuda.get_device_name(device)} CUDA {torch.version.cuda}"
