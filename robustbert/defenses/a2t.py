"""A2T: attack training examples at the start of each epoch, and train on both.

Yoo and Qi 2021, "Towards Improving Adversarial Training of NLP Models". The first epoch is plain
training. At the start of every other one, training examples are attacked in a random order, with
the network as it is then, until a share of the training set has been broken or there are no
examples left. The epoch trains on the training set and these adversarial examples, whose loss is
multiplied by ``alpha``. The attack is the paper's, the recipe ``a2t``: words in the order of their
gradients, 20 neighbours with a cosine similarity of at least 0.8, at most 10% of the words, and a
sentence similarity of at least 0.9.

The defaults are those of the paper and of the authors' code (QData/TextAttack-A2T, ``README.md``;
``textattack/trainer.py`` in QData/TextAttack does the training). Its learning rate, 5e-5, and its
four epochs are settings of the training, not of the defense.

Differences from that code: an adversarial example is trained on in the batch of its original, so
that batches become larger and the number of steps does not depend on how many examples break; there
they are shuffled with the training set, which adds steps. ``train.py`` there stops an attack after
200 queries, here there is no such limit. TextAttack computes the gradient that orders the words
with dropout, here it is computed without. Sentence encoder and word vectors are those of the assets
profile. With several processes, each averages its own batch, so that originals and adversarial
examples may weigh a little more in one process than in another.
"""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from robustbert.attacks import check_track, runnable_recipe
from robustbert.defenses.attack_dependencies import attack_dependencies
from robustbert.defenses.base import Defense, RowCost, TrainingAttack
from robustbert.errors import AttackError, InputError, RobustbertWarning
from robustbert.seeds import derive_seed
from robustbert.validation import check_at_least

if TYPE_CHECKING:
    from robustbert.attacks import AttackRunner
    from robustbert.records.schema import Outcome
    from robustbert.training import EpochStart, ExtraRow, TrainingConfig


@dataclass(frozen=True)
class A2T(Defense):
    """Attacking to training.

    Args:
        share: the number of adversarial examples of an epoch as a share of the training examples,
            0 to 1; with 0 it is plain training.
        alpha: the weight of an adversarial example's loss, at least 0.
        clean_epochs: the number of epochs of plain training at the start, at least 0.
        interval: the number of epochs from one attack to the next, at least 1; the epochs between
            have no adversarial examples.
        recipe: the recipe that attacks.
        track: the limits of the attack, ``published``, ``unified`` or ``unified-li``.

    Raises:
        InputError: a number is out of range.
        UnknownNameError: there is no such recipe or track.
        MissingAssetError: the recipe cannot run offline.
    """

    paper: ClassVar[str] = "Yoo and Qi 2021"

    share: float = 0.2
    alpha: float = 1.0
    clean_epochs: int = 1
    interval: int = 1
    recipe: str = "a2t"
    track: str = "published"

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise InputError(f"share is {self.share!r}; give a number from 0 to 1")
        if not (math.isfinite(self.alpha) and self.alpha >= 0):
            raise InputError(f"alpha is {self.alpha!r}; give a number of at least 0")
        check_at_least(0, clean_epochs=self.clean_epochs)
        check_at_least(1, interval=self.interval)
        check_track(self.track)
        runnable_recipe(self.recipe)

    @property
    def weighs_rows(self) -> bool:
        """Whether ``alpha`` is not 1."""
        return self.alpha != 1

    def row_cost(self, rows: int, epochs: int) -> RowCost:
        """The attacks of all epochs with adversarial examples, each of which is trained on once."""
        if self.share == 0:
            return RowCost()
        wanted = math.ceil(self.share * rows)
        attack = TrainingAttack(self.recipe, self.track, rows, wanted, 1)
        return RowCost(attacks=(attack,) * len(range(self.clean_epochs, epochs, self.interval)))

    def epoch_rows(self, start: EpochStart) -> Sequence[ExtraRow]:
        """The adversarial examples of an epoch, with their true labels.

        Warns if attacks failed with an error; their examples are left out.

        Raises:
            AttackError: every attack failed with an error.
        """
        from robustbert.training import ExtraRow

        attacks = start.epoch - self.clean_epochs
        if self.share == 0 or attacks < 0 or attacks % self.interval:
            return ()
        wanted = math.ceil(self.share * len(start.texts))
        return [
            ExtraRow(int(one.example_id), str(one.adversarial_text), one.label, self.alpha)
            for one in self._broken(start, wanted)
        ]

    def training_config(self, config: TrainingConfig) -> TrainingConfig:
        """The same settings.

        Raises:
            InputError: all epochs would be plain training.
        """
        if self.share > 0 and self.clean_epochs >= config.epochs:
            raise InputError(
                f"a2t attacks after clean_epochs = {self.clean_epochs}, but the training has "
                f"epochs = {config.epochs}; lower clean_epochs, or train for more epochs"
            )
        return config

    def dependencies(self) -> dict[str, Any]:
        """TextAttack's version, the protocol's revision, and the hash of every asset read."""
        return attack_dependencies([self.recipe], self.track)

    def _broken(self, start: EpochStart, wanted: int) -> list[Outcome]:
        """The first ``wanted`` broken examples in the order of the epoch, or all if fewer break."""
        from robustbert.progress import progress_bar

        seed = derive_seed(start.config.seed, "a2t", start.epoch)
        order = random.Random(seed).sample(range(len(start.texts)), len(start.texts))
        runner = self._runner(start)
        broken: list[Outcome] = []
        errors: list[Outcome] = []
        shown = 0

        def show(outcome: Outcome) -> None:
            nonlocal shown
            if outcome.status == "broken" and shown < wanted:  # a chunk can break more
                shown += 1
                bar.update()

        with progress_bar(
            wanted, f"attacking in epoch {start.epoch + 1}", "adversarial text"
        ) as bar:
            while order and len(broken) < wanted:
                # Small chunks at the end, so that few examples are attacked beyond those needed.
                size = max(wanted - len(broken), runner.lanes)
                chunk, order = order[:size], order[size:]
                examples = [_Example.of(start, row) for row in chunk]
                outcomes = runner.run(examples, on_outcome=show).outcomes
                broken += [outcome for outcome in outcomes if outcome.status == "broken"]
                errors += [outcome for outcome in outcomes if outcome.status == "error"]
        if errors and not broken:
            raise AttackError(f"no attack on training examples succeeded: {errors[0].error}")
        if errors:
            warnings.warn(
                f"a2t: {len(errors)} attacks on training examples failed in epoch "
                f"{start.epoch + 1} and add no text; the first error is {errors[0].error}",
                RobustbertWarning,
                stacklevel=2,
            )
        return broken[:wanted]

    def _runner(self, start: EpochStart) -> AttackRunner:
        from robustbert.attacks import AttackRunner

        return AttackRunner(
            start.make_classifier(),
            self.recipe,
            track=self.track,
            length=start.dataset.length,
            seed=start.config.seed,
            dtype=start.config.dtype,
            device=start.config.device,
        )


@dataclass(frozen=True)
class _Example:
    """A training row to attack; its id is its index."""

    example_id: str
    text: str
    label: int

    @classmethod
    def of(cls, start: EpochStart, row: int) -> _Example:
        return cls(str(row), start.texts[row], start.labels[row])
