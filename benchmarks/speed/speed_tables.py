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


def processor_folder(measured: dict) -> Path:
    """The folder for measurements on the same type of processor."""
    words = re.findall(
        r"[a-z0-9]+", f"{measured['environment']['processor']} {measured['instructions']}".lower()
    )
    return RESULTS / "-".join(words)


def format_tables() -> str:
    """Format the files of ``results/speed``: for each processor, its name and its tables."""
    return "\n\n".join(
        format_processor(sorted(folder.glob("*.json")))
        for folder in sorted(RESULTS.iterdir())
        if folder.is_dir()
    )


def format_processor(paths: Sequence[Path]) -> str:
    """Format the files of one processor as two Markdown tables, of ratios and of floors."""
    ratios, floors = [], []
    for path in paths:
        measured = json.loads(path.read_text(encoding="utf-8"))
        attack = f"{measured['dataset']} {measured['recipe']}"
        targets = TARGETS.get(measured["dataset"], {}).get(measured["recipe"], {})
        cells = []
        for name in PADDING:
            for dtype in DTYPES:
                cells.append(f"{format_summary(measured['ratios'][f'{dtype} to {name}'])}×")
                if name == "textattack":
                    cells.append(f"{targets[dtype]}×" if targets else "none")
        ratios.append([attack, measured["n"], *cells])
        by_dtype = [measured["floor"][dtype] for dtype in DTYPES]
        cells = [format_summary(floor[key], 2) for key in FLOOR for floor in by_dtype]
        floors.append([attack, by_dtype[0]["n"], *cells])
    ratio_headers = ["float32", "target", "bfloat16", "target"]
    ratio_headers += [f"{dtype}, dynamic padding" for dtype in DTYPES]
    floor_headers = [f"{dtype}, {ratio}" for ratio in FLOOR.values() for dtype in DTYPES]
    title = f"**{measured['environment']['processor']}, {measured['instructions']}**"
    tables = [
        tabulate(
            rows,
            headers=["attack", "examples", *columns],
            tablefmt="github",
            colalign=["left", *["right"] * (len(columns) + 1)],
        )
        for rows, columns in ((ratios, ratio_headers), (floors, floor_headers))
    ]
    return "\n\n".join([title, *tables])


def format_summary(numbers: dict[str, float], digits: int = 1) -> str:
    """The median, with the minimum and maximum in parentheses."""
    low, median, high = (f"{numbers[key]:.{digits}f}" for key in ("min", "median", "max"))
    return f"{median} ({low}–{high})"
