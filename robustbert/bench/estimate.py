"""Estimate the number of queries and the duration of a plan, without running it.

Nothing is written and no trained model is kept. The number of queries is computed from the costs of
committed records (:mod:`robustbert.bench.costs`) and the number of words of the examples; the
duration also from the speed of this machine (:mod:`robustbert.bench.speed`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from robustbert.assets import asset_status
from robustbert.assets.profiles import OFFLINE, using_profile
from robustbert.attacks.protocol import PROTOCOL_REVISION
from robustbert.attacks.recipes import assets_of_attacks
from robustbert.bench.costs import attack_cost
from robustbert.bench.environment import capture_environment
from robustbert.bench.identity import cell_identity
from robustbert.bench.meter import Meter, TrainingEstimate
from robustbert.bench.plan import Cell, Plan
from robustbert.bench.run import load_datasets, plan_configuration
from robustbert.bench.run_options import RunOptions, check_options
from robustbert.bench.store import RunStore
from robustbert.bench.victim_spec import VictimSpec
from robustbert.bench.victims import check_trainable
from robustbert.data import TextDataset, select_examples
from robustbert.data.words import words_of
from robustbert.errors import OutputError
from robustbert.models.inference.invariance_cache import unsaved_invariance_cache
from robustbert.models.model_registry import HUB_PREFIX
from robustbert.progress import progress_bar
from robustbert.records.schema import Environment


@dataclass(frozen=True)
class CellEstimate:
    """The estimated cost of a cell.

    Args:
        dataset: the name of its loaded dataset.
        cell: the cell.
        done: whether the output folder already contains its complete results.
        queries: number of queries; None if no committed record covers the recipe.
        seconds: duration of the attack; None if the queries or the victim's speed are unknown.
    """

    dataset: str
    cell: Cell
    done: bool
    queries: float | None
    seconds: float | None


@dataclass(frozen=True)
class Estimate:
    """The estimated cost of a plan.

    Args:
        cells: the cells, in table order.
        training_runs: the victims to train, in the same order.
        missing_assets: names of assets that must be built or downloaded first.
        assets: the assets profile.
    """

    cells: tuple[CellEstimate, ...]
    training_runs: tuple[TrainingEstimate, ...]
    missing_assets: tuple[str, ...]
    assets: str = OFFLINE


def estimate_plan(plan: Plan, options: RunOptions) -> Estimate:
    """Estimate the queries and the duration of :func:`robustbert.bench.run_plan`.

    Raises the errors that a run raises before it trains a model.

    Raises:
        OutputError: the output folder is a file.
        RecordError: the output folder contains a run with another configuration or identity.
        RobustbertError: a dataset or model cannot be loaded.
    """
    with using_profile(plan.assets):
        return _estimate_plan(plan, options)


def _estimate_plan(plan: Plan, options: RunOptions) -> Estimate:
    check_options(options)
    if options.out.exists() and not options.out.is_dir():
        raise OutputError(f"{options.out} is a file, not a folder; choose another output folder")
    loaded = load_datasets(plan)
    plan, datasets = loaded.plan, loaded.datasets
    store = RunStore(options.out)
    store.check_configuration(plan_configuration(plan, datasets, options))
    missing = [row.name for row in asset_status() if not row.present]
    needed = set(assets_of_attacks(plan.recipes(), plan.tracks()))
    environment = capture_environment(options.device)
    victims = plan.victims()
    for dataset, victim in victims:
        is_on_hub = victim.base.startswith(HUB_PREFIX)  # a check would download it
        if victim.needs_training and not is_on_hub:
            check_trainable(victim, datasets[dataset])
    meter = Meter(plan, options, assets_complete=not missing)
    with unsaved_invariance_cache(), progress_bar(len(victims), "measuring", "model") as bar:
        for dataset, victim in victims:
            meter.measure(datasets[dataset], victim)
            bar.update(1)
    return Estimate(
        cells=tuple(
            _cell_estimate(plan, cell, datasets[cell.dataset], store, environment, meter)
            for cell in plan.cells
        ),
        training_runs=tuple(
            meter.training_runs[datasets[dataset].name, victim]
            for dataset, victim in victims
            if victim.needs_training and not _is_trained_before(dataset, victim, victims)
        ),
        missing_assets=tuple(name for name in missing if name in needed),
        assets=plan.assets,
    )


def _is_trained_before(
    dataset: str, victim: VictimSpec, victims: Sequence[tuple[str, VictimSpec]]
) -> bool:
    """Whether an adaptive attack is on a model that the plan trains for another attack as well."""
    others = [_trained(other) for name, other in victims if name == dataset and not other.adaptive]
    return victim.adaptive and _trained(victim) in others


def _trained(victim: VictimSpec) -> VictimSpec:
    """A victim without what only concerns the attacks on it."""
    return replace(victim, adaptive_votes=None, num_examples=None, variant=None)


def _cell_estimate(
    plan: Plan,
    cell: Cell,
    dataset: TextDataset,
    store: RunStore,
    environment: Environment,
    meter: Meter,
) -> CellEstimate:
    if _is_done(cell, dataset, plan.split, store, environment):
        return CellEstimate(dataset.name, cell, True, 0.0, 0.0)
    examples = select_examples(dataset, plan.split, cell.n, plan.seed)
    words = sum(len(words_of(example.text)) for example in examples.items)
    query_seconds = meter.query_seconds[dataset.name, cell.victim]
    cost = attack_cost(cell.recipe, cell.track, words, query_seconds)
    return CellEstimate(dataset.name, cell, False, cost.queries, cost.seconds)


def _is_done(
    cell: Cell, dataset: TextDataset, split: str, store: RunStore, environment: Environment
) -> bool:
    """Whether a run would reuse the stored results of the cell.

    Raises:
        RecordError: a run would reject them; only what can be checked without the model is checked.
    """
    name = cell.file_name(dataset.name)
    record = store.record(name)
    if record is None:
        return False
    parts = {
        "dataset": {"sha256": dataset.sha256(), "split": split, "length": dataset.length},
        "protocol": {"revision": PROTOCOL_REVISION},
    }
    now = record.model_copy(
        update={part: getattr(record, part).model_copy(update=new) for part, new in parts.items()}
        | {"environment": environment}
    )
    store.check_record(name, record, cell_identity(now), cell.n)
    return store.is_complete(name, record)
