"""The results of a search: its trials, in order of their accuracies."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from robustbert.console import printable
from robustbert.records import Metric
from robustbert.training import TrainingConfig
from robustbert.tuning.tune_options import TuneOptions
from robustbert.validation import setting_as_text

TrialStatus: TypeAlias = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True)
class TrialResult:
    """One training of a search.

    Args:
        number: its number, from 1.
        status: ``pruned`` if it was stopped early, ``failed`` if it diverged, needed more memory
            than the GPU has, or could not be attacked.
        model: the base model.
        settings: the training settings that were chosen, by name.
        clean: the accuracy on the validation split; None unless it is complete.
        attacked: the accuracy under attack; None if it is not complete or was not attacked.
        evaluations: the validation accuracies that were measured during the training.
        seconds: of the training and the attack; None unless it is complete.
        failure: why it failed; None if it did not.
    """

    number: int
    status: TrialStatus
    model: str
    settings: Mapping[str, Any]
    clean: Metric | None = None
    attacked: Metric | None = None
    evaluations: tuple[float, ...] = ()
    seconds: float | None = None
    failure: str | None = None

    def value(self, metric: str) -> float | None:
        """The accuracy ``clean`` or ``attacked``; None if there is none."""
        found = self.clean if metric == "clean" else self.attacked
        return None if found is None else found.value

    def values(self, metrics: Sequence[str]) -> list[float]:
        """The accuracies that a complete trial has."""
        found = [self.value(metric) for metric in metrics]
        return [value for value in found if value is not None]


@dataclass(frozen=True)
class TuneResult:
    """The results of a search for training settings.

    Args:
        dataset: the name of the dataset.
        options: what was searched for.
        trials: in their order.
        importances: how much each setting matters for an accuracy, as shares of 1, keyed by
            ``clean`` or ``attacked``; empty if there are too few complete trials.
        folder: the folder with the study, the tables and the plot.
        data: the options of the command line that choose the data; empty if it was an object in
            memory, which is then taken for a dataset that can be given by its name.
    """

    dataset: str
    options: TuneOptions
    trials: tuple[TrialResult, ...]
    importances: Mapping[str, Mapping[str, float]]
    folder: Path
    data: tuple[str, ...] = ()

    @property
    def complete(self) -> list[TrialResult]:
        """The complete trials."""
        return [trial for trial in self.trials if trial.status == "complete"]

    @property
    def front(self) -> list[TrialResult]:
        """The complete trials that no other one beats: those on the Pareto front, or the best."""
        return [one for one in self.complete if not any(self._beats(o, one) for o in self.complete)]

    @property
    def best(self) -> TrialResult | None:
        """The trial with the highest accuracy; None if none is complete.

        With two accuracies, it is the one on the Pareto front with the highest sum.
        """
        ranked = self.ranked
        return ranked[0] if ranked and ranked[0].status == "complete" else None

    @property
    def ranked(self) -> list[TrialResult]:
        """The trials, best first: the front, other complete ones, then those that are not."""
        front = {trial.number for trial in self.front}

        def rank(trial: TrialResult) -> tuple[Any, ...]:
            done = ("complete", "pruned", "failed").index(trial.status)
            last = trial.evaluations[-1] if trial.evaluations else 0.0
            value = last if done else sum(trial.values(self.options.metrics))
            return done, trial.number not in front, -value, trial.number

        return sorted(self.trials, key=rank)

    def train_command(self, trial: TrialResult, out: str = "models/tuned") -> str:
        """The command that trains the model of a trial.

        Args:
            trial: the trial.
            out: the folder for the model.
        """
        options = self.options
        fixed = {
            name: value
            for name, value in (("dtype", options.dtype), ("device", options.device))
            if value != "auto"
        }
        if options.max_length != TrainingConfig().max_length:
            fixed["max_length"] = str(options.max_length)
        values = {"model": trial.model, **trial.settings, **fixed, "seed": options.seed}
        words = ["robustbert", "train", *(self.data or [f"--dataset={self.dataset}"])]
        words += [f"--{name.replace('_', '-')}={value}" for name, value in values.items()]
        for defense in options.defenses:
            words += [f"--defense={defense.name}"]
            words += [f"--set={setting_as_text(*pair)}" for pair in defense.params.items()]
        return printable(" ".join(map(shlex.quote, [*words, f"--out={out}"])))

    def _beats(self, one: TrialResult, other: TrialResult) -> bool:
        """Whether a complete trial is at least as good in all accuracies, and better in one."""
        metrics = self.options.metrics
        pairs = list(zip(one.values(metrics), other.values(metrics), strict=True))
        return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)
