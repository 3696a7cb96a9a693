"""Measure the inference speed and the training time of the victims of a plan on this machine."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from robustbert.bench.costs import attack_cost, recipe_cost
from robustbert.bench.plan import Plan
from robustbert.bench.run_options import RunOptions
from robustbert.bench.speed import MAX_TEXTS, Speed, measure_base, measure_queries
from robustbert.bench.victim_spec import VictimSpec
from robustbert.bench.victims import (
    find_trained,
    load_classifier,
    searched_through,
    training_seed,
)
from robustbert.data import TextDataset, select_examples
from robustbert.data.words import words_of
from robustbert.defenses import Composition, RowCost, StepCost, compose
from robustbert.models.pretrained import find_base
from robustbert.training import TrainingConfig, make_config

#: Number of training texts from which the mean text length is estimated.
_LENGTH_SAMPLE = 200


@dataclass(frozen=True)
class TrainingEstimate:
    """The estimated cost of training a victim.

    Args:
        dataset: the name of its loaded dataset.
        victim: the victim.
        cached: whether it is already in the cache of trained models.
        seconds: training time including the defenses; 0 if it is cached, None if unknown.
    """

    dataset: str
    victim: VictimSpec
    cached: bool
    seconds: float | None


@dataclass(frozen=True)
class _AddedRows:
    """Rows that are added to a training.

    Args:
        rows: how many rows the epochs have more, all epochs together.
        seconds: the time to make them.
    """

    rows: float
    seconds: float


class Meter:
    """Measures the speed of the victims of a plan.

    Victims with the same base and configuration are measured only once.

    Args:
        plan: the plan.
        options: the options of the run.
        assets_complete: whether all assets exist. Defended victims are looked up in the cache only
            if they do, because their cache keys contain the hashes of assets.

    Attributes:
        query_seconds: seconds per query, keyed by dataset and victim; None if unknown.
        training_runs: the victims to train, keyed by dataset and victim.
    """

    def __init__(self, plan: Plan, options: RunOptions, *, assets_complete: bool) -> None:
        self._plan = plan
        self._options = options
        self._assets_complete = assets_complete
        self._bases: dict[tuple[str, str, str], Speed] = {}
        self._counted: set[tuple[str, str, TrainingConfig]] = set()
        self.query_seconds: dict[tuple[str, VictimSpec], float | None] = {}
        self.training_runs: dict[tuple[str, VictimSpec], TrainingEstimate] = {}

    def measure(self, dataset: TextDataset, victim: VictimSpec) -> None:
        """Measure a victim on a dataset: its cached model, or else its base."""
        key = dataset.name, victim
        if victim.base.startswith("hub:"):  # loading it would download it
            self.query_seconds[key] = None
            if victim.needs_training:
                self.training_runs[key] = TrainingEstimate(dataset.name, victim, False, None)
        elif not victim.needs_training:
            self.query_seconds[key] = self._measure_model(dataset, victim, victim.base)
        elif (folder := self._find_trained(dataset, victim)) is not None:
            self.query_seconds[key] = self._measure_model(dataset, victim, folder)
            self.training_runs[key] = TrainingEstimate(dataset.name, victim, True, 0.0)
        else:
            speed = self._measure_base(dataset, victim)
            self.query_seconds[key] = speed.query_seconds * _passes(victim)
            seconds = self._training_seconds(dataset, victim, speed)
            self.training_runs[key] = TrainingEstimate(dataset.name, victim, False, seconds)

    def _find_trained(self, dataset: TextDataset, victim: VictimSpec) -> str | None:
        if victim.defenses and not self._assets_complete:
            return None
        folder = find_trained(victim, dataset, seed=self._plan.seed, device=self._options.device)
        return None if folder is None else str(folder)

    def _measure_model(self, dataset: TextDataset, victim: VictimSpec, model: str) -> float:
        classifier = load_classifier(
            victim,
            model,
            dataset.label_names,
            dtype=self._options.dtype,
            device=self._options.device,
            token_budget=self._options.token_budget,
        )
        searched = searched_through(victim, classifier) or classifier
        return measure_queries(searched, self._texts(dataset))

    def _measure_base(self, dataset: TextDataset, victim: VictimSpec) -> Speed:
        # the seed does not affect the speed
        config = replace(self._config(victim), seed=0)
        key = dataset.name, victim.base, str(config)
        if key not in self._bases:
            self._bases[key] = measure_base(
                find_base(victim.base), dataset, config, self._texts(dataset), self._options.dtype
            )
        return self._bases[key]

    def _training_seconds(
        self, dataset: TextDataset, victim: VictimSpec, speed: Speed
    ) -> float | None:
        """Training time of the plain model and the defenses; None if unknown.

        A plain model that is cached, or counted for another victim, takes no time.
        """
        config = self._config(victim)
        defenses = compose(victim.defenses)
        seconds = 0.0
        if defenses.needs_plain_model:
            plain = replace(victim, defenses=())
            key = dataset.name, victim.base, config
            counted = key in self._counted or self._find_trained(dataset, plain) is not None
            self._counted.add(key)
            seconds = 0.0 if counted else speed.training_seconds
        if not defenses.trains:
            return seconds
        epochs = defenses.training_config(config).epochs
        added = self._added_rows(dataset, defenses, epochs, speed)
        if added is None:
            return None
        training = speed.training_seconds * epochs / config.epochs
        growth = 1 + added.rows / (len(dataset.split("train")) * epochs)
        return seconds + added.seconds + training * growth * _relative_cost(defenses.loss_cost)

    def _added_rows(
        self, dataset: TextDataset, defenses: Composition, epochs: int, speed: Speed
    ) -> _AddedRows | None:
        """The rows that the defenses add; None if it is unknown.

        Those of :meth:`robustbert.defenses.Defense.training_rows` come first, as they are training
        rows for the others.
        """
        words = self._training_words(dataset)
        plain = len(dataset.split("train"))
        total = _AddedRows(0.0, 0.0)
        for first in (True, False):
            rows = round(plain + total.rows / epochs)
            for defense in defenses.defenses:
                if defense.overrides("training_rows") != first or not defense.trains:
                    continue
                cost = defense.row_cost(rows, epochs)
                added = None if cost is None else _making_rows(cost, words, speed.query_seconds)
                if added is None:
                    return None
                total = _AddedRows(total.rows + added.rows, total.seconds + added.seconds)
        return total

    def _training_words(self, dataset: TextDataset) -> float:
        """The mean number of words of a training text."""
        texts = dataset.split("train")["text"]
        chosen = random.Random(0).sample(range(len(texts)), min(_LENGTH_SAMPLE, len(texts)))
        return sum(len(words_of(texts[i])) for i in chosen) / len(chosen)

    def _texts(self, dataset: TextDataset) -> list[str]:
        examples = select_examples(dataset, self._plan.split, None, self._plan.seed)
        return [example.text for example in examples.items[:MAX_TEXTS]]

    def _config(self, victim: VictimSpec) -> TrainingConfig:
        seed = training_seed(victim, self._plan.seed)
        return make_config({"device": self._options.device, **victim.training}, seed=seed)


def _making_rows(cost: RowCost, words: float, query_seconds: float) -> _AddedRows | None:
    """The rows of a defense; None if no committed record covers a recipe that makes some.

    Args:
        cost: what it declares.
        words: the mean number of words of a training text.
        query_seconds: seconds per query of the network.
    """
    rows, seconds = float(cost.rows), cost.queries * query_seconds
    for attack in cost.attacks:
        known = recipe_cost(attack.recipe, attack.track)
        if known is None:
            return None
        broken = attack.examples * known.success
        wanted = broken if attack.wanted is None else min(attack.wanted, broken)
        attacked = wanted / known.success if wanted else attack.examples
        found = attack_cost(attack.recipe, attack.track, words * attacked, query_seconds)
        assert found.seconds is not None
        rows += wanted * attack.epochs
        seconds += found.seconds
    return _AddedRows(rows, seconds)


def _passes(victim: VictimSpec) -> int:
    """The forward passes of a query: more if an adaptive attack averages over more votes."""
    defenses = compose(victim.defenses)
    outermost = next((one for one in defenses.defenses if one.is_randomised), None)
    if outermost is None:
        return defenses.query_cost
    votes = max(outermost.query_cost, victim.adaptive_votes or 1)
    return defenses.query_cost // outermost.query_cost * votes


def _relative_cost(cost: StepCost) -> float:
    """The cost of a training step relative to plain training."""
    # a backward pass takes about twice as long as a forward pass
    return (cost.forward + 2 * cost.backward) / 3
