"""Set the numbers of two folders of results side by side, as Markdown.

    git worktree add /tmp/old COMMIT
    python benchmarks/old_and_new.py /tmp/old/results results

One table per dataset and track. "Under attack, all" is the accuracy under attack on all examples of
each cell; everything else is on the examples that both cells hold (by their ids): how many these
are, how many of them have another status now, both accuracies, the mean queries (TextAttack's own
count, the only one that old records hold) and the shares exhausted and retracted. A cell that only
one folder has is left out, and named below the tables. A last table says what became of exhausted
searches and retracted claims.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from robustbert.errors import RecordError, RobustbertError
from robustbert.metrics import counts, summarize
from robustbert.records import Counts, Metrics, Outcome, Record, read_run, record_name
from robustbert.reports.row_labels import record_label

HEADERS = (
    *("model", "recipe", "n", "under attack %, all"),
    *("n in both", "other status", "clean %", "under attack %"),
    *("TextAttack's queries", "exhausted %", "retracted %"),
)
STATUSES = ("broken", "exhausted", "robust", "skipped", "error")


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
            line(before[key], after[key])
            for key in both
            if (key.dataset, key.track) == (dataset, track)
        ]
        print_table(rows, HEADERS, names=2)
    print_fates(before, after)
    for what, own, others in (("old", before, after), ("new", after, before)):
        alone = [own[key].record for key in sorted(own.keys() - others.keys())]
        names = [f"{r.dataset.name} {r.track} {record_label(r)} {r.recipe.name}" for r in alone]
        print(f"In the {what} results alone: {', '.join(names) or 'nothing'}.")


def print_fates(before: Mapping[CellKey, Cell], after: Mapping[CellKey, Cell]) -> None:
    """Print what became of the searches that had run out and the claims that were retracted."""
    found: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for key in sorted(before.keys() & after.keys()):
        for example, old in before[key].outcomes.items():
            new = after[key].outcomes.get(example)
            what = "retracted" if old.retracted else old.status
            if new and what in ("exhausted", "retracted"):
                found[key.dataset, key.track, key.recipe, what][new.status] += 1
    headers = ("dataset", "track", "recipe", "was", "examples in both", *STATUSES)
    rows = [
        [*where, str(statuses.total()), *(str(statuses[status]) for status in STATUSES)]
        for where, statuses in found.items()
    ]
    print("## What became of exhausted searches and retracted claims\n")
    print_table(rows, headers, names=4)


def print_table(rows: Sequence[Sequence[str]], headers: Sequence[str], names: int) -> None:
    """Print a Markdown table: the first columns are ``names``, the others numbers."""
    rule = [*["---"] * names, *["---:"] * (len(headers) - names)]
    for row in (headers, rule, *rows):
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


def line(old: Cell, new: Cell) -> list[str]:
    """A row of a table."""
    ids = [example for example in old.outcomes if example in new.outcomes]
    other = [i for i in ids if old.outcomes[i].status != new.outcomes[i].status]
    (old_metrics, old_counts), (new_metrics, new_counts) = old.on(ids), new.on(ids)

    def records(number: Callable[[Record], str]) -> str:
        return f"{number(old.record)} → {number(new.record)}"

    def metrics(number: Callable[[Metrics], str]) -> str:
        return f"{number(old_metrics)} → {number(new_metrics)}"

    return [
        record_label(new.record),
        new.record.recipe.name,
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
