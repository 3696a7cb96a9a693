"""Run the cells of a plan one after the other and write the results to one folder."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from robustbert.assets.profiles import using_profile
from robustbert.attacks.recipes import ensure_attack_assets
from robustbert.bench.attack_progress import AttackProgress, result_line
from robustbert.bench.environment import capture_environment
from robustbert.bench.executors.executor import Executor
from robustbert.bench.executors.make_executor import run_executor
from robustbert.bench.job import Job, LoadedJob, load_job, make_jobs
from robustbert.bench.plan import Cell, Plan
from robustbert.bench.run_options import RunOptions, check_options
from robustbert.bench.store import Configuration, RunStore
from robustbert.bench.victim_checks import VictimChecks
from robustbert.bench.victim_spec import VictimSpec
from robustbert.bench.victims import Victim, check_trainable, prepare_victim
from robustbert.data import TextDataset, select_examples
from robustbert.errors import InputError, RobustbertWarning
from robustbert.models.devices import choose_device, choose_dtype
from robustbert.models.inference.output_cache import OutputCache
from robustbert.progress import report_step
from robustbert.records import Outcome, Record, record_name
from robustbert.reports import Table, leaderboard_table
from robustbert.reports.chance import below_chance
from robustbert.reports.row_labels import record_label

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class BenchResult:
    """The result of a run.

    Args:
        records: one per cell that ran, in the order of the plan.
        outcomes: the outcomes of each record, keyed by :func:`robustbert.records.record_name`.
        skipped: cells that cannot run, because the recipe needs gradients that the victim lacks.
        table: the leaderboard of all records in the output folder; those of this run come first.
        errors: number of examples whose attack failed.
        seconds: wall time.
    """

    records: tuple[Record, ...]
    outcomes: Mapping[str, tuple[Outcome, ...]]
    skipped: tuple[Cell, ...]
    table: Table
    errors: int
    seconds: float

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        """The table, for notebooks."""
        return self.table._repr_html_()

    def to_pandas(self) -> pd.DataFrame:
        """The table as a data frame; see :meth:`robustbert.reports.Table.to_pandas`."""
        return self.table.to_pandas()


@dataclass(frozen=True)
class LoadedPlan:
    """A plan with its datasets.

    Args:
        plan: the plan; its cells have no more examples than their datasets.
        datasets: keyed by their names in the plan.
    """

    plan: Plan
    datasets: Mapping[str, TextDataset]


def default_out(suite: str) -> Path:
    """The default output folder, ``runs/<suite>-<time>``; the time is UTC, to the second."""
    return Path("runs") / f"{suite}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"


def run_plan(plan: Plan, options: RunOptions) -> BenchResult:
    """Run every cell; write its outcomes and record as available, and tables at the end.

    All inputs are checked before anything is trained or written.

    Raises:
        RecordError: the output folder contains a run with another configuration.
        RobustbertError: a cell cannot run; finished cells are kept.
    """
    with using_profile(plan.assets):
        return _run_plan(plan, options)


def _run_plan(plan: Plan, options: RunOptions) -> BenchResult:
    began = time.perf_counter()
    check_options(options)
    with_data = load_datasets(plan)
    plan, datasets = with_data.plan, with_data.datasets
    victims = Victims(plan, datasets, options)
    victims.check()
    store = RunStore(options.out)
    with store.locked():
        store.write_configuration(plan_configuration(plan, datasets, options))
        ensure_attack_assets(plan.recipes(), plan.tracks())
        records: dict[Cell, Record] = {}
        with run_executor(options) as executor:
            jobs = _loaded_jobs(plan, options, datasets, victims)
            for number, (job, loaded) in enumerate(jobs, 1):
                described = job.cell.describe(datasets[job.cell.dataset].name)
                title = f"[{number}/{len(plan.cells)}] {described}"
                records[job.cell] = _run_job(loaded, store, title, executor)
                _warn_if_below_chance(records[job.cell])
        in_order = [records[cell] for cell in plan.cells]
        stored = store.content(in_order)
        table = leaderboard_table(stored.records, stored.outcomes)
        store.write_table(table)
    return BenchResult(
        records=tuple(in_order),
        outcomes={name: stored.outcomes[name] for name in map(record_name, in_order)},
        skipped=plan.skipped,
        table=table,
        errors=sum(record.counts.error for record in in_order),
        seconds=time.perf_counter() - began,
    )


def load_datasets(plan: Plan) -> LoadedPlan:
    """Load all datasets of a plan, and limit its numbers of examples to what there is.

    Raises:
        DatasetError: a dataset cannot be read.
        InputError: a dataset has too few examples, or two have the same display name.
    """
    datasets: dict[str, TextDataset] = {}
    available: dict[str, int] = {}
    for name, source in plan.sources.items():
        dataset = source.load()
        largest = max(cell.n for cell in plan.cells if cell.dataset == name)
        n = None if plan.at_most else largest
        available[name] = len(select_examples(dataset, plan.split, n, plan.seed))
        if dataset.name in {other.name for other in datasets.values()}:
            raise InputError(
                f"two datasets would both be named {dataset.name!r} in tables; rename one of the "
                "files, or give them names in [dataset.NAME] tables of a suite"
            )
        datasets[name] = dataset
    return LoadedPlan(plan.limited_to(available), datasets)


class Victims:
    """The victims of a plan; each is trained or loaded at its first use, and kept.

    Args:
        plan: the plan.
        datasets: its datasets, keyed by their names in the plan.
        options: how to run it.
    """

    def __init__(
        self, plan: Plan, datasets: Mapping[str, TextDataset], options: RunOptions
    ) -> None:
        self._plan = plan
        self._datasets = datasets
        self._options = options
        self._loaded: dict[tuple[str, VictimSpec], Victim] = {}

    def check(self) -> None:
        """Load the victims that are already trained, and check that the others can be trained.

        Raises:
            RobustbertError: a model cannot be loaded or does not fit its dataset.
        """
        for dataset, spec in self._plan.victims():
            if spec.needs_training:
                check_trainable(spec, self._datasets[dataset])
            else:
                self.get(dataset, spec)

    def get(self, dataset: str, spec: VictimSpec) -> Victim:
        """The victim for ``spec`` on a dataset, which is given by its name in the plan."""
        key = dataset, spec
        if key not in self._loaded:
            self._loaded[key] = prepare_victim(
                spec,
                self._datasets[dataset],
                seed=self._plan.seed,
                dtype=self._options.dtype,
                device=self._options.device,
                token_budget=self._options.token_budget,
            )
        return self._loaded[key]


def plan_configuration(
    plan: Plan, datasets: Mapping[str, TextDataset], options: RunOptions
) -> Configuration:
    """Everything that determines the outcomes of a plan, except its models."""
    return Configuration(
        settings={
            "seed": plan.seed,
            "split": plan.split,
            "dtype": choose_dtype(options.dtype, choose_device(options.device)),
            **plan.limits.as_record(),
            "queries_per_word": plan.limits.queries_per_word,
            "assets": plan.assets,
        },
        datasets={dataset.name: dataset.sha256() for dataset in datasets.values()},
        examples={_examples_key(cell, datasets[cell.dataset].name): cell.n for cell in plan.cells},
    )


def _examples_key(cell: Cell, dataset: str) -> str:
    """The key of a cell's number of examples; a model with a number of its own has its own key."""
    victim = cell.victim
    own = [] if victim.num_examples is None else filter(None, [victim.row_label, victim.variant])
    return " ".join([dataset, cell.recipe, *own])


