"""Layer-wise learning rate decay: lower learning rates for layers that are closer to the input.

The head and whatever else is above the encoder have the peak learning rate, the layer below it
that rate times the factor, and so on down to the embeddings. This is the discriminative fine-tuning
of Howard and Ruder 2018, "Universal Language Model Fine-tuning for Text Classification", which
divides by 2.6 from layer to layer, and the decay that Clark et al. 2020 fine-tune ELECTRA with.
The code of the latter (google-research/electra, ``model/optimization.py``) leaves out a step: there
the uppermost layer has the rate of the head times the square of the factor.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from robustbert.errors import ModelError
from robustbert.models.token_network import find_encoder_layers


def layer_groups(
    network: Any,
    *,
    layer_decay: float,
    learning_rate: float,
    weight_decay: float,
    decayed: Collection[str],
) -> list[dict[str, Any]]:
    """The parameter groups of an optimizer, each with a learning rate and a weight decay.

    Args:
        network: a network of transformers.
        layer_decay: the factor per layer, in (0, 1].
        learning_rate: that of the parameters above the encoder's layers.
        weight_decay: that of the parameters in ``decayed``; others have none.
        decayed: names of parameters.

    Raises:
        ModelError: the network has no list of layers.
    """
    distances = _distances_from_head(network)
    groups: dict[tuple[int, bool], list[Any]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            groups.setdefault((distances.get(name, 0), name in decayed), []).append(parameter)
    return [
        {
            "params": parameters,
            "lr": learning_rate * layer_decay**distance,
            "weight_decay": weight_decay if is_decayed else 0.0,
        }
        for (distance, is_decayed), parameters in sorted(groups.items(), key=lambda item: item[0])
    ]


def _distances_from_head(network: Any) -> dict[str, int]:
    """By how many layers each parameter is below the head; those of the head are left out."""
    layers = find_encoder_layers(network)
    if layers is None:
        raise ModelError(
            f"layer_decay needs a network with a list of layers, which {type(network).__name__} "
            "does not have; leave it at 1"
        )
    inside = {id(p): len(layers) - i for i, layer in enumerate(layers) for p in layer.parameters()}
    below = len(layers) + 1  # the embeddings
    return {
        name: inside.get(id(parameter), below)
        for name, parameter in network.named_parameters()
        if id(parameter) in inside or "embeddings" in name
    }
