"""Time ``robustbert leaderboard build`` on synthetic published results.

    python benchmarks/speed/leaderboard.py [CELLS [EXAMPLES]]

By default there are 500 cells with 300 examples, of 100 models, in a git repository with three
commits. Prints the seconds of building the site, after all imports, and of its steps: the median
and the range of three repeats.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import altair  # noqa: F401  # imports are not timed
import jinja2  # noqa: F401
import scipy.stats  # noqa: F401
import vl_convert  # noqa: F401
from synthetic_cells import synthetic_cells

from robustbert.leaderboard import read_leaderboard
from robustbert.leaderboard.site import build_site
from robustbert.leaderboard.site.chart_specs import chart_scripts
from robustbert.leaderboard.site.model_history import read_results_history
from robustbert.leaderboard.site.site_models import site_models
from robustbert.machine import processor_name
from robustbert.records import (
    published_outcomes_path,
    published_path,
    write_outcomes,
    write_record,
)

REPEATS = 3
COMMITS = 3


def write_results(results: Path, cells: int, examples: int, seed: int) -> None:
    """Write published results of synthetic cells."""
    for record, outcomes in synthetic_cells(cells, examples, seed):
        file = results / published_path(record)
        write_record(record, file)
        write_outcomes(outcomes, published_outcomes_path(file))


def commit(folder: Path, message: str) -> None:
    """Commit everything in a folder."""
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", message], check=True)


def timed(name: str, run: Callable[[], object]) -> None:
    """Print how long a function takes, and its CPU time, which other processes change less."""
    seconds, cpu_seconds = [], []
    for _ in range(REPEATS):
        chart_scripts.cache_clear()
        began, cpu_began = time.perf_counter(), time.process_time()
        run()
        seconds.append(time.perf_counter() - began)
        cpu_seconds.append(time.process_time() - cpu_began)
    low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
    cpu = statistics.median(cpu_seconds)
    print(f"{name:12} {middle:6.2f} s ({low:.2f} to {high:.2f}), CPU {cpu:.2f} s")


def main(cells: int, examples: int) -> None:
    """Write results, and time the steps of building the site."""
    print(f"{cells} cells with {examples} examples; {processor_name()}")
    with tempfile.TemporaryDirectory() as temporary:
        results, out = Path(temporary) / "results", Path(temporary) / "site"
        for seed in range(COMMITS):
            write_results(results, cells, examples, seed)
            commit(Path(temporary), f"Measure with seed {seed}")
        timed("all", lambda: build_site(read_leaderboard(results), out, results=results))
        size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
        print(f"{'size':12} {size / 1e6:6.1f} MB")
        leaderboard = read_leaderboard(results)
        models = site_models(leaderboard)
        timed("read, rank", lambda: read_leaderboard(results))
        timed("scripts", chart_scripts)
        timed("history", lambda: read_results_history(results, models))


if __name__ == "__main__":
    if any(not argument.isdigit() for argument in sys.argv[1:]) or len(sys.argv) > 3:
        sys.exit(__doc__)
    numbers = [int(argument) for argument in sys.argv[1:]]
    main(*(numbers + [500, 300][len(numbers) :]))
