"""FreeLB: accumulate the weights' gradients over the steps of a search on the embeddings.

Zhu et al. 2020, "FreeLB: Enhanced Adversarial Training for Natural Language Understanding",
algorithm 1: the K steps of projected gradient ascent on the embeddings need a backward pass each;
its gradients of the weights, which PGD discards, are averaged and used. The loss is the mean over
the K passes. The dropout masks are the same in all passes (section 3.3).

The defaults are those of their script for SST-2 with RoBERTa (zhuchen03/FreeLB,
``fairseq-RoBERTa/launch/FreeLB/sst-fp32-clip.sh``): K = 2, steps of 0.1, a start of 1 and a ball of
0.6. With ALBERT (``huggingface-transformers/launch/run_glue.sh``) they start from 0.6 without one.

Differences: ``fairseq/tasks/sentence_prediction.py`` runs K + 1 passes and divides by K + 1;
``run_glue_freelb.py`` runs K, as the paper and this do. A start outside the ball is moved into it
here; theirs is not.

FreeLB++ of Li et al. 2021, "Searching for an Effective Defender", has no ball and more steps. In
RockyLzy/TextDefender, ``trainer/freelb.py``, the passes have dropout masks of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from robustbert.defenses.base import StepCost
from robustbert.defenses.embedding_defense import EmbeddingDefense

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class FreeLb(EmbeddingDefense):
    """FreeLB, "free" large-batch adversarial training on the input embeddings.

    Args:
        steps: the number of passes K; the search takes a step between two of them.
        step_size: the norm of each step.
        initial_norm: the size of the random start.
        max_norm: the radius of the ball; 0 for no limit.
        norm: ``l2`` or ``linf``.
        same_dropout: whether all passes of a batch have the same dropout masks.

    Raises:
        InputError: a number is out of range.
    """

    paper: ClassVar[str] = "Zhu et al. 2020"

    steps: int = 2
    step_size: float = 0.1
    initial_norm: float = 1.0
    max_norm: float = 0.6
    same_dropout: bool = True

    @property
    def step_cost(self) -> StepCost:
        """One pass per step."""
        passes = max(self.steps, 1)
        return StepCost(passes, passes)

    def training_loss(self, model: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The mean loss over the passes."""
        from robustbert.defenses.embedding_perturbation import (
            Batch,
            EarlierGradients,
            project,
            repeated_dropout,
            step_along,
        )

        batch = Batch.of(model, inputs)
        if self.steps == 0:
            return batch.loss(model)
        start = batch.random_start(self.initial_norm, self.norm)
        perturbation = project(start, self.max_norm, self.norm)
        earlier = EarlierGradients(batch.network)
        for _ in range(self.steps - 1):
            perturbation.requires_grad_()
            with repeated_dropout(start.device) if self.same_dropout else nullcontext():
                loss = batch.loss(batch.network, perturbation) / self.steps
                (gradient,) = earlier.add(loss, perturbation)
            ascent = batch.without_padding(gradient)
            moved = step_along(perturbation, ascent, self.step_size, self.norm)
            perturbation = project(moved, self.max_norm, self.norm)
        return earlier.add_to(batch.loss(model, perturbation) / self.steps)


@dataclass(frozen=True)
class FreeLbPlusPlus(FreeLb):
    """FreeLB++: FreeLB without a ball; parameters are those of :class:`FreeLb`.

    The defaults are those of the authors' code; their paper goes up to 30 steps.
    """

    paper: ClassVar[str] = "Li et al. 2021"

    steps: int = 5
    step_size: float = 0.03
    initial_norm: float = 0.05
    max_norm: float = 0.0
    same_dropout: bool = False
