"""Attention rollout: how much of each token flows into the classified one through the layers.

Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers", section 3: the attention of a
layer, averaged over its heads, is mixed half and half with the identity, which stands for the
residual connection; the product over the layers is the rollout. The scores are the row of the first
token, from which BERT classifies. They are the same for every class, are not negative, and sum to
1 over all tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from robustbert.errors import InputError
from robustbert.explanations.network_explainer import NetworkExplainer, TokenScores

if TYPE_CHECKING:
    import torch

    from robustbert.models.token_network import TokenNetwork
    from robustbert.models.tokenization import TokenSpan


@dataclass(frozen=True)
class AttentionRollout(NetworkExplainer):
    """The product of the layers' attention, averaged over heads and mixed with the identity.

    Args:
        row: the token whose attention is followed: ``first``, ``last``, or ``mean`` for the average
            over all tokens; choose the one that the network classifies from.

    Raises:
        InputError: ``row`` is something else.
    """

    name: ClassVar[str] = "attention-rollout"
    paper: ClassVar[str] = "Abnar and Zuidema 2020"
    is_class_specific: ClassVar[bool] = False

    row: Literal["first", "last", "mean"] = "first"

    def __post_init__(self) -> None:
        if self.row not in ("first", "last", "mean"):
            raise InputError(f"row is {self.row!r}; give first, last or mean")

    @property
    def explained_output(self) -> str:
        """No output of the network, but its attention."""
        return "attention"

    def token_scores(
        self, network: TokenNetwork, ids: torch.Tensor, spans: Sequence[TokenSpan], target: int
    ) -> TokenScores:
        """See :meth:`NetworkExplainer.token_scores`; the class makes no difference."""
        flow = rollout(network.attentions(ids))
        row = flow.mean(dim=0) if self.row == "mean" else flow[0 if self.row == "first" else -1]
        return TokenScores(row.cpu().numpy())


def rollout(attentions: torch.Tensor) -> torch.Tensor:
    """The attention rollout of all layers: float64 (t, t), rows sum to 1.

    Args:
        attentions: the weights of each layer and head, (l, h, t, t).
    """
    import torch

    means = attentions.double().mean(dim=1)
    identity = torch.eye(means.shape[-1], dtype=means.dtype, device=means.device)
    flow = identity
    for layer in means:
        flow = (layer + identity) / 2 @ flow
    return flow
