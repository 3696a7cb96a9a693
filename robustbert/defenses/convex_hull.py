"""Points in the convex hulls of the embeddings of words and their substitutes.

Shared by the defenses that train on such mixtures. With a mixture, the network gets the embeddings
of the texts with some tokens moved; positions are added to them as usual.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from robustbert.defenses.embedding_perturbation import Batch
from robustbert.defenses.substitutions import SubstituteTable


@dataclass(frozen=True, eq=False)
class ConvexHulls:
    """The convex hulls of a batch's tokens that have substitutes, m of them.

    A point in a hull is given by weights, float (m, 1 + count): at least 0, with the sum 1, and 0
    where :attr:`mask` is False. The first weight is that of the token itself.

    Args:
        batch: the batch.
        positions: bool (n, t): the tokens that have substitutes.
        ids: int64 (m, 1 + count): each of these tokens and its substitutes.
        mask: bool (m, 1 + count): False where there is no substitute.
    """

    batch: Batch
    positions: torch.Tensor
    ids: torch.Tensor
    mask: torch.Tensor

    @classmethod
    def of(cls, batch: Batch, table: SubstituteTable) -> ConvexHulls:
        """The hulls of a batch; padding has none."""
        found = table.of(batch.input_ids)
        positions = found.mask[..., 1:].any(dim=-1) & batch.mask.bool()
        return cls(batch, positions, found.ids[positions], found.mask[positions])

    def weights(self, logits: torch.Tensor) -> torch.Tensor:
        """The softmax of logits (m, 1 + count) over each token's substitutes and itself."""
        return self.log_weights(logits).exp()

    def log_weights(self, logits: torch.Tensor) -> torch.Tensor:
        """The logarithm of :meth:`weights`; -inf where they are 0."""
        return logits.masked_fill(~self.mask, -torch.inf).log_softmax(dim=-1)

    def entropies(self, logits: torch.Tensor) -> torch.Tensor:
        """The entropy of each token's weights, in nats: (m,)."""
        log_weights = self.log_weights(logits)
        return -(log_weights.exp() * log_weights.masked_fill(~self.mask, 0)).sum(dim=-1)

    def directions(self) -> torch.Tensor:
        """From the embedding of each token to those of its substitutes: (m, 1 + count, d)."""
        found: torch.Tensor = self.batch.network.get_input_embeddings()(self.ids)
        return found - found[:, :1]

    def perturbation(self, weights: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
        """What is added to the batch's embeddings so that they are these points: (n, t, d)."""
        with torch.autocast(weights.device.type, enabled=False):
            moves = torch.einsum("mk,mkd->md", weights, directions)
        shape = (*self.positions.shape, moves.shape[-1])
        return moves.new_zeros(shape).index_put((self.positions,), moves)
