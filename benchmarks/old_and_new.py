"""Compare two results folders and print Markdown tables.

    git worktree add /tmp/old COMMIT
    python benchmarks/old_and_new.py /tmp/old/results results

There is one table per dataset and track. "Under attack %, all" is the accuracy under attack on all
examples of each cell. All other columns use only the examples common to both cells (same id): their
number, how many changed status, both accuracies, the mean number of queries (TextAttack's own
count, the only one in old records), and the shares of exhausted and retracted examples. A final
table shows the new status of examples that were exhausted or retracted. Cells that exist in only
one folder are listed at the end.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from robustbert.errors import RecordError, RobustbertError
from robustbert.metrics import counts, summarize
from robustbert.records import (
    Counts,
    Metrics,
    Outcome,
    Record,
    is_published,
    read_published,
    record_name,
)
from robustbert.reports.row_labels import record_label
from robustbert.reports.run_folder import read_finished

HEADERS = (
    *("model", "recipe", "n", "under attack %, all"),
    *("common n", "status changed", "clean %", "under attack %"),
    *("TextAttack's queries", "exhausted %", "retracted %"),
)
STATUSES = ("broken", "exhausted", "robust", "skipped", "error")


@dataclass(frozen=True, order=True)
class CellKey:
    """The values that two compared records must share."""

    dataset: str
    track: str
    model: str
    training_seed: int
    variant: str
    defenses: str
    recipe: str


@dataclass(frozen=True)
class Cell:
    """A record and its outcomes, keyed by example id."""

    record: Record
    outcomes: Mapping[str, Outcome]

    def summary_of(self, ids: Sequence[str]) -> tuple[Metrics, Counts]:
        """Metrics and status counts over the examples with these ids."""
        chosen = [self.outcomes[example] for example in ids]
        return summarize(chosen), counts(chosen, truncated=0)


def main(old: Path, new: Path) -> None:
    """Print the comparison of two results folders."""
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
    print_status_changes(before, after)
    for which, own, other in (("old", before, after), ("new", after, before)):
        records = [own[key].record for key in sorted(own.keys() - other.keys())]
        names = [f"{r.dataset.name} {r.track} {record_label(r)} {r.recipe.name}" for r in records]
        print(f"Cells only in the {which} results: {', '.join(names) or 'none'}.")


def print_status_changes(before: Mapping[CellKey, Cell], after: Mapping[CellKey, Cell]) -> None:
    """Print the new status of the examples that were exhausted or retracted."""
    new_statuses: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for key in sorted(before.keys() & after.keys()):
        for example, old in before[key].outcomes.items():
            new = after[key].outcomes.get(example)
            old_status = "retracted" if old.retracted else old.status
            if new and old_status in ("exhausted", "retracted"):
                new_statuses[key.dataset, key.track, key.recipe, old_status][new.status] += 1
    headers = ("dataset", "track", "recipe", "old status", "common n", *STATUSES)
    rows = [
        [*names, str(statuses.total()), *(str(statuses[status]) for status in STATUSES)]
        for names, statuses in new_statuses.items()
    ]
    print("## New status of exhausted and retracted examples\n")
    print_table(rows, headers, names=4)


def print_table(rows: Sequence[Sequence[str]], headers: Sequence[str], names: int) -> None:
    """Print a Markdown table with ``names`` columns of text, followed by columns of numbers."""
    rule = [*["---"] * names, *["---:"] * (len(headers) - names)]
    for row in (headers, rule, *rows):
        print(f"| {' | '.join(row)} |")
    print()


def by_key(results: Path) -> Mapping[CellKey, Cell]:
    """Read all cells of a results folder."""
    cells: dict[CellKey, Cell] = {}
    for record, outcomes in read_cells(results):
        key = key_of(record)
        if key in cells:
            raise RecordError(f"{results} contains several cells that match {record_name(record)}")
        cells[key] = Cell(record, {outcome.example_id: outcome for outcome in outcomes})
    return cells


def read_cells(results: Path) -> Iterator[tuple[Record, Sequence[Outcome]]]:
    """The cells of a results folder; earlier ones contain one run folder per dataset."""
    if is_published(results):
        for cell in read_published(results):
            yield cell.record, cell.outcomes
    for folder in sorted(results.glob("*/records")):
        run = read_finished(folder.parent)
        for record in run.records:
            yield record, run.outcomes[record_name(record)]


def key_of(record: Record) -> CellKey:
    """The key used to match a record with its counterpart."""
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
    """The row of a table that compares two cells."""
    ids = [example for example in old.outcomes if example in new.outcomes]
    changed = [i for i in ids if old.outcomes[i].status != new.outcomes[i].status]
    (old_metrics, old_counts), (new_metrics, new_counts) = old.summary_of(ids), new.summary_of(ids)

    def records(show: Callable[[Record], str]) -> str:
        return f"{show(old.record)} → {show(new.record)}"

    def metrics(show: Callable[[Metrics], str]) -> str:
        return f"{show(old_metrics)} → {show(new_metrics)}"

    return [
        record_label(new.record),
        new.record.recipe.name,
        records(lambda record: str(record.protocol.n)),
        records(lambda record: percent(record.metrics.accuracy_under_attack.value)),
        str(len(ids)),
        str(len(changed)),
        metrics(lambda m: percent(m.clean_accuracy.value)),
        metrics(lambda m: percent(m.accuracy_under_attack.value)),
        metrics(lambda m: rounded(m.textattack_queries_mean)),
        f"{exhausted(old_counts)} → {exhausted(new_counts)}",
        f"{retracted(old_counts)} → {retracted(new_counts)}",
    ]


def exhausted(counts: Counts) -> str:
    """Exhausted share of the attacked examples, in percent."""
    return share(counts.exhausted, counts.attacked)


def retracted(counts: Counts) -> str:
    """Retracted share of the reported successes, in percent."""
    return share(counts.retracted, counts.retracted + counts.broken)


def percent(value: float | None) -> str:
    """A proportion in percent; ``n/a`` if it is None."""
    return "n/a" if value is None else f"{100 * value:.1f}"


def rounded(value: float | None) -> str:
    """A mean without decimals; ``n/a`` if it is None."""
    return "n/a" if value is None else f"{value:.0f}"


def share(part: int, total: int) -> str:
    """A share in percent; ``n/a`` if the total is 0."""
    return percent(part / total if total else None)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except RobustbertError as error:
        sys.exit(f"old_and_new: {error}")
