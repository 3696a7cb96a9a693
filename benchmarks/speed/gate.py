"""Time ``robustbert compare`` on two synthetic runs.

    python benchmarks/speed/gate.py [CELLS [EXAMPLES]]

By default each run has 50 cells with 500 examples. Prints the seconds of reading and comparing the
runs and of writing each report, after all imports: the median and the range of five repeats.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from synthetic_cells import synthetic_cells

from robustbert.gate import Comparison, compare_runs, read_gate_run
from robustbert.gate.comparison.comparison_json import comparison_json
from robustbert.gate.comparison.comparison_junit import comparison_junit
from robustbert.gate.comparison.comparison_markdown import comparison_markdown
from robustbert.gate.comparison.comparison_text import comparison_text
from robustbert.machine import processor_name
from robustbert.records import (
    outcomes_path,
    record_name,
    record_path,
    write_outcomes,
    write_record,
)

REPEATS = 5


def write_run(folder: Path, cells: int, examples: int, seed: int) -> None:
    """Write a run of synthetic cells."""
    for record, outcomes in synthetic_cells(cells, examples, seed):
        write_record(record, record_path(folder, record_name(record)))
        write_outcomes(outcomes, outcomes_path(folder, record_name(record)))


def timed(name: str, run: Callable[[], object]) -> None:
    """Print how long a function takes."""
    seconds = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - began)
    low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
    print(f"{name:12} {middle:6.2f} s ({low:.2f} to {high:.2f})")


def main(cells: int, examples: int) -> None:
    """Write two runs, and time the steps of a comparison."""
    print(f"two runs of {cells} cells with {examples} examples; {processor_name()}")
    with tempfile.TemporaryDirectory() as temporary:
        folders = [Path(temporary) / name for name in ("base", "candidate")]
        for seed, folder in enumerate(folders):
            write_run(folder, cells, examples, seed)

        def whole() -> Comparison:
            return compare_runs(*(read_gate_run(folder) for folder in folders))

        began = time.perf_counter()
        comparison = whole()
        first = time.perf_counter() - began
        print(f"{len(comparison.measures)} measures")
        print(f"{'first time':12} {first:6.2f} s, before any power is cached")
        timed("all", lambda: comparison_text(whole(), 140))
        timed("read", lambda: [read_gate_run(folder) for folder in folders])
        timed("text", lambda: comparison_text(comparison, 140))
        timed("markdown", lambda: comparison_markdown(comparison))
        timed("junit", lambda: comparison_junit(comparison))
        timed("json", lambda: comparison_json(comparison))


if __name__ == "__main__":
    if any(not argument.isdigit() for argument in sys.argv[1:]) or len(sys.argv) > 3:
        sys.exit(__doc__)
    numbers = [int(argument) for argument in sys.argv[1:]]
    main(*(numbers + [50, 500][len(numbers) :]))
