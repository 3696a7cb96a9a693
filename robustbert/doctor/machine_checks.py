"""The checks of ``robustbert doctor``, one function per section of its report."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from robustbert.errors import MissingAssetError

#: Free bytes of memory and of the cache's disk below which a run may fail. A run of 5,000 examples
#: took 1.6e9 bytes of memory; all assets and a few checkpoints take 1e9 bytes of disk.
MIN_MEMORY = 2_000_000_000
MIN_DISK = 1_000_000_000
#: The linear layer whose peak speed is measured: rows, and features in and out.
PEAK_ROWS, PEAK_FEATURES = 2048, 1024
#: Matmuls per measurement, and number of measurements.
PEAK_MATMULS, PEAK_REPEATS = 5, 4
DTYPES = ("float32", "bfloat16")

Check = Callable[[list[str], list[str]], dict[str, Any]]
"""Returns the facts of a section, and appends to the problems and the notes."""


def check_code(_problems: list[str], _notes: list[str]) -> dict[str, Any]:
    """The commit of a checkout, and whether its files differ from it."""
    from robustbert.bench.environment import capture_environment

    environment = capture_environment("cpu")
    return {"commit": environment.git_commit, "uncommitted_changes": environment.dirty}


def check_processor(_problems: list[str], notes: list[str]) -> dict[str, Any]:
    """The CPU, its instruction sets and its cores."""
    import torch

    from robustbert.machine import describe_kernels, isa_limits

    kernels = describe_kernels()
    limits = isa_limits()
    if limits:
        notes.append(
            "environment variables limit the instruction sets that kernels use "
            f"({', '.join(limits)}); unset them for full speed"
        )
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        **{name: kernels[name] for name in ("processor", "architecture", "isa", "flags")},
        "isa_limits": limits,
        "cores": os.cpu_count(),
        "usable_cores": len(affinity(0)) if affinity else os.cpu_count(),
        "threads": torch.get_num_threads(),
    }


def check_memory(_problems: list[str], notes: list[str]) -> dict[str, Any]:
    """Total and available memory."""
    import psutil

    memory = psutil.virtual_memory()
    if memory.available < MIN_MEMORY:
        notes.append(
            f"only {_gigabytes(memory.available)} of memory is available; a run of 5,000 examples "
            "took 1.6 GB: close other programs or attack fewer examples"
        )
    return {"total": _gigabytes(memory.total), "available": _gigabytes(memory.available)}


def check_matmul(_problems: list[str], _notes: list[str]) -> dict[str, Any]:
    """Peak GFLOP/s of a linear layer by dtype."""
    return {dtype: round(matmul_gflops(dtype), 1) for dtype in DTYPES}


def matmul_gflops(dtype: str) -> float:
    """Peak GFLOP/s of a linear layer, one copy per thread; the best of several measurements."""
    import torch

    from robustbert.models.inference.linear import Linear
    from robustbert.models.inference.threads import map_in_threads, thread_count

    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(PEAK_FEATURES, PEAK_FEATURES, generator=generator)
    layer = Linear(weight, torch.zeros(PEAK_FEATURES), getattr(torch, dtype))
    rows = torch.randn(PEAK_ROWS, PEAK_FEATURES, generator=generator).to(getattr(torch, dtype))

    def compute(given: Any) -> None:
        with torch.inference_mode():
            for _ in range(PEAK_MATMULS):
                layer.kernel(given)

    inputs = [rows] * thread_count()
    map_in_threads(compute, inputs)  # warm-up
    seconds = []
    for _ in range(PEAK_REPEATS):
        began = time.perf_counter()
        map_in_threads(compute, inputs)
        seconds.append(time.perf_counter() - began)
    operations = 2 * PEAK_ROWS * PEAK_FEATURES**2 * PEAK_MATMULS * len(inputs)
    return operations / min(seconds) / 1e9


def check_batch_invariance(problems: list[str], notes: list[str]) -> dict[str, Any]:
    """Whether the packaged MiniLM is batch invariant, ignoring cached findings."""
    from robustbert.models.inference.invariance import verified_row_counts
    from robustbert.models.inference.invariance_cache import empty_invariance_cache
    from robustbert.models.sentence_encoder import SentenceEncoder

    try:
        with empty_invariance_cache():
            encoder = SentenceEncoder("float32", "cpu")
            found = {dtype: encoder.find_dtype_problem(dtype) for dtype in DTYPES}
            by_layer = verified_row_counts(encoder.row_counts)
    except MissingAssetError as error:
        return {"not_checked": str(error)}
    float32, bfloat16 = (found[dtype] for dtype in DTYPES)
    if float32:
        problems.append(
            f"in float32 {float32.reason}, so results may not be reproducible; please report this "
            "with the whole output"
        )
    elif bfloat16:
        notes.append(f"in bfloat16 {bfloat16.reason}; float32 is used instead")
    status = {dtype: "not verified" if found[dtype] else "verified" for dtype in DTYPES}
    return {"status": status, "ladder": {layer: list(counts) for layer, counts in by_layer.items()}}


def check_gpu(_problems: list[str], _notes: list[str]) -> dict[str, Any]:
    """The GPUs that torch can use."""
    import torch

    devices: dict[str, Any] = {"mps": torch.backends.mps.is_available()}
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        device = torch.cuda.get_device_properties(index)
        major, minor = torch.cuda.get_device_capability(index)
        devices[f"cuda:{index}"] = (
            f"{device.name}, {_gigabytes(device.total_memory)}, capability {major}.{minor}"
        )
    return {"cuda": torch.cuda.is_available(), "cuda_version": torch.version.cuda, **devices}


def check_assets(problems: list[str], notes: list[str]) -> dict[str, Any]:
    """The data packages and the assets built from them."""
    from robustbert.assets import asset_status
    from robustbert.packages import DATA_PACKAGES, install_command, package_version

    for name, tested in DATA_PACKAGES.items():
        try:
            version = package_version(name)
        except MissingAssetError as error:
            problems.append(str(error))
            continue
        if version != tested:
            notes.append(
                f"{name} is version {version}, but only {tested} was tested; results with other "
                f"versions are not comparable: {install_command(name)}"
            )
    return {
        row.name: f"present ({row.source})" if row.present else f"absent: {row.note}"
        for row in asset_status()
    }


def check_cache(problems: list[str], notes: list[str]) -> dict[str, Any]:
    """The cache folder: its size, the free disk space, and whether it is writable."""
    from robustbert.paths import cache_folder

    folder = cache_folder()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    writable = os.access(existing, os.W_OK) and existing.is_dir()
    free = shutil.disk_usage(existing).free
    if not writable:
        problems.append(
            f"cannot write to the cache {folder}; set ROBUSTBERT_CACHE to another folder"
        )
    if free < MIN_DISK:
        notes.append(
            f"only {_gigabytes(free)} of disk space is free at {folder}; assets and checkpoints "
            "take about 1 GB: set ROBUSTBERT_CACHE to a folder on another disk"
        )
    return {
        "folder": str(folder),
        "size": _gigabytes(_size(folder)),
        "free": _gigabytes(free),
        "writable": writable,
    }


def _size(folder: Path) -> int:
    """Bytes of all files in a folder; 0 if it does not exist."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


#: The checks by section of the report, in order.
CHECKS: Mapping[str, Check] = {
    "code": check_code,
    "processor": check_processor,
    "memory": check_memory,
    "matmul_peak_gflops": check_matmul,
    "batch_invariance": check_batch_invariance,
    "gpu": check_gpu,
    "assets": check_assets,
    "cache": check_cache,
}
