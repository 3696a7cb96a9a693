"""A worker: attacks examples of cells with a victim that it loads from what it is sent."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from robustbert.assets import ensure_assets
from robustbert.assets.asset_registry import PackagedAsset, find_asset
from robustbert.assets.profiles import OFFLINE, select_profile
from robustbert.attacks import UnifiedLimits
from robustbert.attacks.runner import AttackRunner
from robustbert.attacks.scheduler.recheck import Recheck
from robustbert.bench.environment import capture_environment
from robustbert.bench.executors.example_inbox import ExampleInbox
from robustbert.bench.executors.packed_folder import Files, PackedFolder, unpack
from robustbert.bench.victim_spec import VictimSpec
from robustbert.bench.victims import load_classifier, searched_through
from robustbert.data import Example
from robustbert.defenses import compose
from robustbert.errors import ExecutorError, ModelError
from robustbert.models import Classifier
from robustbert.models.inference.invariance import InvarianceResult
from robustbert.models.inference.output_cache import OutputCache
from robustbert.paths import cache_folder
from robustbert.records import Environment, Outcome

#: Victims that a worker keeps loaded.
KEPT_VICTIMS = 2


@dataclass(frozen=True)
class CellWork:
    """What a worker needs to attack examples of a cell, besides the examples.

    Args:
        victim: the model with its defenses.
        victim_key: equal for equal victims.
        victim_sha256: the hash of the model.
        model: the folder of the model without defenses; a name such as ``hub:NAME``; None for a
            classifier in memory, which ``victim`` contains.
        label_names: those of the dataset, in order.
        recipe: the recipe.
        track: the track.
        limits: the limits of the ``unified`` track.
        length: the text length of the dataset, ``short`` or ``long``.
        seed: the seed of the attacks.
        dtype: float32 or bfloat16.
        device: auto, cpu, cuda, cuda:N or mps.
        lanes: maximum number of concurrent searches.
        token_budget: maximum number of tokens per batch; None for a default.
        min_recheck: the minimum number of outputs of each model that an attack recomputes.
        assets: the assets that were built or downloaded, by name.
        packages: the hashes of the assets that are read from installed packages, by name.
        defense_hashes: the hashes of what the defenses read at inference, by name.
        profile: the assets profile.
    """

    victim: VictimSpec
    victim_key: str
    victim_sha256: str
    model: PackedFolder | str | None
    label_names: tuple[str, ...]
    recipe: str
    track: str
    limits: UnifiedLimits
    length: str
    seed: int
    dtype: str
    device: str
    lanes: int
    token_budget: int | None
    min_recheck: int
    assets: Mapping[str, PackedFolder]
    packages: Mapping[str, str]
    defense_hashes: Mapping[str, str]
    profile: str = OFFLINE


@dataclass(frozen=True)
class ShardOutcome:
    """An outcome, and the number of queries of its shard so far."""

    outcome: Outcome
    queries: int


@dataclass(frozen=True)
class ShardSummary:
    """What a worker says of a shard that it has finished.

    Args:
        final_texts: the changed texts with which unsuccessful searches ended, keyed by example id.
        victim_seconds: the time that the victim's predictions took.
        victim_queries: the number of texts that the victim predicted.
        predictions: the recheck of the victim's predictions.
        embeddings: the recheck of the sentence encoder's embeddings.
        batch_invariance: the checks of victim and sentence encoder.
    """

    final_texts: Mapping[str, str]
    victim_seconds: float
    victim_queries: int
    predictions: Recheck
    embeddings: Recheck
    batch_invariance: InvarianceResult


@dataclass(frozen=True)
class _LoadedVictim:
    searched: Classifier
    cache: OutputCache


class AttackWorker:
    """Attacks examples of cells in this process.

    Args:
        threads: the number of threads of its models.
        device: auto, cpu, cuda, cuda:N or mps.
        cache: the name of the folder in the cache in which it unpacks what it is sent. Workers of
            drivers with the same assets share one; what was built on the worker's machine may
            differ from them, and stays apart.
        fetch: returns the files of a packed folder.
    """

    def __init__(
        self, threads: int, device: str, cache: str, fetch: Callable[[Any], Files]
    ) -> None:
        import torch

        torch.set_num_threads(threads)
        self._device = device
        self._fetch = fetch
        folder = cache_folder() / "workers"
        self._received, self._cache = folder / "received", folder / cache
        # before TextAttack is imported, which reads this once
        os.environ["ROBUSTBERT_CACHE"] = str(self._cache)
        self._victims: OrderedDict[str, _LoadedVictim] = OrderedDict()
        self._inboxes: dict[int, ExampleInbox] = {}

    def environment(self) -> Environment:
        """The versions and the hardware of the worker."""
        return capture_environment(self._device)

    def add_examples(self, number: int, examples: Sequence[Example], is_last: bool) -> None:
        """Add examples to a shard, also while it is attacked.

        Args:
            number: that of the shard.
            examples: the examples, none or more.
            is_last: whether no others follow.
        """
        self._inboxes.setdefault(number, ExampleInbox()).put(examples, is_last=is_last)

    def attack(
        self, work: CellWork, number: int, texts: Sequence[str] = ()
    ) -> Iterator[ShardOutcome | ShardSummary]:
        """Attack the examples of a shard, which :meth:`add_examples` adds.

        Yields each outcome as soon as it is known, and the summary after the last.

        Args:
            work: the cell.
            number: that of the shard.
            texts: texts whose predictions and embeddings the recheck may sample too.

        Raises:
            ExecutorError: the worker's packages are others, or what it was sent is damaged.
        """
        runner = self._runner(work)
        inbox = self._inboxes.setdefault(number, ExampleInbox())
        queries = 0

        def count(number: int) -> None:
            nonlocal queries
            queries = number

        steps = runner.steps(inbox, count)
        while True:
            try:
                outcome = next(steps)
            except StopIteration as finished:
                run = finished.value
                break
            inbox.count_outcome()
            yield ShardOutcome(outcome, queries)
        del self._inboxes[number]
        if texts:
            run.victim_sample(texts)
            run.encoder_sample(texts)
        predictions, embeddings = runner.recheck(run)
        yield ShardSummary(
            final_texts=run.final_texts,
            victim_seconds=run.victim_seconds,
            victim_queries=run.victim_queries,
            predictions=predictions,
            embeddings=embeddings,
            batch_invariance=runner.batch_invariance,
        )

    def _runner(self, work: CellWork) -> AttackRunner:
        self._use_assets(work)
        victim = self._victim(work)
        return AttackRunner(
            victim.searched,
            work.recipe,
            track=work.track,
            limits=work.limits,
            length=work.length,
            seed=work.seed,
            dtype=work.dtype,
            device=work.device,
            lanes=work.lanes,
            token_budget=work.token_budget,
            output_cache=victim.cache,
            min_recheck=work.min_recheck,
        )

    def _use_assets(self, work: CellWork) -> None:
        """Unpack the assets that were sent, and check those that are read from packages."""
        select_profile(work.profile)
        for name, packed in work.assets.items():
            asset = find_asset(name)
            assert not isinstance(asset, PackagedAsset)
            unpack(packed, asset.folder, self._fetch)
        expected = {**work.packages, **{name: one.sha256 for name, one in work.assets.items()}}
        for name, sha256 in ensure_assets(expected, progress=False).items():
            self._check_asset(name, sha256, expected[name])
        for name, sha256 in compose(work.victim.defenses).wrapper_assets().items():
            self._check_asset(name, sha256, work.defense_hashes[name])

    def _check_asset(self, name: str, sha256: str, expected: str) -> None:
        if sha256 != expected:
            raise ExecutorError(
                f"the asset {name} of a worker differs from that of the driver; install the same "
                f"packages on all nodes, and delete {self._cache} there"
            )

    def _victim(self, work: CellWork) -> _LoadedVictim:
        if work.victim_key not in self._victims:
            while len(self._victims) >= KEPT_VICTIMS:
                self._victims.popitem(last=False)
            searched = self._load(work)
            self._victims[work.victim_key] = _LoadedVictim(
                searched, OutputCache(searched.predict_proba)
            )
        self._victims.move_to_end(work.victim_key)
        return self._victims[work.victim_key]

    def _load(self, work: CellWork) -> Classifier:
        spec = work.victim
        classifier = load_classifier(
            spec,
            self._model(work.model),
            work.label_names,
            dtype=work.dtype,
            device=work.device,
            token_budget=work.token_budget,
        )
        if classifier.info.sha256 != work.victim_sha256:
            raise ModelError(
                f"a worker has other weights of {spec.name}: {classifier.info.sha256} instead of "
                f"{work.victim_sha256}; download the model again"
            )
        return searched_through(spec, classifier) or classifier

    def _model(self, model: PackedFolder | str | None) -> str:
        """The folder or name of a model; empty for a classifier in memory."""
        if not isinstance(model, PackedFolder):
            return model or ""
        return str(unpack(model, self._received / model.sha256, self._fetch))
