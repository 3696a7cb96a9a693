"""Set the numbers of two folders of results side by side, as Markdown.

    git worktree add /tmp/old COMMIT
    python benchmarks/old_and_new.py /tmp/old/results results

One table per dataset and track: for each row and recipe the accuracy under attack, the mean queries
(TextAttack's own count, which old records have) and the shares exhausted and retracted, old → new.
A cell that only one folder has is left out, and counted below the table.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tabulate import tabulate

from robustbert.errors import RobustbertError
from robustbert.records import Record, read_records

HEADERS = (
    *("model", "recipe", "n", "clean %", "under attack %"),
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


def main(old: Path, new: Path) -> None:
    """Print the tables."""
    before, after = by_key(old), by_key(new)
    both = sorted(before.keys() & after.keys())
    for dataset, track in dict.fromkeys((key.dataset, key.track) for key in both):
        print(f"### {dataset}, {track}: old → new\n")
        rows = [
            line(key, before[key], after[key])
            for key in both
            if (key.dataset, key.track) == (dataset, track)
        ]
        print(tabulate(rows, headers=HEADERS, tablefmt="pipe", disable_numparse=True))
        print()
    print(f"In the old results alone: {len(before.keys() - after.keys())} cells; ", end="")
    print(f"in the new ones alone: {len(after.keys() - before.keys())}.")


def by_key(results: Path) -> Mapping[CellKey, Record]:
    """Every record of ``RESULTS/<dataset>/records``."""
    folders = sorted(results.glob("*/records"))
    records: Iterable[Record] = (r for folder in folders for r in read_records(folder))
    return {
        CellKey(
            record.dataset.name,
            record.track,
            record.model.name,
            record.training_seed or 0,
            record.model.variant or "",
            " + ".join(defense.name for defense in record.defenses),
            record.recipe.name,
        ): record
        for record in records
    }


def line(key: CellKey, old: Record, new: Record) -> list[str]:
    """A row of a table."""

    def both(number) -> str:
        return f"{number(old)} → {number(new)}"

    apart = f" seed {key.training_seed}" * (key.training_seed > 0)
    apart += f" v{key.variant}" * bool(key.variant)
    return [
        f"{key.model}{apart} + {key.defenses}" if key.defenses else f"{key.model}{apart}",
        key.recipe,
        both(lambda r: r.protocol.n),
        both(lambda r: percent(r.metrics.clean_accuracy.value)),
        both(lambda r: percent(r.metrics.accuracy_under_attack.value)),
        both(lambda r: rounded(r.metrics.textattack_queries_mean)),
        both(lambda r: share(r.counts.exhausted, r.counts.attacked)),
        both(lambda r: share(r.counts.retracted, r.counts.retracted + r.counts.broken)),
    ]


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
