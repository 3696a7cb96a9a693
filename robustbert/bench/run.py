"""The harness: a plan's cells, one after the other, into one folder."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from robustbert.assets import ensure_assets
from robustbert.attacks.recipes import assets_of
from robustbert.attacks.runner import LANES, AttackRunner
from robustbert.bench.attack_progress import AttackProgress
from robustbert.bench.environment import capture_environment
from robustbert.bench.job import CellRun
from robustbert.bench.plan import Cell, Plan
from robustbert.bench.store import Configuration, check_configuration, output_folder
from robustbert.bench.victims import Victim, check_trainable, prepare_victim
from robustbert.data import TextDataset, load_dataset, select_examples
from robustbert.errors import InputError, UnknownNameError
from robustbert.io import write_text
from robustbert.models.devices import choose_device, choose_dtype
from robustbert.models.inference.answer_cache import AnswerCache
from robustbert.models.model_registry import DTYPES
from robustbert.records import Record, outcomes_path, read_outcomes, record_name
from robustbert.records.schema import Environment
from robustbert.reports import Table, leaderboard_table, render_markdown, to_csv


@dataclass(frozen=True)
class Settings:
    """How a plan is run; nothing here changes which cells there are.

    Args:
        out: the folder for records, outcomes and tables.
        dtype: auto, float32 or bfloat16: the number format of queries.
        device: auto, cpu, cuda, cuda:N or mps.
        lanes: how many examples are attacked at once, at least 1; None takes the default.
        token_budget: tokens of a batch, at least 1; None takes what suits the device.
        text_column: the column of the texts in ``file:`` and ``hub:`` datasets.
        label_column: the column of the labels there.
        text_length: ``short`` or ``long``: whether the texts there are; None measures them.
        command: the command line as it was typed, for the records; None where there is none.
    """

    out: Path
    dtype: str = "auto"
    device: str = "auto"
    lanes: int | None = None
    token_budget: int | None = None
    text_column: str = "text"
    label_column: str = "label"
    text_length: str | None = None
    command: str | None = None


@dataclass(frozen=True)
class BenchResult:
    """What a run gave.

    Args:
        records: one per cell that ran.
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


def run_plan(plan: Plan, settings: Settings) -> BenchResult:
    """Run every cell; records, outcomes and tables are written as they come.

    Whatever can be found wrong is found before anything is trained or written.

    Raises:
        RecordError: the folder holds a run of another configuration.
        RobustbertError: whatever keeps a cell from running; what was finished stays.
    """
    began = time.perf_counter()
    check_run(settings)
    datasets = read_datasets(plan, settings)
    _check_models(plan, datasets, settings)
    with output_folder(settings.out):
        check_configuration(settings.out, plan_configuration(plan, datasets, settings))
        ensure_assets(assets_of(plan.recipes()))
        environment = capture_environment(settings.device)
        made: dict[Cell, Record] = {}
        for place, prepared in enumerate(_prepared(plan, datasets, settings), start=1):
            run = _cell_run(plan, prepared, settings, environment)
            what = f"[{place}/{len(plan.cells)}] {prepared.cell.describe()}"
            with AttackProgress(len(run.examples.items), what) as progress:
                made[prepared.cell] = run.run(progress)
        records = [made[cell] for cell in plan.cells]
        table = write_tables(settings.out, records)
    return BenchResult(
        records=tuple(records),
        skipped=plan.skipped,
        table=table,
        errors=sum(record.counts.error for record in records),
        seconds=time.perf_counter() - began,
    )


def check_run(settings: Settings) -> None:
    """Check how a plan is to be run.

    Raises:
        UnknownNameError: no such dtype.
        InputError: no such device, or a number below 1.
    """
    check_numbers(settings.dtype, settings.device)
    for name, value in (("lanes", settings.lanes), ("token-budget", settings.token_budget)):
        if value is not None and value < 1:
            raise InputError(f"--{name} is {value}; give a whole number above 0")


def check_numbers(dtype: str, device: str) -> None:
    """Check a number format and a device.

    Raises:
        UnknownNameError: no such number format.
        InputError: no such device, or not here.
    """
    if dtype not in DTYPES:
        raise UnknownNameError("dtype", dtype, DTYPES)
    if device != "auto":
        choose_device(device)


