"""ASCC: train on the worst mixtures of words and their substitutes.

Dong et al. 2021, "Towards Robustness Against Natural Language Word Substitutions". Each word's
embedding moves within the convex hull of those of the word and its substitutes. The weights of the
mixture, a softmax, are searched by gradient ascent, so that the prediction changes while the
entropy of the weights is small: mixtures are then close to actual substitutions ("adversarial
sparse convex combination"). The loss is the cross-entropy of the text as it is, plus the weighted
Kullback-Leibler divergence of the prediction for the mixture from that for the text.

The defaults are those of the authors' code (dongxinshuai/ASCC): 10 steps and a sparsity of 15
(``opts.py``), a divergence weighted by 4 (``train_imdb.sh``), and Adam with a step of 1 for BERT
(``bert_w_optm_lr`` there; 10 for other networks). Other code (RockyLzy/TextDefender,
``trainer/ascc.py`` and ``model/models.py``) has 5 steps, a sparsity of 10, and the same weight and
step.

What follows the authors' code (``models/BaseBertModelAdv.py``) in detail: the search adds up the
divergences of a batch's texts and subtracts the mean entropy of its tokens, so that the sparsity
matters less in larger batches; the logits start from normal noise, and Adam has a weight decay;
there is no dropout in the search (there is in TextDefender's). The weights found then count as
constants, but the embeddings of substitutes are trained.

Differences: padding has no part in the mean entropy. The authors' code for BERT (``dataHelper.py``)
puts the substitutes of a text's n-th word at its n-th token, which is another word's after a word
of several tokens; here words of several tokens stay as they are. Its list of substitutes is that of
Jia et al. 2019, with the 8 nearest words; here :mod:`robustbert.defenses.substitutions` finds them,
down to the cosine similarity to which TextAttack's recipe of TextFooler goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from robustbert.defenses.base import Defense, StepCost
from robustbert.defenses.embedding_defense import check_not_negative, source_hashes
from robustbert.defenses.substitutions import check_substitutes, substitution_dependencies
from robustbert.validation import check_at_least

if TYPE_CHECKING:
    import torch
    import transformers

    from robustbert.defenses.convex_hull import ConvexHulls
    from robustbert.defenses.embedding_perturbation import Batch

#: The weight decay of the Adam that searches the logits, in the authors' code.
WEIGHT_DECAY = 2e-5


@dataclass(frozen=True)
class Ascc(Defense):
    """Adversarial sparse convex combination.

    Args:
        kl_weight: the weight of the divergence, at least 0; with 0 it is not computed, which is
            plain training.
        steps: the number of steps of the search, at least 0.
        step_size: the learning rate of the search, at least 0.
        sparsity: the weight of the entropy in the search, at least 0.
        substitutes: the largest number of substitutes of a token, 1 to 100.
        min_cosine: the smallest cosine similarity of a word and its substitute in the word vectors,
            -1 to 1.

    Raises:
        InputError: a number is out of range.
    """

    paper: ClassVar[str] = "Dong et al. 2021"

    kl_weight: float = 4.0
    steps: int = 10
    step_size: float = 1.0
    sparsity: float = 15.0
    substitutes: int = 8
    min_cosine: float = 0.5

    def __post_init__(self) -> None:
        check_at_least(0, steps=self.steps)
        check_not_negative(
            kl_weight=self.kl_weight, step_size=self.step_size, sparsity=self.sparsity
        )
        check_substitutes(self.substitutes, self.min_cosine)

    @property
    def step_cost(self) -> StepCost:
        """The clean pass and that of the mixture; in the search, a clean pass and one per step."""
        if self.kl_weight == 0:
            return StepCost()
        return StepCost(self.steps + 3, self.steps + 2)

    def dependencies(self) -> dict[str, Any]:
        """What it shares, and the substitutes, so that a model is trained again when they change.

        Raises:
            MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
        """
        shared = source_hashes("embedding_perturbation", "convex_hull")
        return {**shared, **substitution_dependencies()}

    def callbacks(self) -> Sequence[transformers.TrainerCallback]:
        """Give the network the table of substitutes during the training."""
        if self.kl_weight == 0:
            return ()
        from robustbert.defenses.substitution_callback import AttachSubstitutes

        return (AttachSubstitutes(self.substitutes, self.min_cosine),)

    def training_loss(self, model: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The cross-entropy of the texts and the weighted divergence of the mixtures."""
        from torch.nn.functional import cross_entropy

        from robustbert.defenses.convex_hull import ConvexHulls
        from robustbert.defenses.embedding_perturbation import Batch
        from robustbert.defenses.substitution_callback import attached_substitutes

        batch = Batch.of(model, inputs)
        if self.kl_weight == 0:
            return batch.loss(model)
        table = attached_substitutes(batch.network, batch.input_ids.device)
        hulls = ConvexHulls.of(batch, table)
        weights = self._search(batch, hulls)
        logits = batch.logits(model)
        mixture = hulls.perturbation(weights, hulls.directions())
        others = batch.logits(batch.network, mixture)
        divergence = kl_divergence(logits, others).mean()
        return cross_entropy(logits, batch.labels) + self.kl_weight * divergence

    def _search(self, batch: Batch, hulls: ConvexHulls) -> torch.Tensor:
        """The weights of the mixtures after all steps."""
        import torch

        with without_dropout(batch.network):
            with torch.no_grad():
                target = batch.logits(batch.network)
                directions = hulls.directions()
            logits = start(hulls).to(directions).requires_grad_()
            adam = torch.optim.Adam([logits], lr=self.step_size, weight_decay=WEIGHT_DECAY)
            for _ in range(self.steps):
                mixture = hulls.perturbation(hulls.weights(logits), directions)
                divergence = kl_divergence(target, batch.logits(batch.network, mixture)).sum()
                entropy = hulls.entropies(logits).sum() / batch.mask.sum()
                loss = self.sparsity * entropy - divergence
                (logits.grad,) = torch.autograd.grad(loss, logits)
                adam.step()
        return hulls.weights(logits).detach()


def start(hulls: ConvexHulls) -> torch.Tensor:
    """Random logits (m, 1 + count), small in long texts: Kaiming's, as in the authors' code."""
    import torch

    lengths = hulls.batch.mask.sum(dim=1, keepdim=True).expand_as(hulls.positions)
    columns = hulls.mask.shape[1]
    scale = (2 / (lengths[hulls.positions] * columns)).sqrt()
    return torch.randn(hulls.mask.shape, device=hulls.mask.device) * scale[:, None]


def kl_divergence(logits: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """KL(p, q) of the softmax of two sets of logits (n, k): (n,)."""
    import torch

    exact = torch.promote_types(logits.dtype, torch.float32)
    log_p, log_q = (one.to(exact).log_softmax(dim=-1) for one in (logits, others))
    return (log_p.exp() * (log_p - log_q)).sum(dim=-1)


@contextmanager
def without_dropout(network: Any) -> Iterator[None]:
    """Run a network in training mode as in evaluation mode."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    # Without dropout, torch would choose flash attention, whose backward pass is slow on CPUs.
    with sdpa_kernel(SDPBackend.MATH) if network.device.type == "cpu" else nullcontext():
        network.eval()
        try:
            yield
        finally:
            network.train()
