"""Saliency: the gradient of a class's logit at each token's embedding, times that embedding.

Simonyan et al. 2014, "Deep Inside Convolutional Networks: Visualising Image Classification Models
and Saliency Maps", section 3, take the absolute gradient at each pixel; the product with the input
is that of Shrikumar et al. 2017, "Not Just a Black Box: Learning Important Features Through
Propagating Activation Differences", section 2, and has a sign. A token's score is the sum over the
dimensions of its embedding. The computation is captum's ``InputXGradient``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from robustbert.explanations.network_explainer import NetworkExplainer, TokenScores

if TYPE_CHECKING:
    import torch

    from robustbert.models.token_network import TokenNetwork
    from robustbert.models.tokenization import TokenSpan


@dataclass(frozen=True)
class Saliency(NetworkExplainer):
    """Gradient times input embedding; it has no parameters."""

    name: ClassVar[str] = "saliency"
    paper: ClassVar[str] = "Simonyan et al. 2014; Shrikumar et al. 2017"
    packages: ClassVar[tuple[str, ...]] = ("captum",)

    def token_scores(
        self, network: TokenNetwork, ids: torch.Tensor, spans: Sequence[TokenSpan], target: int
    ) -> TokenScores:
        """See :meth:`NetworkExplainer.token_scores`."""
        from captum.attr import InputXGradient

        method = InputXGradient(lambda embeddings: network.logits(ids, embeddings))
        products = method.attribute(network.embed(ids).requires_grad_(), target=target)
        return TokenScores(products[0].detach().double().sum(dim=-1).cpu().numpy())
