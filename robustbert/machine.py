"""The CPU: its name, and everything that determines which matmul kernels run on it."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from functools import lru_cache
from pathlib import Path

#: Environment variables that restrict the instruction sets of oneDNN, MKL and torch.
ISA_VARIABLES = (
    "ATEN_CPU_CAPABILITY",
    "DNNL_DEFAULT_FPMATH_MODE",
    "DNNL_MAX_CPU_ISA",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "ONEDNN_MAX_CPU_ISA",
)
# Model names can be ambiguous ("AMD EPYC"), and oneDNN takes cache sizes into account.
_MODEL_KEYS = (
    *("cpu family", "model", "stepping", "cache size"),
    *("CPU implementer", "CPU part", "CPU revision"),
)
_CPUINFO = Path("/proc/cpuinfo")
_INSTRUCTION_SETS = (
    ("amx_bf16", "AMX bf16"),
    ("avx512_bf16", "AVX-512 bf16"),
    ("avx512f", "AVX-512"),
    ("avx2", "AVX2"),
    ("sve", "SVE"),
    ("asimd", "NEON"),
)
_RELEVANT_FLAGS = ("avx", "amx", "fma", "sve", "asimd", "bf16", "i8mm")


def processor_name() -> str:
    """The CPU's model name if it is known, else its architecture."""
    return _cpuinfo("model name") or platform.processor() or platform.machine() or "unknown"


def processor_flags() -> tuple[str, ...]:
    """The CPU's vector and matrix instruction sets, sorted; empty if not known."""
    flags = (_cpuinfo("flags") or _cpuinfo("Features") or "").split()
    return tuple(sorted(flag for flag in set(flags) if any(n in flag for n in _RELEVANT_FLAGS)))


def instruction_set() -> str:
    """The most capable instruction set of the CPU for linear layers; empty if not known.

    oneDNN may be restricted to less (:func:`isa_limits`).
    """
    flags = processor_flags()
    return next((name for flag, name in _INSTRUCTION_SETS if flag in flags), "")


def isa_limits() -> dict[str, str]:
    """The variables in :data:`ISA_VARIABLES` that are set."""
    return {name: os.environ[name] for name in ISA_VARIABLES if name in os.environ}


def describe_kernels() -> dict[str, object]:
    """What determines which matmul kernels run: CPU, instruction sets, their limits, torch."""
    import torch

    return {
        "processor": processor_name(),
        "model": {key: _cpuinfo(key) for key in _MODEL_KEYS if _cpuinfo(key)},
        "architecture": platform.machine(),
        "flags": list(processor_flags()),
        "isa": torch.backends.cpu.get_cpu_capability(),
        "isa_limits": isa_limits(),
        "torch": torch.__version__,
        "torch_build": torch.__config__.show(),
    }


def kernels_sha256() -> str:
    """A hash of :func:`describe_kernels`: the same hash means that the same kernels run."""
    text = json.dumps(describe_kernels(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def processor_class() -> str:
    """The first 24 hex digits of :func:`kernels_sha256`, as in records and in cache file names."""
    return kernels_sha256()[:24]


@lru_cache(maxsize=8)
def _cpuinfo(key: str) -> str:
    """The first value of ``key`` in /proc/cpuinfo; empty if there is none."""
    if not _CPUINFO.is_file():
        return ""
    for line in _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key and value.strip():
            return value.strip()
    return ""
