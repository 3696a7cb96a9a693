"""What a run needs from this machine, and what a bug report should hold."""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from robustbert.errors import MissingAssetError, describe_error
from robustbert.packages import installed_version

#: Free bytes of memory and of the cache's disk below which a run may fail (a run of 5,000 examples
#: took 1.6e9 bytes of memory; all assets and a few checkpoints take 1e9 of disk).
LEAST_MEMORY = 2_000_000_000
LEAST_DISK = 1_000_000_000
#: The products of the peak: rows, features in and out; how often each is repeated, and measured.
PEAK_ROWS, PEAK_FEATURES, PEAK_TIMES, PEAK_REPEATS = 2048, 1024, 5, 4
DTYPES = ("float32", "bfloat16")
#: Packages whose versions change outcomes or speed.
PACKAGES = (
    *("torch", "transformers", "textattack", "datasets", "nltk", "numpy", "pandas"),
    *("scikit-learn", "flair", "greenlet", "safetensors"),
)


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Args:
        facts: sections of names and values, as ``--json`` prints them.
        problems: what keeps a run from working, or its outcomes from repeating, and how to fix it.
        notes: what a run copes with.
    """

    facts: Mapping[str, Any]
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """All of it, fit for JSON."""
        return {**self.facts, "problems": list(self.problems), "notes": list(self.notes)}

    def as_text(self) -> str:
        """All of it for a terminal: one section per topic, names and values in two columns."""
        lines: list[str] = []
        for title, section in self.facts.items():
            rows = _rows(section)
            width = max((len(name) for name, _ in rows), default=0)
            lines += [title.replace("_", " ")]
            lines += [f"  {name:<{width}}  {value}".rstrip() for name, value in rows] + [""]
        for title, texts in (("problems", self.problems), ("notes", self.notes)):
            lines += [title, *(f"  - {text}" for text in texts or ("none",)), ""]
        return "\n".join(lines).rstrip("\n")


Section = Callable[[list[str], list[str]], dict[str, Any]]
"""Gives facts of one topic, and appends to the problems and the notes."""


def diagnose() -> Diagnosis:
    """Look at everything; takes about 10 seconds, most of them for measuring.

    Where a package is missing, nothing else is looked at. A section that fails is a problem, and
    the others are looked at all the same.
    """
    from robustbert.progress import progress_bar

    missing, mismatched = unmet_requirements("robustbert")
    facts: dict[str, Any] = {"versions": _versions()}
    if missing:
        return Diagnosis(facts, (*missing, *mismatched), ())
    problems, notes = list(mismatched), list[str]()
    with progress_bar(len(_SECTIONS), "looking at this machine", "part") as bar:
        for name, look in _SECTIONS.items():
            try:
                facts[name] = look(problems, notes)
            except Exception as error:  # whatever it is, it is what was asked for
                facts[name] = {"failed": describe_error(error)}
                problems.append(f"{name.replace('_', ' ')}: {describe_error(error)}; report this")
            bar.update()
    return Diagnosis(facts, tuple(problems), tuple(notes))


def _versions() -> dict[str, Any]:
    from robustbert.version import __version__

    return {
        "robustbert": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "system": platform.platform(),
        **{name: installed_version(name) for name in PACKAGES},
    }


def unmet_requirements(distribution: str) -> tuple[list[str], list[str]]:
    """What an installed package requires and lacks, and what is of another version, as advice."""
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return ["packaging is not installed; install it: pip install packaging"], []
    try:
        lines = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return [f"{distribution} is not installed; in its checkout: pip install --editable ."], []
    missing, mismatched = [], []
    for wanted in map(Requirement, lines):
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        version = installed_version(wanted.name)
        install = f"install it: pip install '{wanted.name}{wanted.specifier}'"
        if version is None:
            missing.append(f"{wanted.name} is not installed; {install}")
        elif not wanted.specifier.contains(version, prereleases=True):
            mismatched.append(f"{wanted.name} is version {version}; {install}")
    return missing, mismatched


def _code(_problems: list[str], _notes: list[str]) -> dict[str, Any]:
    from robustbert.bench.environment import capture_environment

    found = capture_environment("cpu")
    return {"commit": found.git_commit, "uncommitted_changes": found.dirty}


def _processor(_problems: list[str], notes: list[str]) -> dict[str, Any]:
    import torch

    from robustbert.machine import describe_kernels

    found = describe_kernels()
    if found["isa_limits"]:
        notes.append(
            "environment variables limit the instructions that kernels use (see isa_limits); "
            "unset them for full speed"
        )
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        **{name: found[name] for name in ("processor", "architecture", "isa", "flags")},
        "isa_limits": found["isa_limits"],
        "cores": os.cpu_count(),
        "usable_cores": len(affinity(0)) if affinity else os.cpu_count(),
        "threads": torch.get_num_threads(),
    }


def _memory(_problems: list[str], notes: list[str]) -> dict[str, Any]:
    import psutil

    memory = psutil.virtual_memory()
    if memory.available < LEAST_MEMORY:
        notes.append(
            f"only {_gigabytes(memory.available)} of memory are free; a run of 5,000 examples took "
            "1.6 GB: close other programs or attack fewer examples"
        )
    return {"total": _gigabytes(memory.total), "available": _gigabytes(memory.available)}


def _matmul(_problems: list[str], _notes: list[str]) -> dict[str, Any]:
    return {dtype: round(matmul_gflops(dtype), 1) for dtype in DTYPES}


def matmul_gflops(dtype: str) -> float:
    """Peak GFLOP/s of a linear layer, one copy per thread; the best of several runs."""
    import torch

    from robustbert.models.inference.linear import Linear
    from robustbert.models.inference.threads import map_in_threads, thread_count

    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(PEAK_FEATURES, PEAK_FEATURES, generator=generator)
    layer = Linear(weight, torch.zeros(PEAK_FEATURES), getattr(torch, dtype))
    rows = torch.randn(PEAK_ROWS, PEAK_FEATURES, generator=generator).to(getattr(torch, dtype))

    def compute(given: Any) -> None:
        with torch.inference_mode():
            for _ in range(PEAK_TIMES):
                layer.kernel(given)

    inputs = [rows] * thread_count()
    map_in_threads(compute, inputs)  # the first products are slower
    seconds = []
    for _ in range(PEAK_REPEATS):
        began = time.perf_counter()
        map_in_threads(compute, inputs)
        seconds.append(time.perf_counter() - began)
    operations = 2 * PEAK_ROWS * PEAK_FEATURES**2 * PEAK_TIMES * len(inputs)
    return operations / min(seconds) / 1e9


def _batch_invariance(problems: list[str], notes: list[str]) -> dict[str, Any]:
    """Check the packaged MiniLM anew, whatever was remembered."""
    from robustbert.models.inference.invariance import verified_ladders
    from robustbert.models.inference.invariance_cache import empty_invariance_cache
    from robustbert.models.sentence_encoder import SentenceEncoder

    try:
        with empty_invariance_cache():
            encoder = SentenceEncoder("float32", "cpu")
            faults = {dtype: encoder.find_dtype_problem(dtype) for dtype in DTYPES}
            ladders = verified_ladders(encoder.row_counts)
    except MissingAssetError as error:
        return {"not_checked": str(error)}
    exact, fast = (faults[dtype] for dtype in DTYPES)
    if exact:
        problems.append(
            f"in float32 {exact.reason}, so outcomes may not repeat; please report this, with what "
            "is printed here"
        )
    elif fast:
        notes.append(f"in bfloat16 {fast.reason}; runs go on in float32")
    status = {dtype: "not verified" if fault else "verified" for dtype, fault in faults.items()}
    return {"status": status, "ladder": {name: list(rungs) for name, rungs in ladders.items()}}


def _gpu(_problems: list[str], _notes: list[str]) -> dict[str, Any]:
    import torch

    found: dict[str, Any] = {"mps": torch.backends.mps.is_available()}
    for place in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        device = torch.cuda.get_device_properties(place)
        major, minor = torch.cuda.get_device_capability(place)
        found[f"cuda:{place}"] = (
            f"{device.name}, {_gigabytes(device.total_memory)}, capability {major}.{minor}"
        )
    return {"cuda": torch.cuda.is_available(), "cuda_version": torch.version.cuda, **found}


def _assets(problems: list[str], notes: list[str]) -> dict[str, Any]:
    from robustbert.assets import asset_status
    from robustbert.packages import DATA_PACKAGES, install_command, package_version

    for name, checked in DATA_PACKAGES.items():
        try:
            version = package_version(name)
        except MissingAssetError as error:
            problems.append(str(error))
            continue
        if version != checked:
            notes.append(
                f"{name} is version {version}, but {checked} was checked; results of other "
                f"versions do not compare: {install_command(name)}"
            )
    return {
        row.name: f"present ({row.source})" if row.present else f"absent: {row.note}"
        for row in asset_status()
    }


def _cache(problems: list[str], notes: list[str]) -> dict[str, Any]:
    from robustbert.paths import cache_folder

    folder = cache_folder()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    writable = os.access(there, os.W_OK) and there.is_dir()
    free = shutil.disk_usage(there).free
    if not writable:
        problems.append(
            f"cannot write to the cache {folder}; set ROBUSTBERT_CACHE to another folder"
        )
    if free < LEAST_DISK:
        notes.append(
            f"only {_gigabytes(free)} of disk are free at {folder}; assets and checkpoints take "
            "about 1 GB: set ROBUSTBERT_CACHE to a folder on another disk"
        )
    return {
        "folder": str(folder),
        "size": _gigabytes(_size(folder)),
        "free": _gigabytes(free),
        "writable": writable,
    }


def _size(folder: Path) -> int:
    """Bytes of all files in a folder; 0 where it is not there."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def _rows(section: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values; what is in a mapping has a row for each of its names."""
    rows: list[tuple[str, str]] = []
    for name, value in section.items():
        if isinstance(value, Mapping) and value:
            rows += [(f"{_words(name)}, {key}", _shown(one)) for key, one in value.items()]
        else:
            rows.append((_words(name), _shown(value)))
    return rows


def _words(name: str) -> str:
    return name.replace("_", " ")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    text = str(value) if isinstance(value, str | int | float) else " ".join(map(str, value))
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text) or "none"


_SECTIONS: Mapping[str, Section] = {
    "code": _code,
    "processor": _processor,
    "memory": _memory,
    "matmul_peak_gflops": _matmul,
    "batch_invariance": _batch_invariance,
    "gpu": _gpu,
    "assets": _assets,
    "cache": _cache,
}
