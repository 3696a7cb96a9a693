"""Trainers of transformers with another order of texts, learning rates per layer, another loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import transformers

from robustbert.errors import ModelError
from robustbert.training.config import Loss
from robustbert.training.layer_decay import layer_groups
from robustbert.training.sampling import LengthGroups


class LengthGroupedTrainer(transformers.Trainer):  # type: ignore[misc]
    """A Trainer whose order of texts does not depend on the global random generators.

    Args:
        layer_decay: see :func:`layer_groups`; 1 leaves the learning rates alone.
    """

    optimizer: Any

    def __init__(self, *args: Any, layer_decay: float = 1.0, **kwargs: Any) -> None:
        self._layer_decay = layer_decay
        super().__init__(*args, **kwargs)

    def create_optimizer(self) -> Any:
        """Create the optimizer, with a learning rate per layer if they decay."""
        if self.optimizer is None and self._layer_decay < 1:
            kind, options = self.get_optimizer_cls_and_kwargs(self.args, self.model)
            groups = layer_groups(
                self.model,
                layer_decay=self._layer_decay,
                learning_rate=self.args.learning_rate,
                weight_decay=self.args.weight_decay,
                decayed=self.get_decay_parameter_names(self.model),
            )
            self.optimizer = kind(groups, **options)
        return super().create_optimizer()

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthGroups:
        lengths = [len(row["input_ids"]) for row in train_dataset or self.train_dataset]
        # of all processes together: accelerate gives each the next part of a batch in turn
        batch_size = self.args.train_batch_size * self.args.world_size
        return LengthGroups(lengths, batch_size, self.args.seed)


class LossTrainer(LengthGroupedTrainer):
    """A Trainer that computes the training loss with a function of network and inputs."""

    def __init__(self, *args: Any, training_loss: Loss, **kwargs: Any) -> None:
        self._training_loss = training_loss
        super().__init__(*args, **kwargs)

    def compute_loss(
        self,
        model: Any,
        inputs: Mapping[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | None = None,
    ) -> Any:
        """The function's loss in training; cross-entropy in evaluation, which has no gradients."""
        if not model.training:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        loss = self._training_loss(model, inputs)
        if not isinstance(loss, torch.Tensor) or loss.ndim != 0:
            given = f"shape {tuple(loss.shape)}" if hasattr(loss, "shape") else type(loss).__name__
            raise ModelError(f"a training loss must be a scalar tensor, but it is {given}")
        return loss
