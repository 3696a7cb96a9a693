"""Random points in the convex hulls of words and their neighbours, as DNE draws them.

A point is a mixture of the embeddings of a word and its neighbours. Its weights have a Dirichlet
distribution; the smaller its parameters, the nearer the points are to single words.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from robustbert.defenses.substitutions import Substitutes, SubstituteTable

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """The neighbours of each token: its substitutes, and then the substitutes of these.

    Args:
        table: the token itself, its substitutes, nearest first, and theirs, in the same order.
        num_direct: int64 (vocabulary,): the number of its own substitutes.
    """

    table: SubstituteTable
    num_direct: torch.Tensor

    def concentrations(
        self, tokens: torch.Tensor, mask: torch.Tensor, alpha: float, decay: float
    ) -> NDArray[np.float64]:
        """The parameters of the Dirichlet distribution of some tokens' weights: (m, size).

        Args:
            tokens: int64 (m,).
            mask: bool (m, size): which of a token's row in the table can be used.
            alpha: that of a token itself and its substitutes.
            decay: what ``alpha`` is multiplied by for the substitutes of substitutes.

        Returns:
            0 where the mask is False.
        """
        is_direct = np.arange(mask.shape[1]) <= self.num_direct[tokens].cpu().numpy()[:, None]
        return np.where(mask.cpu().numpy(), np.where(is_direct, alpha, alpha * decay), 0.0)


@lru_cache(maxsize=8)
def neighbourhood(table: SubstituteTable, size: int, *, direct_only: bool) -> Neighbourhood:
    """Find the neighbours of each token.

    Args:
        table: the substitutes of each token.
        size: the largest number of a token and its neighbours, at least 1.
        direct_only: leave out the substitutes of substitutes.
    """
    import torch

    ids, mask = table.rows.ids.cpu().numpy(), table.rows.mask.cpu().numpy()
    direct = [row[kept].tolist() for row, kept in zip(ids, mask, strict=True)]
    near = direct if direct_only else [_with_second(row, direct, size) for row in direct]
    size = min(size, max(map(len, near)))
    rows = np.repeat(np.arange(len(ids))[:, None], size, axis=1)
    lengths = np.array([min(len(row), size) for row in near])
    for row, found in zip(rows, near, strict=True):
        row[: len(found)] = found[:size]
    device = table.continues.device
    found_rows = Substitutes(
        torch.from_numpy(rows), torch.from_numpy(np.arange(size) < lengths[:, None])
    )
    num_direct = torch.tensor([min(len(row), size) - 1 for row in direct])
    return Neighbourhood(
        SubstituteTable(found_rows, table.continues.cpu()).to(device), num_direct.to(device)
    )


def _with_second(row: list[int], direct: list[list[int]], size: int) -> list[int]:
    """A token, its substitutes and theirs, without duplicates, about ``size`` of them."""
    found = dict.fromkeys(row)
    for token in row[1:]:
        if len(found) >= size:
            break
        found.update(dict.fromkeys(direct[token]))
    return list(found)


def log_dirichlet(
    concentrations: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.float64]:
    """Draw the logarithms of weights with a Dirichlet distribution, of the shape (..., k).

    Gamma variables, normalised. If G has the parameter a + 1 and E is exponential, then
    G exp(-E / a) has the parameter a (Marsaglia and Tsang 2000, section 6); as a logarithm it does
    not underflow for small a.

    Args:
        concentrations: (..., k), the parameters, 0 for weights that are 0; some of a row is not.
        generator: the source of the random numbers.
    """
    used = concentrations > 0
    parameters = np.where(used, concentrations, 1.0)
    gammas = generator.standard_gamma(parameters + 1)
    logs = np.log(gammas) - generator.standard_exponential(parameters.shape) / parameters
    logs = np.where(used, logs, -np.inf)
    logs -= logs.max(axis=-1, keepdims=True)
    normalised: NDArray[np.float64] = logs - np.log(np.exp(logs).sum(axis=-1, keepdims=True))
    return normalised
