"""SMART: predictions that hardly change when the embeddings change a little.

Jiang et al. 2020, "SMART: Robust and Efficient Fine-Tuning for Pre-trained Natural Language Models
through Principled Regularized Optimization". Two terms are added to the cross-entropy:

- smoothness (section 3.1): the symmetric Kullback-Leibler divergence between the predictions for a
  text and for its embeddings with the perturbation that makes this divergence largest, which is
  searched by gradient ascent from normal noise within an L-infinity ball;
- Bregman proximal point optimisation with momentum (section 3.2): the same divergence between the
  predictions of the network and of a moving average of its weights.

The defaults are the paper's (section 4): one step of 1e-3 from noise of 1e-5, in a ball of 1e-5.
The weight of the smoothness is 1, 3 or 5 there; that of the Bregman term is 1, and 0 here, because
the authors never released that part.

Differences of the authors' code (namisan/mt-dnn, ``mt_dnn/perturbation.py`` and ``loss.py``): there
is no ball, and the default step of the class is 1e-3, that of ``train.py`` 1e-5. The search follows
a divergence in one direction, and each half of the symmetric one has no gradient by its target;
here, as in the paper, both are symmetric and whole. A step is normalised by token, there and here.

With these defaults nearly all of the divergence is due to the passes' different dropout masks. A
perturbation that matters needs a larger ``step_size``, and a larger ``max_norm`` or none (0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from robustbert.defenses.base import Defense, StepCost
from robustbert.defenses.embedding_defense import check_not_negative, source_hashes
from robustbert.validation import check_at_least

if TYPE_CHECKING:
    import torch
    import transformers


@dataclass(frozen=True)
class Smart(Defense):
    """Smoothness-inducing regularisation, and optionally Bregman proximal point optimisation.

    Args:
        alpha: the weight of the smoothness, at least 0; with 0 it is not computed.
        steps: the number of steps of the search, at least 0.
        step_size: the largest coordinate of each token's step, at least 0.
        noise: the standard deviation of the random start, at least 0.
        max_norm: the largest coordinate of the perturbation; 0 for no limit.
        bregman_weight: the weight of the Bregman term, at least 0; with 0 it is not computed.

    Raises:
        InputError: a number is out of range.
    """

    paper: ClassVar[str] = "Jiang et al. 2020"

    alpha: float = 1.0
    steps: int = 1
    step_size: float = 1e-3
    noise: float = 1e-5
    max_norm: float = 1e-5
    bregman_weight: float = 0.0

    def __post_init__(self) -> None:
        check_at_least(0, steps=self.steps)
        check_not_negative(
            alpha=self.alpha,
            step_size=self.step_size,
            noise=self.noise,
            max_norm=self.max_norm,
            bregman_weight=self.bregman_weight,
        )

    @property
    def step_cost(self) -> StepCost:
        """The clean pass; one per step of the search and one at its end; one of the average."""
        smooth = self.steps + 1 if self.alpha > 0 else 0
        average = 1 if self.bregman_weight > 0 else 0
        return StepCost(1 + smooth + average, 1 + smooth)

    def dependencies(self) -> dict[str, Any]:
        """The hashes of what it shares, so that a model is trained again when they change."""
        return source_hashes("embedding_perturbation", "moving_average")

    def callbacks(self) -> Sequence[transformers.TrainerCallback]:
        """Keep the moving average of the weights, if the Bregman term has a weight."""
        if self.bregman_weight == 0:
            return ()
        from robustbert.defenses.moving_average import MovingAverage

        return (MovingAverage(),)

    def training_loss(self, model: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The cross-entropy and the weighted divergences."""
        from torch.nn.functional import cross_entropy

        from robustbert.defenses.embedding_perturbation import Batch, symmetric_kl
        from robustbert.defenses.moving_average import averaged_network

        batch = Batch.of(model, inputs)
        logits = batch.logits(model)
        loss = cross_entropy(logits, batch.labels)
        if self.alpha > 0:
            perturbation = self._search(batch, logits.detach())
            others = batch.logits(batch.network, perturbation)
            loss = loss + self.alpha * symmetric_kl(logits, others)
        if self.bregman_weight > 0:
            others = batch.logits(averaged_network(batch.network)).detach()
            loss = loss + self.bregman_weight * symmetric_kl(logits, others)
        return loss

    def _search(self, batch: Any, logits: torch.Tensor) -> torch.Tensor:
        """The perturbation after all steps."""
        import torch

        from robustbert.defenses.embedding_perturbation import project, step_along, symmetric_kl

        start = self.noise * torch.randn_like(batch.embeddings().detach())
        perturbation = project(batch.without_padding(start), self.max_norm, "linf")
        for _ in range(self.steps):
            perturbation.requires_grad_()
            divergence = symmetric_kl(logits, batch.logits(batch.network, perturbation))
            gradient = batch.gradient(divergence, perturbation)
            moved = step_along(perturbation, gradient, self.step_size, "linf", of_tokens=True)
            perturbation = project(moved, self.max_norm, "linf")
        return perturbation
