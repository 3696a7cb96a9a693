"""The cost of a training step."""

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
