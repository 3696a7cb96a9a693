"""How fast the victims of a plan answer, and how long their trainings take, on this machine."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from robustbert.bench.costs import attack_cost
from robustbert.bench.plan import Plan, VictimSpec
from robustbert.bench.run import Settings
from robustbert.bench.speed import MOST_TEXTS, Speed, measure_base, measure_queries
from robustbert.bench.victims import find_trained, load_classifier, needs_plain_model, training_seed
from robustbert.data import TextDataset, select_examples
from robustbert.data.words import words_of
from robustbert.defenses import Defense, make_defense
from robustbert.models.pretrained import find_base
from robustbert.training import TrainingConfig, make_config

# Training texts whose words are counted, to know how long they are.
_SAMPLE = 200


@dataclass(frozen=True)
class TrainingEstimate:
    """A victim that a run needs trained.

    Args:
        dataset: the name of its loaded dataset.
        victim: what it is.
        cached: whether it was trained before.
        seconds: of its training, with its defense; 0 if it is cached, None if not known.
    """

    dataset: str
    victim: VictimSpec
    cached: bool
    seconds: float | None


class Meter:
    """Measures each victim of a plan, once for all that start from one base with one setting.

    Args:
        plan: whose victims.
        settings: of the run.
        assets_complete: whether all assets are there; a defended victim is looked for in the cache
            only then, since its key holds their hashes.

    Attributes:
        query_seconds: per text that a victim answers, by dataset and victim; None if not known.
        trainings: what is trained, by the same.
    """

    def __init__(self, plan: Plan, settings: Settings, *, assets_complete: bool) -> None:
        self._plan = plan
        self._settings = settings
        self._assets_complete = assets_complete
        self._bases: dict[tuple[str, str, str], Speed] = {}
        self._trained: set[tuple[str, str, TrainingConfig]] = set()
        self.query_seconds: dict[tuple[str, VictimSpec], float | None] = {}
        self.trainings: dict[tuple[str, VictimSpec], TrainingEstimate] = {}

    def measure(self, dataset: TextDataset, victim: VictimSpec) -> None:
        """Measure a victim on a dataset: its model if it is there, else what it starts from."""
        key = dataset.name, victim
        if victim.base.startswith("hub:"):  # to load it would be to download it
            self.query_seconds[key] = None
            if victim.trained:
                self.trainings[key] = TrainingEstimate(dataset.name, victim, False, None)
        elif not victim.trained:
            self.query_seconds[key] = self._measure_model(dataset, victim, victim.base)
        elif (folder := self._find_trained(dataset, victim)) is not None:
            self.query_seconds[key] = self._measure_model(dataset, victim, folder)
            self.trainings[key] = TrainingEstimate(dataset.name, victim, True, 0.0)
        else:
            speed = self._measure_base(dataset, victim)
            self.query_seconds[key] = speed.query_seconds
            seconds = self._training_seconds(dataset, victim, speed)
            self.trainings[key] = TrainingEstimate(dataset.name, victim, False, seconds)

    def _find_trained(self, dataset: TextDataset, victim: VictimSpec) -> str | None:
        if victim.defense is not None and not self._assets_complete:
            return None
        folder = find_trained(victim, dataset, seed=self._plan.seed, device=self._settings.device)
        return None if folder is None else str(folder)

    def _measure_model(self, dataset: TextDataset, victim: VictimSpec, model: str) -> float:
        classifier = load_classifier(
            victim,
            model,
            dataset,
            dtype=self._settings.dtype,
            device=self._settings.device,
            token_budget=self._settings.token_budget,
        )
        return measure_queries(classifier, self._texts(dataset))

    def _measure_base(self, dataset: TextDataset, victim: VictimSpec) -> Speed:
        # the seed changes no time
        config = replace(self._config(victim), seed=0)
        key = dataset.name, victim.base, str(config)
        if key not in self._bases:
            self._bases[key] = measure_base(
                find_base(victim.base), dataset, config, self._texts(dataset), self._settings.dtype
            )
        return self._bases[key]

    def _training_seconds(
        self, dataset: TextDataset, victim: VictimSpec, speed: Speed
    ) -> float | None:
        """Of the plain training, if it is still to be done, and of the defense's training."""
        config = self._config(victim)
        defense = make_defense(victim.defense, victim.params) if victim.defense else None
        seconds = 0.0
        if needs_plain_model(defense):
            plain = replace(victim, defense=None, params={})
            key = dataset.name, victim.base, config
            done = key in self._trained or self._find_trained(dataset, plain) is not None
            self._trained.add(key)
            seconds = 0.0 if done else speed.training_seconds
        if defense is None or not defense.trains:
            return seconds
        rows = self._rows_seconds(dataset, defense, speed)
        if rows is None or defense.has_training_loss:
            return None
        epochs = defense.training_config(config).epochs
        return seconds + rows + speed.training_seconds * epochs / config.epochs

    def _rows_seconds(self, dataset: TextDataset, defense: Defense, speed: Speed) -> float | None:
        """Seconds to make a defense's training rows; known only for attacks with recipes."""
        params = defense.params()
        if not defense.has_training_rows:
            return 0.0
        if not {"recipes", "examples", "track"} <= params.keys():
            return None
        words = self._training_words(dataset) * params["examples"]
        recipes, track = params["recipes"], params["track"]
        costs = [attack_cost(name, track, words, speed.query_seconds) for name in recipes]
        known = [cost.seconds for cost in costs if cost.seconds is not None]
        return sum(known) if len(known) == len(costs) else None

    def _training_words(self, dataset: TextDataset) -> float:
        """The mean number of words of a training text."""
        texts = dataset.split("train")["text"]
        chosen = random.Random(0).sample(range(len(texts)), min(_SAMPLE, len(texts)))
        return sum(len(words_of(texts[i])) for i in chosen) / len(chosen)

    def _texts(self, dataset: TextDataset) -> list[str]:
        examples = select_examples(dataset, self._plan.split, None, self._plan.seed)
        return [example.text for example in examples.items[:MOST_TEXTS]]

    def _config(self, victim: VictimSpec) -> TrainingConfig:
        seed = training_seed(victim, self._plan.seed)
        return make_config({"device": self._settings.device, **victim.training}, seed=seed)