def write_tables(out: Path, records: Sequence[Record]) -> Table:
    """The leaderboard of ``records``, written as ``table.md`` and ``table.csv``."""
    outcomes = {name: read_outcomes(outcomes_path(out, name)) for name in map(record_name, records)}
    table = leaderboard_table(records, outcomes)
    write_text(out / "table.md", render_markdown(table))
    write_text(out / "table.csv", to_csv(table))
    return table


@dataclass(frozen=True)
class _Prepared:
    cell: Cell
    dataset: TextDataset
    victim: Victim
    answers: AnswerCache


def read_datasets(plan: Plan, settings: Settings) -> dict[str, TextDataset]:
    """Load every dataset of a plan, by the name that the plan has for it.

    Raises:
        DatasetError: one cannot be read.
        InputError: one has too few examples, or two have one name in tables.
    """
    datasets: dict[str, TextDataset] = {}
    names = dict.fromkeys(cell.dataset for cell in plan.cells)
    # Columns and length are for these. Where there are none, the first dataset refuses them.
    own = [name for name in names if name.startswith(("file:", "hub:"))] or [next(iter(names))]
    reading: dict[str, Any] = {
        "text_column": settings.text_column,
        "label_column": settings.label_column,
        "length": settings.text_length,
    }
    for name in names:
        dataset = load_dataset(name, **(reading if name in own else {}))
        largest = max(cell.n for cell in plan.cells if cell.dataset == name)
        select_examples(dataset, plan.split, largest, plan.seed)
        if dataset.name in {other.name for other in datasets.values()}:
            raise InputError(f"two datasets are called {dataset.name!r} in tables; rename a file")
        datasets[name] = dataset
    return datasets


def _check_models(plan: Plan, datasets: Mapping[str, TextDataset], settings: Settings) -> None:
    """Load what comes trained, find what others are trained from: a bad one stops the run here."""
    for dataset, victim in dict.fromkeys((cell.dataset, cell.victim) for cell in plan.cells):
        if victim.trained:
            check_trainable(victim)
        else:
            prepare_victim(
                victim,
                datasets[dataset],
                seed=plan.seed,
                dtype=settings.dtype,
                device=settings.device,
                token_budget=settings.token_budget,
            )


def plan_configuration(
    plan: Plan, datasets: Mapping[str, TextDataset], settings: Settings
) -> Configuration:
    """What the outcomes of a plan depend on, beside its models."""
    return Configuration(
        settings={
            "seed": plan.seed,
            "split": plan.split,
            "dtype": choose_dtype(settings.dtype, choose_device(settings.device)),
            **plan.limits.as_record(),
            "queries_per_word": plan.limits.queries_per_word,
        },
        datasets={dataset.name: dataset.sha256() for dataset in datasets.values()},
        examples={f"{datasets[cell.dataset].name} {cell.recipe}": cell.n for cell in plan.cells},
    )


def _prepared(
    plan: Plan, datasets: Mapping[str, TextDataset], settings: Settings
) -> Iterator[_Prepared]:
    """Each cell with its dataset, its victim and what that answered, which neighbours share."""
    cells_in_turn = plan.in_running_order()
    for (name, spec), cells in groupby(cells_in_turn, lambda cell: (cell.dataset, cell.victim)):
        victim = prepare_victim(
            spec,
            datasets[name],
            seed=plan.seed,
            dtype=settings.dtype,
            device=settings.device,
            token_budget=settings.token_budget,
        )
        answers = AnswerCache(victim.classifier.predict_proba)
        for cell in cells:
            yield _Prepared(cell, datasets[name], victim, answers)


def _cell_run(
    plan: Plan, prepared: _Prepared, settings: Settings, environment: Environment
) -> CellRun:
    cell, victim = prepared.cell, prepared.victim
    runner = AttackRunner(
        victim.classifier,
        cell.recipe,
        track=cell.track,
        limits=plan.limits,
        length=prepared.dataset.length,
        seed=plan.seed,
        dtype=settings.dtype,
        device=settings.device,
        lanes=settings.lanes or LANES,
        token_budget=settings.token_budget,
        answers=prepared.answers,
    )
    return CellRun(
        suite=plan.suite,
        dataset=prepared.dataset,
        examples=select_examples(prepared.dataset, plan.split, cell.n, plan.seed),
        victim=victim,
        runner=runner,
        environment=environment,
        out=settings.out,
        command=settings.command,
    )
