"""A moving average of a network's weights during its training."""

from __future__ import annotations

import copy
from typing import Any

import torch
import transformers

#: The name of the averaged network within the trained one, so that checkpoints hold it.
ATTRIBUTE = "averaged_network"
#: How much of the average is kept in each step: at first, and after this share of all steps.
EARLY_DECAY = 0.99
LATE_DECAY = 0.999
EARLY_SHARE = 0.1


class MovingAverage(transformers.TrainerCallback):  # type: ignore[misc]
    """Keep a copy of the network whose weights are an exponential moving average.

    As in Jiang et al. 2020, section 4: in each step the average keeps 99% of itself, after a tenth
    of the training 99.9%.
    """

    def on_init_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """Attach the copy, which starts from the network's weights."""
        setattr(model, ATTRIBUTE, copy.deepcopy(model).requires_grad_(False))

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        """Move the average towards the weights."""
        is_early = state.global_step <= EARLY_SHARE * state.max_steps
        decay = EARLY_DECAY if is_early else LATE_DECAY
        weights = dict(model.named_parameters())
        with torch.no_grad():
            for name, mean in getattr(model, ATTRIBUTE).named_parameters():
                mean.lerp_(weights[name], 1 - decay)

    def on_train_end(
        self, args: Any, state: Any, control: Any, model: Any = None, **_: Any
    ) -> None:
        """Remove the copy."""
        delattr(model, ATTRIBUTE)


def averaged_network(network: Any) -> Any:
    """The attached copy of a network, without dropout."""
    return getattr(network, ATTRIBUTE).eval()