def _loaded_jobs(
    plan: Plan, options: RunOptions, datasets: Mapping[str, TextDataset], victims: Victims
) -> Iterator[tuple[Job, LoadedJob]]:
    """Each job, loaded; consecutive jobs with the same victim share caches."""
    environment = capture_environment(options.device)
    jobs = make_jobs(plan, options)
    for (name, spec), group in groupby(jobs, lambda job: (job.cell.dataset, job.cell.victim)):
        victim = victims.get(name, spec)
        output_cache = OutputCache(victim.searched.predict_proba)
        checks = VictimChecks(victim.classifier)
        for job in group:
            loaded = load_job(job, datasets[name], victim, environment, output_cache, checks)
            loaded.runner.load_recipe()
            yield job, loaded


def _run_job(job: LoadedJob, store: RunStore, title: str, executor: Executor) -> Record:
    """Run the remaining examples of a job and store the results; return the record."""
    began = time.perf_counter()
    with AttackProgress(len(job.examples.items), title) as progress:
        stored = store.cell(job.header, job.example_ids())
        if stored.record is not None and stored.complete:
            for outcome in stored.outcomes.values():
                progress.add(outcome)
            report_step(f"{title}: {result_line(stored.record)}, from an earlier run")
            return stored.record
        result = job.run(stored, lambda outcome: store.append(stored, outcome), progress, executor)
        store.finish(stored, result.record, result.outcomes)
    seconds = time.perf_counter() - began
    report_step(f"{title}: {result_line(result.record)}, {seconds:.0f} s")
    return result.record


def _warn_if_below_chance(record: Record) -> None:
    # The same text for each recipe, so that it is shown once.
    if description := below_chance(record):
        warnings.warn(
            f"{record_label(record)} on {record.dataset.name}: the clean accuracy {description}: "
            "the model's labels may be in another order; if they are, name its outputs in order "
            "(--labels on the command line, labels= or label_names= in Python)",
            RobustbertWarning,
            stacklevel=2,
        )
