"""Print what attacks cost, per word of the text and per query, from the committed records.

    python benchmarks/costs.py [RESULTS]

The lines are those of ``COSTS`` in ``robustbert/bench/costs.py``. Queries per word: the queries of
all examples of all cells of a recipe and track, skipped ones too, by the words of their texts.
Overhead: attack_seconds less victim_seconds, by the queries, over the cells that ran in one go.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from robustbert.records import read_run, record_name


@dataclass
class Sums:
    queries: int = 0
    words: int = 0
    timed_queries: int = 0
    overhead: float = 0.0


def sums(results: Path) -> dict[tuple[str, str], Sums]:
    found: dict[tuple[str, str], Sums] = defaultdict(Sums)
    for folder in sorted(results.glob("*/records")):
        run = read_run(folder.parent)
        for record in run.records:
            cell = found[record.recipe.name, record.track]
            outcomes = run.outcomes[record_name(record)]
            queries = sum(outcome.queries for outcome in outcomes)
            cell.queries += queries
            cell.words += sum(outcome.words for outcome in outcomes)
            timing = record.timing
            if timing.attack_seconds is not None and timing.victim_seconds is not None:
                cell.timed_queries += queries
                cell.overhead += timing.attack_seconds - timing.victim_seconds
    return dict(sorted(found.items()))


def main() -> None:
    results = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "results"
    for (recipe, track), cell in sums(results).items():
        per_word = f"{cell.queries / cell.words:.2f}"
        overhead = f"{1000 * cell.overhead / cell.timed_queries:.2f}"
        print(f'    ("{recipe}", "{track}"): Cost({per_word}, {overhead}),')


if __name__ == "__main__":
    main()
