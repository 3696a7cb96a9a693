"""Compute the cost of attacks, per word of the text and per query, from the committed records.

    python benchmarks/costs.py [RESULTS …]

Of several folders, the first that has a recipe on a track counts.

The output is the content of ``COSTS`` in ``robustbert/bench/costs.py``: one line per recipe and
track, with three numbers.

- Queries per word: total queries / total words, over all examples of all cells, including skipped
  examples.
- Overhead: (attack_seconds - victim_seconds) / queries, over the cells that were not resumed.
- Success: broken examples / all examples.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from robustbert.records import read_published

_ROOT = Path(__file__).parents[1] / "results"
RESULTS = [_ROOT, _ROOT / "masked-models"]


@dataclass
class Sums:
    """Sums over the cells of a recipe and track; ``timed_queries`` covers cells with times."""

    queries: int = 0
    words: int = 0
    examples: int = 0
    broken: int = 0
    timed_queries: int = 0
    overhead: float = 0.0


def sums(results: Path) -> dict[tuple[str, str], Sums]:
    """The sums for each recipe and track of a results folder."""
    totals: dict[tuple[str, str], Sums] = defaultdict(Sums)
    for cell in read_published(results):
        total = totals[cell.record.recipe.name, cell.record.track]
        queries = sum(outcome.queries for outcome in cell.outcomes)
        total.queries += queries
        total.words += sum(outcome.words for outcome in cell.outcomes)
        total.examples += len(cell.outcomes)
        total.broken += sum(outcome.status == "broken" for outcome in cell.outcomes)
        timing = cell.record.timing
        if cell.record.used_workers or None in (timing.attack_seconds, timing.victim_seconds):
            continue
        total.timed_queries += queries
        total.overhead += timing.attack_seconds - timing.victim_seconds
    return dict(sorted(totals.items()))


def all_sums(folders: Sequence[Path]) -> dict[tuple[str, str], Sums]:
    """The sums for each recipe and track, from the first folder that has it."""
    totals: dict[tuple[str, str], Sums] = {}
    for folder in folders:
        totals = sums(folder) | totals
    return dict(sorted(totals.items()))


def main() -> None:
    """Print the costs."""
    folders = [Path(argument) for argument in sys.argv[1:]] or RESULTS
    for (recipe, track), total in all_sums(folders).items():
        per_word = f"{total.queries / total.words:.2f}"
        overhead = f"{1000 * total.overhead / total.timed_queries:.2f}"
        success = f"{total.broken / total.examples:.2f}"
        print(f'    ("{recipe}", "{track}"): RecipeCost({per_word}, {overhead}, {success}),')


if __name__ == "__main__":
    main()
