"""Set the numbers of two folders of results side by side, as Markdown.

    git worktree add /tmp/old COMMIT
    python benchmarks/old_and_new.py /tmp/old/results results

One table per dataset and track: for each row and recipe the accuracy under attack on all examples,
both accuracies on those that both cells hold (by their ids), of how many of these the status
differs, the mean queries (TextAttack's own count, which old records have) and the shares exhausted
and retracted, old → new. A cell that only one folder has is left out, and counted below the tables.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from robustbert.errors import RobustbertError
from robustbert.metrics import summarize
from robustbert.records import Counts, Metrics, Outcome, Record, read_run, record_name

HEADERS = (
    *("model", "recipe", "n", "under attack %"),
    *("n in both", "clean %, in both", "under attack %, in both", "other status"),
    *("TextAttack's queries", "exhausted %", "retracted %"),
)


@dataclass(frozen=True, order=True)
class CellKey:
    """What two records must have in common to stand side by side."""

    dataset: str
    track: str
    model: str
    training_seed: int
    variant: str
    defenses: str
    recipe: str


@dataclass(frozen=True)
class Cell:
    """A record and its outcomes by example id."""

    record: Record
    outcomes: Mapping[str, Outcome]

    def metrics_of(self, ids: Sequence[str]) -> Metrics:
        """The metrics on some of its examples."""
        return summarize([self.outcomes[example] for example in ids])


def main(old: Path, new: Path) -> None:
    """Print the tables."""
    before, after = by_key(old), by_key(new)
    both = sorted(before.keys() & after.keys())
    for dataset, track in dict.fromkeys((key.dataset, key.track) for key in both):
        print(f"## {dataset}, {track}: old → new\n")
        rows = [
            line(key, before[key], after[key])
            for key in both
            if (key.dataset, key.track) == (dataset, track)
        ]
        print_table(rows)
    print(f"In the old results alone: {len(before.keys() - after.keys())} cells; ", end="")
    print(f"in the new ones alone: {len(after.keys() - before.keys())}.")


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table: two columns of names, the others numbers."""
    rule = ["---", "---", *["---:"] * (len(HEADERS) - 2)]
    for row in (HEADERS, rule, *rows):
        print(f"| {' | '.join(row)} |")
    print()


def by_key(results: Path) -> Mapping[CellKey, Cell]:
    """Every cell of ``RESULTS/<dataset>``."""
    runs = [read_run(folder.parent) for folder in sorted(results.glob("*/records"))]
    return {
        CellKey(
            record.dataset.name,
            record.track,
            record.model.name,
            record.training_seed or 0,
            record.model.variant or "",
            " + ".join(defense.name for defense in record.defenses),
            record.recipe.name,
        ): Cell(record, {o.example_id: o for o in run.outcomes[record_name(record)]})
        for run in runs
        for record in run.records
    }


def line(key: CellKey, old: Cell, new: Cell) -> list[str]:
    """A row of a table."""

    def both(number) -> str:
        return f"{number(old)} → {number(new)}"

    ids = [example for example in old.outcomes if example in new.outcomes]
    other = [i for i in ids if old.outcomes[i].status != new.outcomes[i].status]
    apart = f" seed {key.training_seed}" * (key.training_seed > 0)
    apart += f" v{key.variant}" * bool(key.variant)
    return [
        f"{key.model}{apart} + {key.defenses}" if key.defenses else f"{key.model}{apart}",
        key.recipe,
        both(lambda cell: cell.record.protocol.n),
        both(lambda cell: percent(cell.record.metrics.accuracy_under_attack.value)),
        str(len(ids)),
        both(lambda cell: percent(cell.metrics_of(ids).clean_accuracy.value)),
        both(lambda cell: percent(cell.metrics_of(ids).accuracy_under_attack.value)),
        str(len(other)),
        both(lambda cell: rounded(cell.record.metrics.textattack_queries_mean)),
        both(lambda cell: exhausted(cell.record.counts)),
        both(lambda cell: retracted(cell.record.counts)),
    ]


def exhausted(counts: Counts) -> str:
    """Of the attacked examples, those whose query budget ran out."""
    return share(counts.exhausted, counts.attacked)


def retracted(counts: Counts) -> str:
    """Of the claims to have broken an example, those that failed the check."""
    return share(counts.retracted, counts.retracted + counts.broken)


def percent(value: float | None) -> str:
    """A proportion in percent; ``n/a`` where there is none."""
    return "n/a" if value is None else f"{100 * value:.1f}"


def rounded(value: float | None) -> str:
    """A mean without decimals; ``n/a`` where there is none."""
    return "n/a" if value is None else f"{value:.0f}"


def share(part: int, whole: int) -> str:
    """A share in percent; ``n/a`` of nothing."""
    return percent(part / whole if whole else None)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except RobustbertError as error:
        sys.exit(f"old_and_new: {error}")
