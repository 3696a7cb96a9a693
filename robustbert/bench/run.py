"""The harness: a plan's cells, one after the other, into one folder."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from robustbert.attacks.engine import AttackRunner
from robustbert.attacks.recipes import assets_of, recipe
from robustbert.bench.cells import CellRun
from robustbert.bench.environment import capture_environment
from robustbert.bench.plan import Cell, Plan
from robustbert.bench.victims import Victim, prepare_victim
from robustbert.data import TextDataset, load_dataset, select_examples
from robustbert.errors import OutputError
from robustbert.progress import progress_bar
from robustbert.records import Record, read_run, write_text
from robustbert.reports import Table, leaderboard_table, render_markdown, to_csv


@dataclass(frozen=True)
class Settings:
    """How a plan is run; nothing here changes which cells there are.

    Args:
        out: the folder for records, outcomes and tables.
        dtype: auto, float32 or bfloat16: the number format of queries.
        device: auto, cpu, cuda, cuda:N or mps.
        text_column: the column of the texts in ``file:`` and ``hub:`` datasets.
        label_column: the column of the labels there.
    """

    out: Path
    dtype: str = "auto"
    device: str = "auto"
    text_column: str = "text"
    label_column: str = "label"


@dataclass(frozen=True)
class BenchResult:
    """What a run gave.

    Args:
        records: one a cell that ran.
        skipped: cells that could not be: the recipe reads gradients and the victim has none.
        table: the leaderboard of the records.
        errors: examples whose attack failed.
        seconds: wall time.
    """

    records: tuple[Record, ...]
    skipped: tuple[Cell, ...]
    table: Table
    errors: int
    seconds: float


def default_out(suite: str) -> Path:
    """``runs/<suite>-<time>``, the time in UTC to the second."""
    return Path("runs") / f"{suite}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"


def check_writable(out: Path) -> None:
    """Make ``out`` and prove that a file can be written there, before hours are spent.

    Raises:
        OutputError: it cannot.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"cannot write to {out} ({reason}); choose another --out") from error


def run_plan(plan: Plan, settings: Settings) -> BenchResult:
    """Run every cell; records, outcomes and tables are written as they come.

    Raises:
        RobustbertError: whatever keeps a cell from running; what was finished stays.
    """
    began = time.perf_counter()
    check_writable(settings.out)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    _make_assets(plan)
    _check_examples(plan, settings)
    environment = capture_environment(settings.device)
    records: list[Record] = []
    skipped: list[Cell] = []
    for place, prepared in enumerate(_prepared(plan, settings), start=1):
        cell = prepared.cell
        what = f"[{place}/{len(plan.cells)}] {cell.dataset} {cell.victim.label} {cell.track} {cell.recipe}"
        if recipe(cell.recipe).gradients and not prepared.victim.classifier.has_gradients:
            skipped.append(cell)
            continue
        examples = select_examples(prepared.dataset, plan.split, cell.n, plan.seed)
        runner = AttackRunner(
            prepared.victim.classifier,
            cell.recipe,
            track=cell.track,
            limits=plan.limits,
            seed=plan.seed,
            dtype=settings.dtype,
            device=settings.device,
        )
        run = CellRun(
            plan.suite,
            prepared.dataset,
            examples,
            prepared.victim,
            runner,
            environment,
            settings.out,
        )
        with progress_bar(len(examples.items), what, "text") as bar:
            records.append(run.run(bar.update))
    table = write_tables(settings.out, records)
    return BenchResult(
        records=tuple(records),
        skipped=tuple(skipped),
        table=table,
        errors=sum(record.counts.error for record in records),
        seconds=time.perf_counter() - began,
    )


def write_tables(out: Path, records: list[Record]) -> Table:
    """The leaderboard of ``records``, written as ``table.md`` and ``table.csv``."""
    table = leaderboard_table(records, read_run(out).outcomes)
    write_text(out / "table.md", render_markdown(table))
    write_text(out / "table.csv", to_csv(table))
    return table


@dataclass(frozen=True)
class _Prepared:
    cell: Cell
    dataset: TextDataset
    victim: Victim


def _make_assets(plan: Plan) -> None:
    from robustbert.assets import ensure_assets

    ensure_assets(assets_of(plan.recipes()))


def _check_examples(plan: Plan, settings: Settings) -> None:
    """Read every dataset and take its examples, so that a bad one stops the run at its start."""
    for name in dict.fromkeys(cell.dataset for cell in plan.cells):
        dataset = _dataset(name, settings)
        largest = max(cell.n for cell in plan.cells if cell.dataset == name)
        select_examples(dataset, plan.split, largest, plan.seed)


def _prepared(plan: Plan, settings: Settings) -> Iterator[_Prepared]:
    """Each cell with its dataset and victim, which neighbours share."""
    dataset: TextDataset | None = None
    victim: Victim | None = None
    before: Cell | None = None
    for cell in plan.cells:
        if dataset is None or before is None or cell.dataset != before.dataset:
            dataset, victim = _dataset(cell.dataset, settings), None
        if victim is None or before is None or cell.victim is not before.victim:
            victim = prepare_victim(
                cell.victim, dataset, seed=plan.seed, dtype=settings.dtype, device=settings.device
            )
        before = cell
        yield _Prepared(cell, dataset, victim)


def _dataset(name: str, settings: Settings) -> TextDataset:
    if name.startswith(("file:", "hub:")):
        return load_dataset(
            name, text_column=settings.text_column, label_column=settings.label_column
        )
    return load_dataset(name)
