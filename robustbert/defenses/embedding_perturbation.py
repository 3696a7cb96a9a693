"""Perturbations of input embeddings: random starts, gradient steps, norms and projections.

Shared by the defenses that train on perturbed embeddings. A perturbation is a float tensor (n, t,
d) that is added to the embeddings of n texts of t tokens; it is zero at padding.

Gradients of a perturbation come from ``torch.autograd.grad``, which leaves the weights'
``.grad`` alone. With several processes, only one forward pass of a batch may go through the
wrapper that averages gradients over them, so all others use the network within it; each process
perturbs its own texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from transformers.modeling_utils import unwrap_model

#: Norms are at least this where something is divided by them, as in the code of FreeLB.
SMALLEST_NORM = 1e-8


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch of texts and the network that is trained on it.

    Args:
        model: the network, or the wrapper around it that averages gradients over processes.
        network: the network itself.
        input_ids: int64 (n, t).
        mask: int64 (n, t), 0 at padding.
        labels: int64 (n,).
    """

    model: Any
    network: Any
    input_ids: torch.Tensor
    mask: torch.Tensor
    labels: torch.Tensor

    @classmethod
    def of(cls, model: Any, inputs: Mapping[str, torch.Tensor]) -> Batch:
        """The batch that :meth:`robustbert.defenses.Defense.training_loss` gets."""
        ids, mask, labels = (inputs[name] for name in ("input_ids", "attention_mask", "labels"))
        return cls(model, unwrap_model(model), ids, mask, labels)

    def logits(self, model: Any, perturbation: torch.Tensor | None = None) -> torch.Tensor:
        """Run a forward pass of ``model`` on the texts, perturbed if given: (n, k)."""
        if perturbation is None:
            output = model(input_ids=self.input_ids, attention_mask=self.mask)
        else:
            embeddings = self.embeddings() + perturbation
            output = model(inputs_embeds=embeddings, attention_mask=self.mask)
        logits: torch.Tensor = output.logits
        return logits

    def loss(self, model: Any, perturbation: torch.Tensor | None = None) -> torch.Tensor:
        """The cross-entropy of a forward pass of ``model``."""
        return cross_entropy(self.logits(model, perturbation), self.labels)

    def embeddings(self) -> torch.Tensor:
        """The embeddings of the tokens, without positions: (n, t, d)."""
        found: torch.Tensor = self.network.get_input_embeddings()(self.input_ids)
        return found

    def random_start(self, size: float, norm: str) -> torch.Tensor:
        """A uniform random perturbation; nothing is drawn if ``size`` is 0.

        Args:
            size: the largest coordinate (``linf``), or the largest norm of a text (``l2``).
            norm: l2 or linf.
        """
        start = torch.zeros_like(self.embeddings().detach())
        if size == 0:
            return start
        scale: float | torch.Tensor = size
        if norm == "l2":
            coordinates = self.mask.sum(dim=1) * start.shape[-1]
            scale = (size / coordinates.to(start).sqrt())[:, None, None]
        return self.without_padding(start.uniform_(-1, 1) * scale)

    def without_padding(self, values: torch.Tensor) -> torch.Tensor:
        """The values (n, t, d) with zeros at padding."""
        kept: torch.Tensor = values * self.mask[..., None].to(values)
        return kept

    def gradient(self, loss: torch.Tensor, perturbation: torch.Tensor) -> torch.Tensor:
        """The gradient of a loss with respect to a perturbation; the graph is freed."""
        (gradient,) = torch.autograd.grad(loss, perturbation)
        return self.without_padding(gradient)


def norms(values: torch.Tensor, norm: str, *, of_tokens: bool = False) -> torch.Tensor:
    """The norm of each text's values (n, t, d), as (n, 1, 1); or of each token's, as (n, t, 1)."""
    order = 2 if norm == "l2" else torch.inf
    dims = -1 if of_tokens else (1, 2)
    found: torch.Tensor = torch.linalg.vector_norm(values, order, dim=dims, keepdim=True)
    return found


