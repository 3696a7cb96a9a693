"""Set the numbers of two folders of results side by side, as Markdown.

    git worktree add /tmp/old COMMIT
    python benchmarks/old_and_new.py /tmp/old/results results

One table per dataset and track. "Under attack, all" is the accuracy under attack on all examples of
each cell; everything else is on the examples that both cells hold (by their ids): how many these
are, how many of them have another status now, both accuracies, the mean queries (TextAttack's own
count, the only one that old records hold) and the shares exhausted and retracted. A cell that only
one folder has is left out, and named below the tables.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from robustbert.errors import RecordError, RobustbertError
from robustbert.metrics import counts, summarize
from robustbert.records import Counts, Metrics, Outcome, Record, read_run, record_name

HEADERS = (
    *("model", "recipe", "n", "under attack %, all"),
    *("n in both", "other status", "clean %", "under attack %"),
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

    def on(self, ids: Sequence[str]) -> tuple[Metrics, Counts]:
        """The metrics and the counts of statuses on some of its examples."""
        chosen = [self.outcomes[example] for example in ids]
        return summarize(chosen), counts(chosen, truncated=0)


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
    for what, alone in (
        ("old", before.keys() - after.keys()),
        ("new", after.keys() - before.keys()),
    ):
        names = [f"{k.dataset} {k.track} {name_of(k)} {k.recipe}" for k in sorted(alone)]
        print(f"In the {what} results alone: {', '.join(names) or 'nothing'}.")


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table: two columns of names, the others numbers."""
    rule = ["---", "---", *["---:"] * (len(HEADERS) - 2)]
    for row in (HEADERS, rule, *rows):
        print(f"| {' | '.join(row)} |")
    print()


def by_key(results: Path) -> Mapping[CellKey, Cell]:
    """Every cell of ``RESULTS/<dataset>``."""
    cells: dict[CellKey, Cell] = {}
    for folder in sorted(results.glob("*/records")):
        run = read_run(folder.parent)
        for record in run.records:
            name = record_name(record)
            if name not in run.outcomes:
                raise RecordError(f"{folder.parent} has no outcomes of {name}")
            key = key_of(record)
            if key in cells:
                raise RecordError(f"{results} holds two cells like {name}")
            cells[key] = Cell(record, {o.example_id: o for o in run.outcomes[name]})
    return cells


def key_of(record: Record) -> CellKey:
    """What the record's counterpart must have, too."""
    return CellKey(
        record.dataset.name,
        record.track,
        record.model.name,
        record.training_seed or 0,
        record.model.variant or "",
        " + ".join(defense.name for defense in record.defenses),
        record.recipe.name,
    )


def name_of(key: CellKey) -> str:
    """The model with its defenses, and what tells it from others of its name."""
    apart = f" seed {key.training_seed}" * (key.training_seed > 0)
    apart += f" v{key.variant}" * bool(key.variant)
    return f"{key.model}{apart} + {key.defenses}" if key.defenses else f"{key.model}{apart}"


def line(key: CellKey, old: Cell, new: Cell) -> list[str]:
    """A row of a table."""
    ids = [example for example in old.outcomes if example in new.outcomes]
    other = [i for i in ids if old.outcomes[i].status != new.outcomes[i].status]
    (old_metrics, old_counts), (new_metrics, new_counts) = old.on(ids), new.on(ids)

    def records(number: Callable[[Record], str]) -> str:
        return f"{number(old.record)} → {number(new.record)}"

    def metrics(number: Callable[[Metrics], str]) -> str:
        return f"{number(old_metrics)} → {number(new_metrics)}"

    return [
        name_of(key),
        key.recipe,
        records(lambda record: str(record.protocol.n)),
        records(lambda record: percent(record.metrics.accuracy_under_attack.value)),
        str(len(ids)),
        str(len(other)),
        metrics(lambda found: percent(found.clean_accuracy.value)),
        metrics(lambda found: percent(found.accuracy_under_attack.value)),
        metrics(lambda found: rounded(found.textattack_queries_mean)),
        f"{exhausted(old_counts)} → {exhausted(new_counts)}",
        f"{retracted(old_counts)} → {retracted(new_counts)}",
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
