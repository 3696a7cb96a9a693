"""What a plan would take: its cells, how many queries and how long, before anything is run.

Nothing is written and nothing is kept that was trained. Queries come from what attacks cost in
committed records (:mod:`robustbert.bench.costs`) and the words of the examples; time also from how
fast this machine answers and trains (:mod:`robustbert.bench.speed`).
"""

from __future__ import annotations

from dataclasses import dataclass

from robustbert.assets import asset_status
from robustbert.attacks.protocol import PROTOCOL_REVISION
from robustbert.attacks.recipes import assets_of
from robustbert.bench.costs import attack_cost
from robustbert.bench.environment import capture_environment
from robustbert.bench.identity import record_identity
from robustbert.bench.meter import Meter, TrainingEstimate
from robustbert.bench.plan import Cell, Plan
from robustbert.bench.run import Settings, check_run, plan_configuration, read_datasets
from robustbert.bench.store import check_configuration
from robustbert.data import TextDataset, select_examples
from robustbert.data.words import words_of
from robustbert.errors import OutputError, RecordError
from robustbert.models.inference.invariance_cache import unsaved_invariance_cache
from robustbert.progress import progress_bar
from robustbert.records import outcomes_path, read_record, record_path
from robustbert.records.schema import Environment


@dataclass(frozen=True)
class CellEstimate:
    """A cell, and what it would take.

    Args:
        dataset: the name of its loaded dataset.
        cell: what it is.
        done: whether the output folder has it, finished.
        queries: None where no committed record tells.
        seconds: of the attack; None where that or the victim's speed is not known.
    """

    dataset: str
    cell: Cell
    done: bool
    queries: float | None
    seconds: float | None


@dataclass(frozen=True)
class Estimate:
    """What a plan would take.

    Args:
        cells: in the order of tables.
        trainings: the victims that are trained, in that order.
        missing_assets: what is made first.
    """

    cells: tuple[CellEstimate, ...]
    trainings: tuple[TrainingEstimate, ...]
    missing_assets: tuple[str, ...]


def estimate_plan(plan: Plan, settings: Settings) -> Estimate:
    """Estimate what :func:`robustbert.bench.run_plan` would take.

    What would stop the run before it trains stops this, too.

    Raises:
        OutputError: the output folder is a file.
        RecordError: the output folder holds a run of another configuration or identity.
        RobustbertError: a dataset or model that cannot be loaded.
    """
    check_run(settings)
    if settings.out.exists() and not settings.out.is_dir():
        raise OutputError(f"{settings.out} is a file, not a folder; choose another --out")
    datasets = read_datasets(plan, settings)
    if settings.out.exists():
        wanted = plan_configuration(plan, datasets, settings)
        check_configuration(settings.out, wanted, keep=False)
    missing = [row.name for row in asset_status() if not row.present]
    needed = {*assets_of(plan.recipes()), "sentence-encoder"}
    environment = capture_environment(settings.device)
    pairs = list(dict.fromkeys((cell.dataset, cell.victim) for cell in plan.cells))
    meter = Meter(plan, settings, assets_complete=not missing)
    with unsaved_invariance_cache(), progress_bar(len(pairs), "measuring", "model") as bar:
        for dataset, victim in pairs:
            meter.measure(datasets[dataset], victim)
            bar.update(1)
    return Estimate(
        cells=tuple(
            _cell_estimate(plan, cell, datasets[cell.dataset], settings, environment, meter)
            for cell in plan.cells
        ),
        trainings=tuple(
            meter.trainings[datasets[dataset].name, victim]
            for dataset, victim in pairs
            if victim.trained
        ),
        missing_assets=tuple(name for name in missing if name in needed),
    )


def _cell_estimate(
    plan: Plan,
    cell: Cell,
    dataset: TextDataset,
    settings: Settings,
    environment: Environment,
    meter: Meter,
) -> CellEstimate:
    if _is_done(cell, dataset, plan.split, settings, environment):
        return CellEstimate(dataset.name, cell, True, 0.0, 0.0)
    examples = select_examples(dataset, plan.split, cell.n, plan.seed)
    words = sum(len(words_of(example.text)) for example in examples.items)
    query_seconds = meter.query_seconds[dataset.name, cell.victim]
    cost = attack_cost(cell.recipe, cell.track, words, query_seconds)
    return CellEstimate(dataset.name, cell, False, cost.queries, cost.seconds)


def _is_done(
    cell: Cell, dataset: TextDataset, split: str, settings: Settings, environment: Environment
) -> bool:
    """Whether a run would take the cell as it is.

    Raises:
        RecordError: a run would refuse it, as far as can be told without its model.
    """
    name = cell.file_name(dataset.name)
    path = record_path(settings.out, name)
    if not path.exists():
        return False
    record = read_record(path)
    parts = {
        "dataset": {"sha256": dataset.sha256(), "split": split, "length": dataset.length},
        "protocol": {"revision": PROTOCOL_REVISION},
    }
    now = record.model_copy(
        update={part: getattr(record, part).model_copy(update=new) for part, new in parts.items()}
        | {"environment": environment}
    )
    if difference := record_identity(now).difference(record_identity(record)):
        raise RecordError(f"{path} is of {difference}; choose another --out")
    return not record.counts.error and outcomes_path(settings.out, name).exists()
