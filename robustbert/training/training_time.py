"""The training time of a network, including the time before an interruption."""

from __future__ import annotations

import time
from typing import Any

import transformers

#: Name of the seconds in an entry of the Trainer's log history, which checkpoints hold.
_SECONDS = "training_seconds"


class TrainingTime(transformers.TrainerCallback):  # type: ignore[misc]
    """Measures the training time, and stores it with each checkpoint.

    A resumed training continues from the time of its checkpoint, so what was done after that and
    lost is not counted. Create the object when the training begins.
    """

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._before = 0.0

    @property
    def seconds(self) -> float:
        """The seconds so far."""
        return self._before + time.perf_counter() - self._began

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Read the seconds of the checkpoint, if the training is resumed."""
        stored = [entry[_SECONDS] for entry in state.log_history if _SECONDS in entry]
        self._before = stored[-1] if stored else 0.0

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Store the seconds: the Trainer evaluates just before it writes a checkpoint."""
        if state.log_history:  # it is empty if the Trainer evaluates without training
            state.log_history[-1][_SECONDS] = self.seconds