def step_along(
    perturbation: torch.Tensor,
    gradient: torch.Tensor,
    step_size: float,
    norm: str,
    *,
    of_tokens: bool = False,
) -> torch.Tensor:
    """Move a perturbation by ``step_size`` along the gradient, normalised per text or per token."""
    length = norms(gradient, norm, of_tokens=of_tokens).clamp(min=SMALLEST_NORM)
    return (perturbation + step_size * gradient / length).detach()


def project(perturbation: torch.Tensor, radius: float, norm: str) -> torch.Tensor:
    """Move each text's perturbation into the ball of this radius; 0 leaves it as it is."""
    if radius == 0:
        return perturbation
    if norm == "linf":
        return perturbation.clamp(-radius, radius)
    return perturbation * ball_scale(perturbation, radius)


def ball_scale(perturbation: torch.Tensor, radius: float) -> torch.Tensor:
    """What each text's perturbation is multiplied by to be in an L2 ball: (n, 1, 1), at most 1."""
    return (radius / norms(perturbation, "l2").clamp(min=SMALLEST_NORM)).clamp(max=1)


def symmetric_kl(logits: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """KL(p, q) + KL(q, p) of the softmax of two sets of logits (n, k), averaged over rows."""
    exact = torch.promote_types(logits.dtype, torch.float32)
    log_p, log_q = (one.to(exact).log_softmax(dim=-1) for one in (logits, others))
    return ((log_p.exp() - log_q.exp()) * (log_p - log_q)).sum(dim=-1).mean()


class EarlierGradients:
    """The weights' gradients of earlier passes of a batch, to be added to those of its last pass.

    So each pass costs one backward pass, and its activations are freed before the next. The
    gradients go through autograd, so that what is done to the loss later (a division for gradient
    accumulation, an average over processes) is done to them as well.

    Args:
        network: the network itself, without a wrapper.
    """

    def __init__(self, network: Any) -> None:
        self._weights = [weight for weight in network.parameters() if weight.requires_grad]
        self._sums: list[torch.Tensor | None] = [None] * len(self._weights)
        self._loss: torch.Tensor | None = None

    def add(self, loss: torch.Tensor, *perturbations: torch.Tensor) -> list[torch.Tensor]:
        """Add a loss and its gradients; return its gradients by the perturbations."""
        inputs = (*perturbations, *self._weights)
        found = torch.autograd.grad(loss, inputs, allow_unused=True)
        of_weights = found[len(perturbations) :]
        pairs = zip(self._sums, of_weights, strict=True)
        self._sums = [
            new if old is None else old if new is None else old + new for old, new in pairs
        ]
        self._loss = loss.detach() if self._loss is None else self._loss + loss.detach()
        return [gradient for gradient in found[: len(perturbations)] if gradient is not None]

    def add_to(self, loss: torch.Tensor) -> torch.Tensor:
        """The sum of all added losses and this one; its backward pass gives all gradients."""
        if self._loss is None:
            return loss
        used = [
            (weight, total)
            for weight, total in zip(self._weights, self._sums, strict=True)
            if total is not None
        ]
        totals = [total for _, total in used]
        weights = [weight for weight, _ in used]
        earlier: torch.Tensor = _KnownGradients.apply(self._loss, totals, *weights)
        return loss + earlier


class _KnownGradients(torch.autograd.Function):
    """A value whose gradients by some weights are already known."""

    @staticmethod
    def forward(
        ctx: Any, value: torch.Tensor, gradients: list[torch.Tensor], *weights: torch.Tensor
    ) -> torch.Tensor:
        """Return the value."""
        ctx.gradients = gradients
        return value.clone()

    @staticmethod
    def backward(ctx: Any, factor: torch.Tensor) -> Any:  # type: ignore[override]
        """Return the gradients."""
        return None, None, *(factor * gradient for gradient in ctx.gradients)


@contextmanager
def repeated_dropout(device: torch.device) -> Iterator[None]:
    """Restore the device's generator after the block: the next pass draws the same masks."""
    if device.type == "mps":
        state = torch.mps.get_rng_state()
        try:
            yield
        finally:
            torch.mps.set_rng_state(state)
        return
    devices = [] if device.type == "cpu" else [device]
    with torch.random.fork_rng(devices, device_type=device.type if devices else "cuda"):
        yield
