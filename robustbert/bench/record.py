"""Build the record of a cell from its parts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from robustbert.assets import current_profile
from robustbert.attacks.protocol import PROTOCOL_REVISION
from robustbert.attacks.scheduler.recheck import Recheck
from robustbert.attacks.tracks import LiLimits, UnifiedLimits
from robustbert.bench.victims import Victim
from robustbert.data import Examples, TextDataset
from robustbert.metrics import counts, reliability, summarize
from robustbert.models.inference.invariance import InvarianceResult
from robustbert.models.searched_through import can_adapt_to
from robustbert.records import cell_name, defense_names
from robustbert.records.names import replicate_seed
from robustbert.records.schema import (
    AssetsRef,
    BatchInvariance,
    DatasetRef,
    DefenseRef,
    Engine,
    Environment,
    ModelRef,
    Outcome,
    Protocol,
    RecipeRef,
    Record,
    ReliabilityCheck,
    Timing,
    Track,
)
from robustbert.version import __version__


@dataclass(frozen=True)
class CellHeader:
    """The parts of a cell's record that are known before the attack.

    Args:
        suite: the name of the suite; None for a single attack.
        command: the command line without absolute paths, or None.
        dataset: the dataset and the split.
        model: the victim's model.
        defenses: the victim's defenses, in the order of application.
        training_seed: the victim's training seed; None if it was already trained.
        track: the name of the track.
        recipe: the recipe with its parameters.
        assets: the assets that the recipe reads.
        protocol: revision, seed, number of examples and limits.
        environment: versions and hardware, without the batch-invariance entry.
    """

    suite: str | None
    command: str | None
    dataset: DatasetRef
    model: ModelRef
    defenses: tuple[DefenseRef, ...]
    training_seed: int | None
    track: str
    recipe: RecipeRef
    assets: AssetsRef
    protocol: Protocol
    environment: Environment

    @property
    def name(self) -> str:
        """The name of the cell's files, without extension."""
        return cell_name(
            self.dataset.name,
            self.model.name,
            defense_names(self.defenses),
            self.track,
            self.recipe.name,
            training_seed=replicate_seed(self.training_seed, self.protocol.seed),
            variant=self.model.variant,
            adaptive=bool(self.protocol.adaptive),
        )


def make_record(
    header: CellHeader,
    outcomes: Sequence[Outcome],
    *,
    truncated: int,
    timing: Timing,
    engine: Engine,
    batch_invariance: BatchInvariance,
    measured_checks: Sequence[ReliabilityCheck] = (),
) -> Record:
    """The record of a cell, with the metrics of its outcomes.

    Args:
        header: the parts that were known before the attack.
        outcomes: one per example.
        truncated: number of texts that exceed the victim's maximum input length.
        timing: seconds and queries spent.
        engine: how the attack was scheduled.
        batch_invariance: whether predictions depended on the batch.
        measured_checks: the reliability checks that do not follow from the outcomes.
    """
    environment = header.environment.model_copy(update={"batch_invariance": batch_invariance})
    return Record(
        robustbert_version=__version__,
        created_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        command=header.command,
        suite=header.suite,
        dataset=header.dataset,
        model=header.model,
        defenses=list(header.defenses),
        training_seed=header.training_seed,
        track=cast(Track, header.track),
        recipe=header.recipe,
        assets=header.assets,
        protocol=header.protocol,
        counts=counts(outcomes, truncated),
        metrics=summarize(outcomes),
        reliability=[*reliability(outcomes, batch_invariance), *measured_checks],
        timing=timing,
        engine=engine,
        environment=environment,
    )


def dataset_ref(dataset: TextDataset, examples: Examples) -> DatasetRef:
    """The dataset entry of a record."""
    return DatasetRef(
        name=examples.dataset,
        source=examples.source,
        split=examples.split,
        n=len(dataset.split(examples.split)),
        sha256=dataset.sha256(),
        length=dataset.length,
        label_names=list(examples.label_names),
    )


def model_ref(victim: Victim) -> ModelRef:
    """The model entry of a record."""
    info = victim.classifier.info
    return ModelRef(
        name=victim.name,
        variant=victim.variant,
        source=info.source,
        sha256=info.sha256,
        dtype=info.dtype,
        max_length=info.max_length,
        num_parameters=info.num_parameters,
        training=victim.training,
    )


def assets_ref(hashes: Mapping[str, str]) -> AssetsRef:
    """The assets entry of a record; ``hashes`` is the sha256 of each asset, keyed by name."""
    return AssetsRef(profile=current_profile(), hashes=dict(hashes))


def protocol_ref(
    seed: int, n: int, limits: UnifiedLimits | LiLimits | None, victim: Victim
) -> Protocol:
    """The protocol entry of a record.

    Args:
        seed: the seed for example selection and attacks.
        n: number of examples.
        limits: the limits of the track; None if it has none.
        victim: the victim, which may be attacked through its defenses.
    """
    through = victim.through
    could_adapt = can_adapt_to(victim.classifier)
    return Protocol(
        revision=PROTOCOL_REVISION,
        seed=seed,
        n=n,
        query_budget=limits.queries_per_word if limits else None,
        limits=dict(limits.as_record()) if limits else {},
        adaptive=through is not None if could_adapt else None,
        adaptive_votes=None if through is None else through.num_votes,
    )


def batch_invariance_entry(
    result: InvarianceResult,
    predictions: Recheck,
    embeddings: Recheck,
    earlier: BatchInvariance | None = None,
) -> BatchInvariance:
    """The batch-invariance entry of a record.

    Args:
        result: the result of the checks of the victim and the sentence encoder.
        predictions: result of recomputing predictions of the victim.
        embeddings: result of recomputing embeddings of the sentence encoder.
        earlier: the entry of the record that this one replaces; its counts are added.
    """
    differing = predictions.differing + embeddings.differing
    entry = BatchInvariance(
        status="verified" if result.verified and not differing else "not verified",
        ladder={layer: list(counts) for layer, counts in result.row_counts.items()},
        answers_checked=predictions.checked,
        answers_differing=predictions.differing,
        answers_changed=predictions.changed,
        encodings_checked=embeddings.checked,
        encodings_differing=embeddings.differing,
    )
    return entry if earlier is None else earlier.joined(entry)
