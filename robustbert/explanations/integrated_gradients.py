"""Integrated gradients: gradients averaged on the way from an empty text, times the difference.

Sundararajan et al. 2017, "Axiomatic Attribution for Deep Networks", section 3. The path is a
straight line between embeddings; the baseline has the padding token in place of every token but
those that the tokenizer adds (the paper suggests zero embeddings for text). The scores of
all tokens sum to the difference of the logits of text and baseline ("completeness"), up to the
error of the integration, which ``delta`` gives. The computation is captum's
``LayerIntegratedGradients`` on the embeddings of tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from robustbert.explanations.network_explainer import NetworkExplainer, TokenScores
from robustbert.validation import check_between

if TYPE_CHECKING:
    import torch

    from robustbert.models.token_network import TokenNetwork
    from robustbert.models.tokenization import TokenSpan

#: Tokens per forward pass. More take more memory and are no faster.
_TOKENS = 4096
_MAX_STEPS = 1000  # the time to find the points grows with the third power of their number


@dataclass(frozen=True)
class IntegratedGradients(NetworkExplainer):
    """Gradients along the line from a text of padding tokens.

    ``delta`` among the diagnostics is the sum of the scores of all tokens minus the difference of
    the logits, which ``difference`` gives.

    Args:
        steps: the number of points of the integration, by the Gauss-Legendre rule, 1 to 1000.

    Raises:
        InputError: ``steps`` is not an integer from 1 to 1000.
    """

    name: ClassVar[str] = "integrated-gradients"
    paper: ClassVar[str] = "Sundararajan et al. 2017"
    packages: ClassVar[tuple[str, ...]] = ("captum",)

    steps: int = 50

    def __post_init__(self) -> None:
        check_between(1, _MAX_STEPS, steps=self.steps)

    def token_scores(
        self, network: TokenNetwork, ids: torch.Tensor, spans: Sequence[TokenSpan], target: int
    ) -> TokenScores:
        """See :meth:`NetworkExplainer.token_scores`."""
        import torch
        from captum.attr import LayerIntegratedGradients

        method = LayerIntegratedGradients(network.logits, network.embedding)
        baseline = baseline_ids(network, ids, spans)
        products = method.attribute(
            ids,
            baseline,
            target=target,
            n_steps=self.steps,
            internal_batch_size=max(1, _TOKENS // ids.shape[1]),
        )
        scores = products[0].detach().double().sum(dim=-1)
        with torch.no_grad():
            ends = torch.cat([network.embed(baseline), network.embed(ids)])
            logits = network.logits(ids.expand(2, -1), ends)[:, target]
        first, last = logits.double().tolist()
        difference = last - first
        diagnostics = {"delta": float(scores.sum()) - difference, "difference": difference}
        return TokenScores(scores.cpu().numpy(), diagnostics)


def baseline_ids(
    network: TokenNetwork, ids: torch.Tensor, spans: Sequence[TokenSpan]
) -> torch.Tensor:
    """The token ids with the padding token for every token that is not special: int64 (1, t)."""
    import torch

    is_special = torch.tensor([span.is_special for span in spans], device=ids.device)
    return torch.where(is_special, ids, network.padding_id)
