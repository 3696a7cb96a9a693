"""Format the files of ``results/speed`` as Markdown tables."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

RESULTS = Path(__file__).parents[2] / "results" / "speed"
DTYPES = ("float32", "bfloat16")
#: The padding of each TextAttack implementation.
PADDING = {"textattack": "full", "textattack-dynamic": "dynamic"}
#: Target speedups over unmodified TextAttack, on 2 cores.
WITHOUT_ENCODER = {"float32": 20, "bfloat16": 60}
WITH_ENCODER = {"float32": 15, "bfloat16": 40}
LONG = {"float32": 4, "bfloat16": 10}
TARGETS = {
    "rotten_tomatoes": {
        "deepwordbug": WITHOUT_ENCODER,
        "pwws": WITHOUT_ENCODER,
        "textfooler": WITH_ENCODER,
        "textbugger": WITH_ENCODER,
    },
    "imdb": {"pwws": LONG, "textfooler": LONG},
}
#: The printed floor ratios and their targets, which are maxima.
FLOOR = {
    "attack_to_bare": "attack / forward passes (target 1.25)",
    "forward_to_peak": "forward passes / peak matmul (target 1.4)",
}


def summary(values: Sequence[float]) -> dict[str, float]:
    """Minimum, median and maximum."""
    numbers = {"min": min(values), "median": statistics.median(values), "max": max(values)}
    return {name: round(number, 2) for name, number in numbers.items()}


def processor_title(measured: dict) -> str:
    """The GPU of a measurement with CUDA's version, or the CPU with its instruction set."""
    gpu: str | None = measured.get("gpu")
    return gpu or f"{measured['environment']['processor']}, {measured['instructions']}"


def processor_folder(measured: dict) -> Path:
    """The folder for measurements on the same type of processor."""
    return RESULTS / "-".join(re.findall(r"[a-z0-9]+", processor_title(measured).lower()))


def format_tables() -> str:
    """Format the files of ``results/speed``: for each processor, its name and its tables."""
    return "\n\n".join(
        format_processor(sorted(folder.glob("*.json")))
        for folder in sorted(RESULTS.iterdir())
        if folder.is_dir()
    )


def format_processor(paths: Sequence[Path]) -> str:
    """Format the files of one processor: its name and two tables."""
    files = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    tables = _gpu_tables(files) if files[0].get("gpu") else _cpu_tables(files)
    return "\n\n".join([f"**{processor_title(files[0])}**", *tables])


def _cpu_tables(files: Sequence[dict]) -> list[str]:
    """The speedups over TextAttack with their targets, and the floors."""
    ratios, floors = [], []
    for measured in files:
        targets = TARGETS.get(measured["dataset"], {}).get(measured["recipe"], {})
        cells = []
        for name in PADDING:
            for dtype in DTYPES:
                cells.append(_ratio(measured, dtype, name))
                if name == "textattack":
                    cells.append(f"{targets[dtype]}×" if targets else "none")
        ratios.append([*_attack(measured), *cells])
        by_dtype = [measured["floor"][dtype] for dtype in DTYPES]
        cells = [format_summary(floor[key], 2) for key in FLOOR for floor in by_dtype]
        floors.append([_attack(measured)[0], by_dtype[0]["n"], *cells])
    ratio_headers = ["float32", "target", "bfloat16", "target"]
    ratio_headers += [f"{dtype}, dynamic padding" for dtype in DTYPES]
    floor_headers = [f"{dtype}, {ratio}" for ratio in FLOOR.values() for dtype in DTYPES]
    return [_table(ratios, ratio_headers), _table(floors, floor_headers)]


def _gpu_tables(files: Sequence[dict]) -> list[str]:
    """The speedups over TextAttack, and the equal outcomes and the memory."""
    ratios, others = [], []
    for measured in files:
        cells = [_ratio(measured, dtype, name) for name in PADDING for dtype in DTYPES]
        ratios.append([*_attack(measured), *cells])
        same = [
            ", ".join(
                str(measured["same"][dtype][field]) for field in ("status", "text", "queries")
            )
            for dtype in DTYPES
        ]
        memory = [f"{measured['memory'][name] / 2**20:.0f}" for name in (*PADDING, *DTYPES)]
        others.append([*_attack(measured), *same, *memory])
    ratio_headers = [
        f"{dtype}{padding}" for padding in ("", ", dynamic padding") for dtype in DTYPES
    ]
    other_headers = [f"{dtype}: same status, text, queries" for dtype in DTYPES]
    other_headers += [f"{name} (MiB)" for name in (*PADDING, *DTYPES)]
    return [_table(ratios, ratio_headers), _table(others, other_headers)]


def _attack(measured: dict) -> list:
    return [f"{measured['dataset']} {measured['recipe']}", measured["n"]]


def _ratio(measured: dict, dtype: str, name: str) -> str:
    return f"{format_summary(measured['ratios'][f'{dtype} to {name}'])}×"


def _table(rows: Sequence[Sequence], columns: Sequence[str]) -> str:
    return tabulate(
        rows,
        headers=["attack", "examples", *columns],
        tablefmt="github",
        colalign=["left", *["right"] * (len(columns) + 1)],
    )


def format_summary(numbers: dict[str, float], digits: int = 1) -> str:
    """The median, with the minimum and maximum in parentheses."""
    low, median, high = (f"{numbers[key]:.{digits}f}" for key in ("min", "median", "max"))
    return f"{median} ({low}–{high})"
