"""Choose how to batch the texts of a PyTorch module, so that batches do not change results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from robustbert.errors import ModelError
from robustbert.models.inference.invariance import (
    InvarianceResult,
    invariance_result,
    is_invariant,
)
from robustbert.models.inference.invariance_cache import InvarianceCache
from robustbert.models.inference.packs import Tokens
from robustbert.models.inference.padded import Layout, Network, PaddedNetwork

Same = Callable[[np.ndarray, np.ndarray], bool]
"""Whether two outputs (n, k) are equal, except for rounding."""


@dataclass(frozen=True, eq=False)
class BatchedModule:
    """A module with the batches that were chosen for it.

    Args:
        network: computes its outputs.
        repeatable: whether two identical calls gave identical outputs.
    """

    network: PaddedNetwork
    repeatable: bool

    @property
    def batch_invariance(self) -> InvarianceResult:
        """Whether a text's outputs depend on that text alone."""
        return invariance_result(self.repeatable, self.network.row_counts)


def one_text_per_batch(network: Network, device: torch.device, layout: Layout) -> PaddedNetwork:
    """The network with each text in a batch of its own, without padding."""
    alone = replace(layout, token_budget=1, length_step=1, row_step=1, check_linears=False)
    return PaddedNetwork(network, device, alone)


def choose_batches(
    network: Network,
    device: torch.device,
    layout: Layout,
    sequences: Sequence[Tokens],
    same: Same,
    *,
    padding: bool,
) -> BatchedModule:
    """Choose the largest batches whose results do not depend on the other texts.

    Padded batches are tried first, then batches of texts of equal length, then one text per batch.
    Batches are used only if the outputs for the test inputs agree with those of single texts
    without padding, except for rounding, and are bit-identical in batches of any size.

    Args:
        network: the module as a function of token ids and attention mask.
        device: the device of its inputs.
        layout: padding token and limits.
        sequences: test inputs.
        same: whether two outputs are equal, except for rounding.
        padding: whether padded batches are tried; False if the network takes no attention mask.
    """
    single = one_text_per_batch(network, device, layout)
    expected = single.logits(sequences)
    if single.logits(sequences).tobytes() != expected.tobytes():
        return BatchedModule(single, repeatable=False)
    layouts = [layout] if padding else []
    for candidate in [*layouts, replace(layout, length_step=1)]:
        batched = PaddedNetwork(network, device, candidate)
        if _is_usable(batched, sequences, expected, same):
            return BatchedModule(batched, repeatable=True)
    return BatchedModule(single, repeatable=True)


def _is_usable(
    network: PaddedNetwork, sequences: Sequence[Tokens], expected: np.ndarray, same: Same
) -> bool:
    items = [tuple(tokens) for tokens in sequences]
    try:
        return (
            same(network.logits(items), expected)
            and is_invariant(network.logits, items, "module", InvarianceCache(None))
            and invariance_result(True, network.row_counts).verified
        )
    except ModelError:  # the module computes only single texts
        return False
