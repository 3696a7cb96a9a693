"""What a run needs from this machine, and what a bug report should hold."""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robustbert.errors import MissingAssetError

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
        """All of it for a terminal: a section each, names and values in two columns."""
        lines: list[str] = []
        for title, section in self.facts.items():
            rows = _rows(section)
            width = max((len(name) for name, _ in rows), default=0)
            lines += [title.replace("_", " ")]
            lines += [f"  {name:<{width}}  {value}".rstrip() for name, value in rows] + [""]
        for title, texts in (("problems", self.problems), ("notes", self.notes)):
            lines += [title, *(f"  - {text}" for text in texts or ("none",)), ""]
        return "\n".join(lines).rstrip("\n")


def diagnose() -> Diagnosis:
    """Look at everything; takes some seconds, most of them for measuring."""
    problems: list[str] = []
    notes: list[str] = []
    sections: tuple[tuple[str, Callable[[list[str], list[str]], Any]], ...] = (
        ("versions", _versions),
        ("processor", _processor),
        ("memory", _memory),
        ("matmul_peak_gflops", _matmul),
        ("batch_invariance", _batch_invariance),
        ("gpu", _gpu),
        ("assets", _assets),
        ("cache", _cache),
    )
    from robustbert.progress import progress_bar

    facts = {}
    with progress_bar(len(sections), "looking at this machine", "part") as bar:
        for name, look in sections:
            facts[name] = look(problems, notes)
            bar.update()
    return Diagnosis(facts, tuple(problems), tuple(notes))


def _versions(problems: list[str], _notes: list[str]) -> dict[str, Any]:
    from robustbert import __version__
    from robustbert.bench.environment import capture_environment

    found = capture_environment("cpu")
    problems += unmet_requirements("robustbert")
    return {
        "robustbert": __version__,
        "commit": found.git_commit,
        "uncommitted changes": found.dirty,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "system": platform.platform(),
        **{name: _version(name) for name in PACKAGES},
    }


def unmet_requirements(distribution: str) -> list[str]:
    """Each requirement of an installed package that is missing or of another version, as advice."""
    from importlib import metadata

    from packaging.requirements import Requirement

    found = []
    for line in metadata.requires(distribution) or ():
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        version = _version(wanted.name)
        if version is None or not wanted.specifier.contains(version, prereleases=True):
            have = "is not installed" if version is None else f"is version {version}"
            found.append(
                f"{wanted.name} {have}; install it: pip install '{wanted.name}{wanted.specifier}'"
            )
    return found


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
        "usable cores": len(affinity(0)) if affinity else os.cpu_count(),
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
    """The best of a few linear layers on all threads, one on each: 1e9 operations a second."""
    import torch

    from robustbert.models.products import Linear
    from robustbert.models.threads import in_threads, thread_count

    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(PEAK_FEATURES, PEAK_FEATURES, generator=generator)
    layer = Linear(weight, torch.zeros(PEAK_FEATURES), getattr(torch, dtype))
    rows = torch.randn(PEAK_ROWS, PEAK_FEATURES, generator=generator).to(getattr(torch, dtype))

    def compute(given: Any) -> None:
        with torch.inference_mode():
            for _ in range(PEAK_TIMES):
                layer.product(given)

    inputs = [rows] * thread_count()
    in_threads(compute, inputs)  # the first products are slower
    seconds = []
    for _ in range(PEAK_REPEATS):
        began = time.perf_counter()
        in_threads(compute, inputs)
        seconds.append(time.perf_counter() - began)
    operations = 2 * PEAK_ROWS * PEAK_FEATURES**2 * PEAK_TIMES * len(inputs)
    return operations / min(seconds) / 1e9


def _batch_invariance(problems: list[str], notes: list[str]) -> dict[str, Any]:
    """Check the packaged MiniLM anew, whatever was remembered."""
    from robustbert.models.encoder import SentenceEncoder
    from robustbert.models.findings import fresh_findings
    from robustbert.models.invariance import ladders

    facts: dict[str, Any] = {}
    try:
        with fresh_findings():
            encoder = SentenceEncoder("float32", "cpu")
            faults = {dtype: encoder.find_fault(dtype) for dtype in DTYPES}
            facts |= {k: "not verified" if fault else "verified" for k, fault in faults.items()}
            facts |= {k: list(v) for k, v in ladders(encoder.row_counts).items()}
    except MissingAssetError as error:
        return {"not checked": str(error)}
    if faults["float32"]:
        problems.append(
            f"in float32 {faults['float32']}, so outcomes may not repeat; please report this, with "
            "what is printed here"
        )
    elif faults["bfloat16"]:
        notes.append(f"in bfloat16 {faults['bfloat16']}; runs go on in float32")
    return facts


def _gpu(_problems: list[str], _notes: list[str]) -> dict[str, Any]:
    import torch

    found: dict[str, Any] = {"mps": torch.backends.mps.is_available()}
    for place in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        device = torch.cuda.get_device_properties(place)
        major, minor = torch.cuda.get_device_capability(place)
        found[f"cuda:{place}"] = (
            f"{device.name}, {_gigabytes(device.total_memory)}, capability {major}.{minor}"
        )
    return {"cuda": torch.cuda.is_available(), **found}


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


def _version(name: str) -> str | None:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def _rows(section: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), _shown(value)) for name, value in section.items()]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={one}" for name, one in value.items()) or "none"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " ".join(map(str, value)) or "none"
    return str(value)
