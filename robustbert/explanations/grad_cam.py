"""Grad-CAM: the hidden states of a layer, weighted by their average gradients.

Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization", section 3: the weight of a channel is the gradient of the class's logit, averaged
over all positions; a position's score is the weighted sum of its channels. In an encoder of text,
channels are the dimensions of hidden states, and positions are tokens.

Difference: the paper drops negative scores (ReLU), since it looks for evidence for a class; here
they are kept unless ``relu`` is set. The computation is captum's ``LayerGradCam``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from robustbert.errors import InputError
from robustbert.explanations.network_explainer import NetworkExplainer, TokenScores

if TYPE_CHECKING:
    import torch

    from robustbert.models.token_network import TokenNetwork
    from robustbert.models.tokenization import TokenSpan


@dataclass(frozen=True)
class GradCam(NetworkExplainer):
    """Grad-CAM on the output of an encoder layer.

    Args:
        layer: the number of the layer, from 0; negative numbers count from the last one.
        relu: whether negative scores of tokens are set to 0.
    """

    name: ClassVar[str] = "grad-cam"
    paper: ClassVar[str] = "Selvaraju et al. 2017"
    packages: ClassVar[tuple[str, ...]] = ("captum",)

    layer: int = -1
    relu: bool = False

    def token_scores(
        self, network: TokenNetwork, ids: torch.Tensor, spans: Sequence[TokenSpan], target: int
    ) -> TokenScores:
        """See :meth:`NetworkExplainer.token_scores`.

        Raises:
            InputError: there is no such layer.
        """
        from captum.attr import LayerGradCam

        layers = network.encoder_layers()
        if not -len(layers) <= self.layer < len(layers):
            raise InputError(
                f"layer is {self.layer}, but model {network.name!r} has {len(layers)} layers; give "
                f"a number from 0 to {len(layers) - 1}"
            )
        # The weights need no gradients, so that the graph has to start at the embeddings.
        embeddings = network.embed(ids).requires_grad_()
        with _channels_first(layers[self.layer]) as channels:
            method = LayerGradCam(lambda tokens: network.logits(tokens, embeddings), channels)
            scores = method.attribute(ids, target=target, relu_attributions=self.relu)
        return TokenScores(scores[0, 0].detach().double().cpu().numpy())


@contextmanager
def _channels_first(layer: Any) -> Iterator[Any]:
    """Within the block, the output of a layer also passes a module with the shape (n, d, t).

    Captum's ``LayerGradCam`` takes dimension 1 of its layer's output, which is (n, t, d) in an
    encoder, for the channels.

    Yields:
        the module.
    """
    import torch

    channels = torch.nn.Identity()

    def transpose(_module: Any, _inputs: Any, output: Any) -> Any:
        hidden = output[0] if isinstance(output, tuple) else output
        hidden = channels(hidden.transpose(1, 2)).transpose(1, 2)
        return (hidden, *output[1:]) if isinstance(output, tuple) else hidden

    handle = layer.register_forward_hook(transpose)
    try:
        yield channels
    finally:
        handle.remove()
