"""PGD: train on the embeddings that gradient ascent made hardest, within a ball.

Madry et al. 2018, "Towards Deep Learning Models Resistant to Adversarial Attacks", section 2:
minimise the loss at the worst point of a ball around each example, which is searched by projected
gradient steps from a random start. Their examples are images and their norm is L-infinity; on word
embeddings the norm is L2, as in Miyato et al. 2017, "Adversarial Training Methods for
Semi-Supervised Text Classification", section 3. The defaults are those of Li et al. 2021,
"Searching for an Effective Defender", who compare it on text (RockyLzy/TextDefender,
``trainer/pgd.py`` and ``trainer/gradient.py``): 5 steps of 0.03 from a start of 0.05, no limit, and
no loss of the clean batch.

One step from no start is FGM, the method of Miyato et al.: ``steps = 1, initial_norm = 0,
clean_weight = 1``, whose step size is then the norm of the perturbation.

Differences: Miyato et al. normalise the embeddings of a recurrent network to unit variance, so
that their step size of 5 does not carry over; BERT's embeddings stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from robustbert.defenses.base import StepCost
from robustbert.defenses.embedding_defense import EmbeddingDefense, check_not_negative

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Pgd(EmbeddingDefense):
    """Adversarial training by projected gradient descent on the input embeddings.

    Args:
        steps: the number of steps of the search.
        step_size: the norm of each step.
        initial_norm: the size of the random start.
        max_norm: the radius of the ball; 0 for no limit.
        norm: ``l2`` or ``linf``.
        clean_weight: the weight of the loss of the texts as they are, which is added; with 0 it is
            not computed.

    Raises:
        InputError: a number is out of range.
    """

    paper: ClassVar[str] = "Madry et al. 2018; Miyato et al. 2017"

    clean_weight: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_not_negative(clean_weight=self.clean_weight)

    @property
    def step_cost(self) -> StepCost:
        """One pass per step of the search, one at its end, and one of the clean batch."""
        if self.steps == 0:
            return StepCost()
        passes = self.steps + 1 + (self.clean_weight > 0)
        return StepCost(passes, passes)

    def training_loss(self, model: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The loss at the end of the search, and that of the clean batch if it has a weight."""
        from robustbert.defenses.embedding_perturbation import Batch, project, step_along

        batch = Batch.of(model, inputs)
        if self.steps == 0:
            return batch.loss(model)
        start = batch.random_start(self.initial_norm, self.norm)
        perturbation = project(start, self.max_norm, self.norm)
        for _ in range(self.steps):
            perturbation.requires_grad_()
            loss = batch.loss(batch.network, perturbation)
            gradient = batch.gradient(loss, perturbation)
            moved = step_along(perturbation, gradient, self.step_size, self.norm)
            perturbation = project(moved, self.max_norm, self.norm)
        loss = batch.loss(model, perturbation)
        if self.clean_weight > 0:
            loss = loss + self.clean_weight * batch.loss(batch.network)
        return loss
