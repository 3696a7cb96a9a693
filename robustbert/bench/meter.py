"""Measure the inference speed and the training time of the victims of a plan on this machine."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from robustbert.bench.costs import attack_cost
from robustbert.bench.plan import Plan
from robustbert.bench.run_options import RunOptions
from robustbert.bench.speed import MAX_TEXTS, Speed, measure_base, measure_queries
from robustbert.bench.victim_spec import VictimSpec
from robustbert.bench.victims import (
    find_trained,
    load_classifier,
    training_seed,
)
from robustbert.data import TextDataset, select_examples
from robustbert.data.words import words_of
from robustbert.defenses import Composition, Defense, StepCost, compose
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
            self.query_seconds[key] = speed.query_seconds
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
            dataset,
            dtype=self._options.dtype,
            device=self._options.device,
            token_budget=self._options.token_budget,
        )
        return measure_queries(classifier, self._texts(dataset))

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
        rows = self._all_training_rows_seconds(dataset, defenses, speed)
        if rows is None:
            return None
        epochs = defenses.training_config(config).epochs
        training = speed.training_seconds * epochs / config.epochs
        return seconds + rows + training * _relative_cost(defenses.step_cost)

    def _all_training_rows_seconds(
        self, dataset: TextDataset, defenses: Composition, speed: Speed
    ) -> float | None:
        """Time to create the training rows of all defenses; None if unknown."""
        parts = [self._training_rows_seconds(dataset, d, speed) for d in defenses.defenses]
        known = [seconds for seconds in parts if seconds is not None]
        return sum(known) if len(known) == len(parts) else None

    def _training_rows_seconds(
        self, dataset: TextDataset, defense: Defense, speed: Speed
    ) -> float | None:
        """Time to create the training rows of a defense; None unless it attacks with recipes."""
        params = defense.params()
        if "epoch_rows" in defense.hooks:
            return None
        if "training_rows" not in defense.hooks:
            return 0.0
        if not {"recipes", "num_examples", "track"} <= params.keys():
            return None
        words = self._training_words(dataset) * params["num_examples"]
        recipes, track = params["recipes"], params["track"]
        costs = [attack_cost(name, track, words, speed.query_seconds) for name in recipes]
        known = [cost.seconds for cost in costs if cost.seconds is not None]
        return sum(known) if len(known) == len(costs) else None

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


def _relative_cost(cost: StepCost) -> float:
    """The cost of a training step relative to plain training."""
    # a backward pass takes about twice as long as a forward pass
    return (cost.forward + 2 * cost.backward) / 3
