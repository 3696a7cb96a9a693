"""Train and attack the model of one point."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustbert.bench.victims import Victim, prepare_victim
from robustbert.learning_curves.curve_options import ATTACK_SEED, CurveOptions, GridPoint
from robustbert.learning_curves.curve_record import CLEAN, CurvePoint
from robustbert.learning_curves.noisy_subset import noisy_subset
from robustbert.metrics import accuracy_under_attack, counts, proportion, survived, worst_case
from robustbert.progress import progress_bar

if TYPE_CHECKING:
    from robustbert.attacks import AttackRunner
    from robustbert.data import Examples, TextDataset
    from robustbert.records import Outcome


@dataclass(frozen=True)
class PointMeter:
    """Trains a model on a part of a dataset and measures it.

    Args:
        dataset: the whole dataset.
        options: what is measured.
        examples: the attacked examples; None if nothing is attacked.
    """

    dataset: TextDataset
    options: CurveOptions
    examples: Examples | None

    def __call__(self, point: GridPoint) -> CurvePoint:
        """Train the model of a point, unless it is cached, and measure it.

        Raises:
            RobustbertError: the model cannot be trained or attacked.
        """
        options = self.options
        subset = noisy_subset(self.dataset, point.size, point.noise, point.seed)
        victim = prepare_victim(
            options.spec(),
            subset.dataset,
            seed=point.seed,
            dtype=options.dtype,
            device=options.device,
        )
        rows = self.dataset.split(options.split)
        predicted = victim.classifier.predict_proba(list(rows["text"])).argmax(axis=1)
        correct = [bool(p == label) for p, label in zip(predicted, rows["label"], strict=True)]
        outcomes = self._attack(victim, point) if self.examples else {}
        truncated = 0
        if self.examples:
            texts = [example.text for example in self.examples]
            truncated = int(victim.classifier.truncated(texts).sum())
        return CurvePoint(
            size=point.size,
            noise=point.noise,
            seed=point.seed,
            num_examples=subset.num_examples,
            num_changed=subset.num_changed,
            dataset_sha256=subset.dataset.sha256(),
            weights_sha256=victim.classifier.info.sha256,
            train_seconds=victim.train_seconds,
            clean=proportion(sum(correct), len(correct)),
            attacked={name: accuracy_under_attack(found) for name, found in outcomes.items()},
            worst_case=worst_case(list(outcomes.values())) if outcomes else None,
            counts={name: counts(found, truncated) for name, found in outcomes.items()},
            right={CLEAN: _digits(correct)}
            | {name: _digits(map(survived, found)) for name, found in outcomes.items()},
        )

    def _attack(self, victim: Victim, point: GridPoint) -> dict[str, tuple[Outcome, ...]]:
        """The outcomes of each recipe."""
        from robustbert.attacks import AttackRunner
        from robustbert.models.inference.output_cache import OutputCache

        assert self.examples is not None
        cache = OutputCache(victim.searched.predict_proba)
        found = {}
        for recipe in self.options.recipes:
            runner = AttackRunner(
                victim.searched,
                recipe,
                track=self.options.track,
                length=self.dataset.length,
                seed=ATTACK_SEED,
                device=self.options.device,
                output_cache=cache,
            )
            found[recipe] = _outcomes(runner, self.examples, f"{point}: {recipe}")
        return found


def _digits(values: Iterable[bool]) -> str:
    return "".join("1" if value else "0" for value in values)


def _outcomes(runner: AttackRunner, examples: Examples, what: str) -> tuple[Outcome, ...]:
    """Run a recipe with a progress bar."""
    with progress_bar(len(examples), what, "example") as bar:
        return runner.run(examples, on_outcome=lambda _: bar.update()).outcomes
