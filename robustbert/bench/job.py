"""A job: one cell with everything that is needed to run it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

from robustbert.attacks import UnifiedLimits
from robustbert.attacks.runner import DEFAULT_LANES, AttackRunner
from robustbert.bench.attack_progress import AttackProgress
from robustbert.bench.executors.executor import CellAttack, CellTask, Executor
from robustbert.bench.executors.local_executor import LocalExecutor
from robustbert.bench.plan import Cell, Plan
from robustbert.bench.record import (
    CellHeader,
    assets_ref,
    batch_invariance_entry,
    dataset_ref,
    make_record,
    model_ref,
    protocol_ref,
)
from robustbert.bench.run_options import RunOptions
from robustbert.bench.store import StoredCell
from robustbert.bench.victim_checks import VictimChecks
from robustbert.bench.victims import Victim
from robustbert.data import DatasetSource, Examples, TextDataset, select_examples
from robustbert.errors import BatchInvarianceWarning, RobustbertWarning
from robustbert.models.inference.output_cache import OutputCache
from robustbert.records import BatchInvariance, Engine, Environment, Outcome, Record, Timing


@dataclass(frozen=True)
class Job:
    """One cell with everything that is needed to run it; it can be pickled.

    Args:
        suite: the name of the suite; None for a single attack.
        dataset: the dataset and how to read it.
        cell: victim, track, recipe and number of examples.
        split: the split whose examples are attacked.
        seed: the seed for example selection and attacks.
        limits: the limits of the ``unified`` track.
        options: how to run it.
    """

    suite: str | None
    dataset: DatasetSource
    cell: Cell
    split: str
    seed: int
    limits: UnifiedLimits
    options: RunOptions


@dataclass(frozen=True)
class JobResult:
    """The outcomes of a job, one per example in order, and its record."""

    outcomes: tuple[Outcome, ...]
    record: Record


@dataclass(frozen=True)
class LoadedJob:
    """A job with its examples and its victim loaded.

    Args:
        job: the job.
        examples: the examples to attack, in order.
        victim: the victim.
        runner: runs the recipe on the victim.
        header: the parts of the record that are known before the attack.
        checks: the reliability checks that query the victim.
    """

    job: Job = field(repr=False)
    examples: Examples
    victim: Victim
    runner: AttackRunner = field(repr=False)
    header: CellHeader
    checks: VictimChecks = field(repr=False)

    @property
    def task(self) -> CellTask:
        """The cell as executors need it."""
        return CellTask(
            spec=self.job.cell.victim,
            victim=self.victim,
            runner=self.runner,
            label_names=tuple(self.examples.label_names),
            options=self.job.options,
        )

    def example_ids(self) -> list[str]:
        """The ids of the examples, in order."""
        return [example.example_id for example in self.examples.items]

    def run(
        self,
        stored: StoredCell,
        save: Callable[[Outcome], None],
        progress: AttackProgress,
        executor: Executor | None = None,
    ) -> JobResult:
        """Attack the examples without an outcome, and build the record from all outcomes.

        Args:
            stored: the results that earlier runs stored for this cell.
            save: called with each new outcome.
            progress: shows each outcome and the number of queries.
            executor: where the attacks run; None for this process.
        """
        executor = executor or LocalExecutor()
        items = self.examples.items
        todo = [item for item in items if item.example_id not in stored.outcomes]
        for outcome in stored.outcomes.values():
            progress.add(outcome)

        def save_and_show(outcome: Outcome) -> None:
            save(outcome)
            progress.add(outcome)

        texts = self._interrupted_texts(stored)
        run = executor.attack(self.task, todo, texts, save_and_show, progress)
        batch_invariance = self._batch_invariance(run, stored.record)
        new = {outcome.example_id: outcome for outcome in run.outcomes}
        by_id = {**stored.outcomes, **new}
        outcomes = tuple(by_id[item.example_id] for item in items)
        resumed = len(todo) < len(items)
        timing = Timing(
            train_seconds=self.victim.train_seconds,
            # the times and queries of the interrupted run are unknown
            attack_seconds=None if resumed else run.seconds,
            victim_seconds=None if resumed else run.victim_seconds,
            victim_queries=None if resumed else run.victim_queries,
        )
        classifier = self.victim.classifier
        record = make_record(
            self.header,
            outcomes,
            truncated=int(classifier.truncated([item.text for item in items]).sum()),
            timing=timing,
            engine=Engine(
                lanes=self.runner.lanes,
                token_budget=classifier.token_budget,
                executor=executor.name,
                workers=None if run.workers is None else list(run.workers),
            ),
            batch_invariance=batch_invariance,
            measured_checks=self.checks.of(
                outcomes, {item.example_id: item.text for item in items}, run.final_texts
            ),
        )
        return JobResult(outcomes, record)

    def _interrupted_texts(self, stored: StoredCell) -> list[str]:
        """Texts of an interrupted run, which the recheck can sample too."""
        clean = {item.example_id: item.text for item in self.examples.items}
        return [
            text
            for example_id, outcome in stored.outcomes.items()
            if example_id in stored.interrupted
            for text in (clean[example_id], outcome.adversarial_text)
            if text is not None
        ]

    def _batch_invariance(self, run: CellAttack, earlier: Record | None) -> BatchInvariance:
        """The result of the recheck; warns if any prediction or embedding differs."""
        predictions, embeddings = run.predictions, run.embeddings
        differing = predictions.differing + embeddings.differing
        if predictions.changed:
            warnings.warn(
                f"{self.header.name}: the model is not deterministic: {predictions.changed} of "
                f"{predictions.checked} texts got other probabilities when they were classified "
                "again, so results may not be reproducible; turn off its dropout or sampling",
                RobustbertWarning,
                stacklevel=2,
            )
        elif differing:
            warnings.warn(
                f"{self.header.name}: {differing} of {predictions.checked + embeddings.checked} "
                "model outputs differ when they are recomputed with batch size 1, so results may "
                "not be reproducible; please report the output of `robustbert doctor`",
                BatchInvarianceWarning,
                stacklevel=2,
            )
        return batch_invariance_entry(
            run.batch_invariance,
            predictions,
            embeddings,
            earlier.environment.batch_invariance if earlier else None,
        )


def make_jobs(plan: Plan, options: RunOptions) -> tuple[Job, ...]:
    """The jobs of a plan, in execution order."""
    return tuple(
        Job(
            suite=plan.suite,
            dataset=plan.sources[cell.dataset],
            cell=cell,
            split=plan.split,
            seed=plan.seed,
            limits=plan.limits,
            options=options,
        )
        for cell in plan.in_execution_order()
    )


def load_job(
    job: Job,
    dataset: TextDataset,
    victim: Victim,
    environment: Environment,
    output_cache: OutputCache | None = None,
    checks: VictimChecks | None = None,
) -> LoadedJob:
    """Prepare a job for running.

    Args:
        job: the job.
        dataset: its loaded dataset.
        victim: its loaded victim.
        environment: versions and hardware, for the record.
        output_cache: a cache of the predictions that searches follow, to share between jobs; None
            for a new one.
        checks: the checks of the victim, to share between jobs; None for new ones.
    """
    cell, options = job.cell, job.options
    examples = select_examples(dataset, job.split, cell.n, job.seed)
    runner = AttackRunner(
        victim.searched,
        cell.recipe,
        track=cell.track,
        limits=job.limits,
        length=dataset.length,
        seed=job.seed,
        dtype=options.dtype,
        device=options.device,
        lanes=options.lanes or DEFAULT_LANES,
        token_budget=options.token_budget,
        output_cache=output_cache,
    )
    header = CellHeader(
        suite=job.suite,
        command=options.command,
        dataset=dataset_ref(dataset, examples),
        model=model_ref(victim),
        defenses=victim.defenses,
        training_seed=victim.training_seed,
        track=cell.track,
        recipe=runner.recipe_ref(),
        assets=assets_ref({**victim.asset_hashes, **runner.asset_hashes}),
        protocol=protocol_ref(job.seed, cell.n, runner.active_limits, victim),
        environment=environment,
    )
    checks = checks or VictimChecks(victim.classifier)
    return LoadedJob(job, examples, victim, runner, header, checks)
