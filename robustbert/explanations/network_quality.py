"""Infidelity and sensitivity of methods that explain a network.

Yeh et al. 2019, "On the (In)fidelity and Sensitivity of Explanations". Both are computed by
``captum.metrics`` on the network in float32 with eager attention.

Infidelity, definition 2.1: the expected squared difference between what the scores say about a
random change of the input, and the change of the explained logit. Here the input is the presence of
each word; a random set of words is replaced by padding tokens, which is where integrated gradients
start too. Methods have different scales, so scores are first multiplied by the factor that makes
the infidelity smallest (``normalize`` in captum, as in the authors' code).

Sensitivity, definition 3.1 (maximum): the largest relative change of the scores of tokens if small
noise is added to the embeddings of tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from robustbert.errors import InputError
from robustbert.explanations.attribution import Attribution
from robustbert.explanations.integrated_gradients import baseline_ids
from robustbert.explanations.network_explainer import NetworkExplainer
from robustbert.explanations.token_words import words_of_tokens
from robustbert.models import Classifier
from robustbert.seeds import derive_seed
from robustbert.validation import check_at_least

if TYPE_CHECKING:
    import torch

    from robustbert.models.token_network import TokenNetwork

#: Texts per forward pass, at most.
_TEXTS = 16


@dataclass(frozen=True)
class NetworkQuality:
    """The quality of one attribution.

    Args:
        infidelity: in squared logits, at least 0; lower is better.
        sensitivity: relative, at least 0; lower is better; None for scores without a method.
    """

    infidelity: float
    sensitivity: float | None


@dataclass(frozen=True)
class NetworkQualityConfig:
    """How infidelity and sensitivity are estimated.

    Args:
        word_share: the probability with which a word is removed, for the infidelity.
        removals: the number of random sets of words.
        radius: the largest noise in a dimension of an embedding, as a share of the root mean square
            of the dimensions of the text's embeddings, for the sensitivity.
        noises: the number of random noises.
        seed: of both; a text's numbers do not depend on other texts.

    Raises:
        InputError: a number is out of range.
    """

    word_share: float = 0.2
    removals: int = 50
    radius: float = 0.1
    noises: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        check_at_least(1, removals=self.removals, noises=self.noises)
        check_at_least(0, seed=self.seed)
        if not 0 < self.word_share <= 1:
            raise InputError(f"word_share is {self.word_share}; give a number above 0, at most 1")
        if not self.radius > 0:
            raise InputError(f"radius is {self.radius}; give a number above 0")


def network_quality(
    explainer: NetworkExplainer,
    classifier: Classifier,
    attributions: Sequence[Attribution],
    config: NetworkQualityConfig | None = None,
) -> list[NetworkQuality]:
    """Measure the infidelity and the sensitivity of attributions.

    Args:
        explainer: the method that made them.
        classifier: what they explain.
        attributions: one per text.
        config: how to estimate; None for the defaults.

    Raises:
        MissingAssetError: a package that the method needs is not installed.
        ModelError: the classifier has no gradients.
    """
    explainer.check(classifier)
    network = classifier.token_network()
    used = config or NetworkQualityConfig()
    return [
        NetworkQuality(
            infidelity=infidelity(network, one, used),
            sensitivity=sensitivity(explainer, network, one, used),
        )
        for one in attributions
    ]


def infidelity(
    network: TokenNetwork, attribution: Attribution, config: NetworkQualityConfig
) -> float:
    """The infidelity of the scores of words; see the module."""
    import torch
    from captum.metrics import infidelity as captum_infidelity

    presence = WordPresence(network, attribution)
    scores = torch.tensor([attribution.scores], dtype=torch.float32, device=network.device)

    def remove(present: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        removed = (torch.rand(present.shape) < config.word_share).to(present)
        return removed, present - removed

    with _seeded(config.seed, "infidelity", attribution.text):
        found = captum_infidelity(
            presence.logits,
            remove,
            torch.ones_like(scores),
            scores,
            target=attribution.target,
            n_perturb_samples=config.removals,
            max_examples_per_batch=_TEXTS,
            normalize=bool(scores.any()),  # the factor of scores that are all 0 is not defined
        )
    # Where scores fit exactly, rounding can make the difference of squares slightly negative.
    return max(float(found), 0.0)


def sensitivity(
    explainer: NetworkExplainer,
    network: TokenNetwork,
    attribution: Attribution,
    config: NetworkQualityConfig,
) -> float:
    """The maximum sensitivity of the scores of tokens; see the module."""
    import torch
    from captum.metrics import sensitivity_max

    ids, spans = network.encode(attribution.text)
    embeddings = network.embed(ids)
    radius = config.radius * float(embeddings.square().mean().sqrt())

    def explain(inputs: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        (batch,) = inputs
        return (torch.stack([scores_at(row) for row in batch]),)

    def scores_at(row: torch.Tensor) -> torch.Tensor:
        with torch.enable_grad(), embedded_as(network, ids, row[None]):
            found = explainer.token_scores(network, ids, spans, attribution.target)
        return torch.as_tensor(found.scores)

    with _seeded(config.seed, "sensitivity", attribution.text):
        found = sensitivity_max(
            explain,
            embeddings,
            perturb_radius=radius,
            n_perturb_samples=config.noises,
        )
    return float(found)


class WordPresence:
    """A network as a function of how present each word of a text is.

    Args:
        network: the network.
        attribution: of the text.
    """

    def __init__(self, network: TokenNetwork, attribution: Attribution) -> None:
        import torch

        self._network = network
        self._ids, spans = network.encode(attribution.text)
        self._embeddings = network.embed(self._ids)
        self._padding = network.embed(baseline_ids(network, self._ids, spans))
        words = words_of_tokens(attribution.spans, spans)
        self._words = torch.as_tensor(words, device=network.device)

    def logits(self, present: torch.Tensor) -> torch.Tensor:
        """The logits (n, k) where words are present (1), replaced by padding (0), or between.

        Args:
            present: float (n, w), one column per word.
        """
        inside = self._words >= 0
        weights = present.new_ones((len(present), len(self._words)))
        weights[:, inside] = present[:, self._words[inside]]
        mixed = self._padding + weights[..., None] * (self._embeddings - self._padding)
        return self._network.logits(self._ids.expand(len(present), -1), mixed)


@contextmanager
def embedded_as(
    network: TokenNetwork, ids: torch.Tensor, embeddings: torch.Tensor
) -> Iterator[None]:
    """Within the block, the network embeds a text differently; baselines are not affected.

    The hook is registered first, so that methods that put embeddings in place of those of the
    layer see these, and theirs are not changed.

    Args:
        network: the network.
        ids: the token ids of the text, int64 (1, t).
        embeddings: of its tokens, float32 (1, t, d).
    """
    import torch

    def substitute(_module: Any, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        given = inputs[0]
        same = (given == ids).all(dim=-1) if given.shape[-1] == ids.shape[-1] else None
        if same is None or not same.any():
            return output
        return torch.where(same[:, None, None], embeddings.expand_as(output), output)

    handle = network.embedding.register_forward_hook(substitute)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def _seeded(seed: int, purpose: str, text: str) -> Iterator[None]:
    """Within the block, torch's generator has a seed of the text; it is restored afterwards."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, purpose, text))
        yield
