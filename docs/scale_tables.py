"""Write the tables of docs/scale.md from measurements and from the committed records.

``python docs/scale_tables.py`` writes them; ``--check`` only says whether they are current.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from marked_tables import run_script

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.records import read_published
from robustbert.reports.markdown_table import pipe_table
from robustbert.reports.wording import MISSING

DOCUMENT = "docs/scale.md"
RESULTS = "results/scale"
#: Where queries are read; the first folder that has a recipe counts.
QUERY_RESULTS = ("results", "results/masked-models")
#: The datasets, track and model whose queries are shown.
DATASETS, TRACK, MODEL = ("rotten_tomatoes", "bbc_news", "imdb"), "unified", "minilm"
#: The ways to attack that are compared, as ``benchmarks/speed/scale.py`` calls them.
ONE, WORKERS, TWO = "one thread", "two workers", "two separate processes"
NOT_MEASURED = "It has not been measured yet: `python benchmarks/speed/{}.py` does it."


def scale_table(root: Path) -> str:
    """The times of one process and of two workers, and the efficiency of these."""
    return _measured(root, "scale", _ways) or NOT_MEASURED.format("scale")


def _ways(measured: dict[str, Any]) -> Iterator[str]:
    ways = measured["ways"]
    rows = []
    for recipe in ways[ONE]["attack_seconds"]:
        times = {name: way["attack_seconds"][recipe] for name, way in ways.items()}
        hours = statistics.median(times[ONE]) / measured["examples"] * 1000 / 3600
        efficiencies = [_efficiency(times[ONE], times[WORKERS]), _slowdown(times[ONE], times[TWO])]
        rows.append([recipe, *map(_seconds, times.values()), *efficiencies, f"{hours:.2f}"])
    whole = [way["command_seconds"] for way in ways.values()]
    rows.append(["whole command", *map(_seconds, whole), MISSING, MISSING, MISSING])
    header = ["attacks", *ways, "efficiency of workers", "of separate processes"]
    yield from pipe_table([*header, "core-hours per 1,000 examples"], rows)
    yield ""
    yield (
        f"{measured['examples']} examples of {measured['dataset']}; seconds, the median of "
        f"{len(whole[0])} runs with their range. {measured['differing']} of "
        f"{measured['outcomes']} outcomes differ."
    )


def driver_table(root: Path) -> str:
    """The driver's time per outcome, and the model of the throughput beside simulations."""
    return _measured(root, "driver", _simulations) or NOT_MEASURED.format("driver")


def _simulations(measured: dict[str, Any]) -> Iterator[str]:
    rows = []
    for row in measured["simulations"]:
        seconds = statistics.median(row["simulated_seconds"])
        ideal = measured["examples"] * measured["example_seconds"] / row["workers"]
        rows.append(
            [
                f"{row['workers']:,}",
                f"{1000 * row['outcome_seconds']:.2f} ms",
                f"{row['model_seconds']:,.1f} s",
                f"{seconds:,.1f} s",
                f"{measured['examples'] / seconds:,.0f}",
                f"{ideal / seconds:.2f}",
                f"{row['driver_share']:.1%}",
            ]
        )
    header = ["workers", "driver, per outcome", "model", "simulation", "examples per second"]
    yield from pipe_table([*header, "efficiency", "driver busy"], rows)
    yield ""
    yield (
        f"{measured['examples']:,} examples of {measured['dataset']}, {measured['recipe']}, "
        f"{measured['example_seconds']:.2f} s of one thread per example."
    )


def queries_table(root: Path) -> str:
    """The queries that 1,000 examples take, by recipe and dataset, in the committed records."""
    queries: dict[str, dict[str, str]] = {}
    places = [root / folder / dataset for folder, dataset in product(QUERY_RESULTS, DATASETS)]
    for place in filter(Path.is_dir, places):
        for cell in read_published(place):
            record = cell.record
            if record.track == TRACK and record.model.name == MODEL and not record.defenses:
                mean = sum(one.queries for one in cell.outcomes) / len(cell.outcomes)
                found = queries.setdefault(record.recipe.name, {})
                found.setdefault(record.dataset.name, f"{1000 * mean:,.0f}")
    order = sorted(queries, key=lambda name: (name not in CORE_RECIPES, name))
    rows = [[name, *(queries[name].get(one, MISSING) for one in DATASETS)] for name in order]
    return "\n".join(pipe_table(["recipe", *DATASETS], rows))


def _measured(root: Path, name: str, lines: Any) -> str:
    """The tables of all processors; empty if there are none."""
    parts = []
    for path in sorted((root / RESULTS).glob(f"*/{name}.json")):
        measured = json.loads(path.read_text(encoding="utf-8"))
        processor = f"{measured['environment']['processor']}, {measured['instructions']}"
        parts.append("\n".join([f"**{processor}**", "", *lines(measured)]))
    return "\n\n".join(parts)


def _seconds(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f}–{max(values):.1f})"


def _efficiency(one: Sequence[float], two: Sequence[float]) -> str:
    """The time of one thread divided by twice that of two workers, per pair of runs."""
    return _ratios([alone / (2 * both) for alone, both in zip(one, two, strict=True)])


def _slowdown(one: Sequence[float], two: Sequence[float]) -> str:
    """The time of one process divided by that of two at the same time, per pair of runs."""
    return _ratios([alone / both for alone, both in zip(one, two, strict=True)])


def _ratios(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def main() -> int:
    """Write or check the document; the exit code."""
    tables = {
        "scale": scale_table,
        "driver": driver_table,
        "queries": queries_table,
    }
    return run_script(__doc__, DOCUMENT, "python docs/scale_tables.py", tables)


if __name__ == "__main__":
    sys.exit(main())
