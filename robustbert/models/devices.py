"""Where a network runs and in which number format."""

from __future__ import annotations

from typing import Any

from robustbert.errors import InputError

#: Compute capability from which NVIDIA devices multiply in bfloat16 natively (Ampere).
BFLOAT16_CAPABILITY = 8


def choose_device(wanted: str) -> Any:
    """The ``torch.device`` that a name means.

    Args:
        wanted: auto (the first of cuda, mps, cpu that is there), cpu, cuda, cuda:N or mps.

    Raises:
        InputError: there is no such device, or it is not available here.
    """
    import torch

    if wanted == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    kind, _, index = wanted.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (index and not index.isdigit()):
        raise InputError(f"unknown device {wanted!r}; use auto, cpu, cuda, cuda:N or mps")
    available = {
        "cpu": not index,
        "cuda": torch.cuda.is_available() and int(index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available() and not index,
    }
    if not available[kind]:
        raise InputError(f"device {wanted!r} is not available here; use auto or cpu")
    return torch.device(wanted)


def has_bfloat16(device: Any) -> bool:
    """Whether the device multiplies matrices in bfloat16 natively, and so faster."""
    import torch

    if device.type == "cuda":
        major, _ = torch.cuda.get_device_capability(device)
        return bool(major >= BFLOAT16_CAPABILITY)
    if device.type == "cpu":
        # AMX implies AVX-512 bf16 on every processor sold so far.
        supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
        return bool(supported is not None and supported())
    return False


def choose_dtype(wanted: str, device: Any) -> str:
    """The number format of queries: ``wanted``, or for auto what the device is fastest in."""
    if wanted != "auto":
        return wanted
    return "bfloat16" if has_bfloat16(device) else "float32"


def describe_device(device: Any) -> str:
    """What decides which kernels run on a device, the CPU's aside: ``cpu``, or the GPU's name."""
    import torch

    if device.type != "cuda":
        return str(device.type)
    return f"{torch.cuda.get_device_name(device)} CUDA {torch.version.cuda}"
