"""A Trainer of transformers that logs the losses of both objectives apart."""

from __future__ import annotations

from typing import Any

import torch
import transformers

from robustbert.training.finetune import ShowProgress
from robustbert.training.training_time import TrainingTime

_LOSSES = ("mlm_loss", "nsp_loss")


class PretrainingTrainer(transformers.Trainer):  # type: ignore[misc]
    """A Trainer of a `PretrainingBert` on rows in a given order."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sums: dict[str, Any] = {}
        self._batches = 0

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return torch.utils.data.SequentialSampler(train_dataset or self.train_dataset)

    def compute_loss(
        self,
        model: Any,
        inputs: Any,
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> Any:
        """The sum of the losses, each of which is kept for the next log entry."""
        output = model(**inputs)
        for name in _LOSSES:
            if output.get(name) is not None:
                # a mean, because several GPUs of one process give a loss each
                self._sums[name] = self._sums.get(name, 0.0) + output[name].detach().mean()
        self._batches += 1
        return (output.loss, output) if return_outputs else output.loss

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Log; an entry with a training loss gets the mean of each loss since the last one."""
        if "loss" in logs:
            logs |= {name: float(total) / self._batches for name, total in self._sums.items()}
            self._sums, self._batches = {}, 0
        super().log(logs, *args, **kwargs)


class ShowLosses(ShowProgress):
    """A progress bar with the last training losses."""

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **_: Any) -> None:
        """Show the losses."""
        shown = [f"{name[:3]} {logs[name]:.3f}" for name in _LOSSES if name in logs]
        if shown and self._bar is not None:
            self._bar.set_postfix_str(f"loss: {', '.join(shown)}")


class PretrainingTime(TrainingTime):
    """Measures the training time, and stores it with each checkpoint.

    Every checkpoint is written just after a log entry, also that of the last step.
    """

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Log after the last step, which is not always at the end of an interval."""
        control.should_log |= state.global_step >= state.max_steps

    def on_log(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Store the seconds."""
        self.on_evaluate(args, state, control)
