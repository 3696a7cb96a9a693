"""What a defense costs in training: the passes of a step, and making the rows that it adds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StepCost:
    """The cost of one training step on a batch; the default is that of plain training.

    Args:
        forward: the number of forward passes.
        backward: the number of backward passes.
    """

    forward: int = 1
    backward: int = 1

    def times(self, factor: int) -> StepCost:
        """The cost of a batch that is ``factor`` times as large."""
        return StepCost(factor * self.forward, factor * self.backward)


@dataclass(frozen=True)
class TrainingAttack:
    """Attacks on training examples, whose adversarial texts are trained on.

    Args:
        recipe: the recipe.
        track: the limits of the attack.
        examples: the number of examples that are attacked at most.
        wanted: the number of adversarial texts after which no more are attacked; None if there is
            no such number.
        epochs: the number of epochs with the adversarial texts.
    """

    recipe: str
    track: str
    examples: int
    wanted: int | None
    epochs: int


@dataclass(frozen=True)
class RowCost:
    """The cost of the rows that a defense adds to a training; the default is that of none.

    Args:
        rows: how many rows the epochs have more, all epochs together, without those of attacks.
        queries: how many texts the network classifies to make them.
        attacks: the attacks that make further rows.
    """

    rows: int = 0
    queries: int = 0
    attacks: tuple[TrainingAttack, ...] = ()
