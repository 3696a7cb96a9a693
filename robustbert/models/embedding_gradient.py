"""The gradient of a network's loss with respect to the input embedding of each token."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import numpy as np
import torch

from robustbert.errors import InputError, ModelError


def embedding_gradient(
    ids: Sequence[int], embedding: Any, log_probabilities: Callable[[Any], Any], device: Any
) -> np.ndarray:
    """Compute the gradient of the cross-entropy for the predicted label.

    No gradients accumulate in the weights.

    Args:
        ids: the t token ids of a text.
        embedding: the module that maps them to t embeddings of size d.
        log_probabilities: maps token ids, int64 (1, t), to log-probabilities or logits (1, k); it
            calls ``embedding``.
        device: the device of the token ids.

    Returns:
        float32 (t, d), one row per token.

    Raises:
        ModelError: the embeddings are not used, or there is not one of them per token.
    """
    with watched_embeddings(embedding) as leaf:
        (gradient,) = loss_gradients([ids], leaf, log_probabilities, device)
    return np.asarray(gradient)


@contextmanager
def watched_embeddings(embedding: Any) -> Iterator[threading.local]:
    """Within the block, the output of ``embedding`` is a leaf, so that it can have a gradient.

    Yields:
        an object whose ``value`` in the current thread is the leaf: the first output since
        ``value`` was set to None.
    """
    leaf = threading.local()

    def watch(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        if getattr(leaf, "value", None) is not None:
            return output
        leaf.value = first = output.detach().requires_grad_(True)
        return first

    handle = embedding.register_forward_hook(watch)
    try:
        yield leaf
    finally:
        handle.remove()


def loss_gradients(
    sequences: Sequence[Sequence[int]],
    leaf: threading.local,
    log_probabilities: Callable[[Any], Any],
    device: Any,
) -> np.ndarray:
    """Compute :func:`embedding_gradient` for n texts of t tokens each: float32 (n, t, d).

    Args:
        sequences: the token ids of each text.
        leaf: what :func:`watched_embeddings` yields.
        log_probabilities: as for :func:`embedding_gradient`, for n texts.
        device: the device of the token ids.
    """
    n, length = len(sequences), len(sequences[0])
    leaf.value = None
    # cuDNN's recurrent layers have no gradients in evaluation mode. Its flags are not of a thread.
    on_cpu = torch.device(device).type == "cpu"
    with (
        torch.enable_grad(),
        nullcontext() if on_cpu else torch.backends.cudnn.flags(enabled=False),
    ):
        scores = log_probabilities(torch.tensor([list(ids) for ids in sequences], device=device))
        labels = scores.detach().argmax(dim=-1)
        loss = torch.nn.functional.cross_entropy(scores, labels, reduction="sum")
        embeddings = leaf.value
        if embeddings is None or embeddings.shape[:-1].numel() != n * length:
            raise ModelError(
                "the embedding layer does not compute one embedding per token; pass the right "
                "layer as embedding="
            )
        if not scores.requires_grad:
            raise ModelError(
                "the network's output does not depend on its embeddings in a way that torch can "
                "differentiate; remove no_grad or detach from its forward, or use a recipe that "
                "needs no gradients"
            )
        (gradient,) = torch.autograd.grad(loss, embeddings)
    return np.asarray(gradient.reshape(n, length, -1).float().cpu().numpy())


def find_embedding(module: Any, embedding: Any) -> str | None:
    """The name of the layer within ``module`` that maps token ids to embeddings.

    Args:
        module: the network.
        embedding: the layer; None for ``module.get_input_embeddings()`` or, if there is no such
            method, the only ``torch.nn.Embedding``.

    Returns:
        None if it cannot be found.

    Raises:
        InputError: ``embedding`` is not a part of ``module``.
    """
    parts = dict(module.named_modules())
    if embedding is not None:
        if not any(part is embedding for part in parts.values()):
            raise InputError("embedding is not a part of module; pass one of its layers")
        return _name_of(embedding, parts)
    found = None
    if hasattr(module, "get_input_embeddings"):
        with suppress(NotImplementedError):
            found = module.get_input_embeddings()
    tables = [part for part in parts.values() if isinstance(part, torch.nn.Embedding)]
    if found is None and len(tables) == 1:
        (found,) = tables
    return _name_of(found, parts)


def _name_of(part: Any, parts: Mapping[str, Any]) -> str | None:
    return next((name for name, other in parts.items() if other is part), None)
