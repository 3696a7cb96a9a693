"""The base class of methods that need the gradients or attention weights of a network."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from robustbert.explanations.explainer import Example, Explainer, Scores
from robustbert.explanations.token_words import sum_by_word
from robustbert.frozen import FrozenMapping
from robustbert.models import Classifier

if TYPE_CHECKING:
    import torch

    from robustbert.models.token_network import TokenNetwork
    from robustbert.models.tokenization import TokenSpan


@dataclass(frozen=True, eq=False)
class TokenScores:
    """The scores of a text's tokens.

    Args:
        scores: float (t,), special tokens included.
        diagnostics: see :class:`robustbert.explanations.Attribution`.
    """

    scores: np.ndarray
    diagnostics: Mapping[str, float] = field(default_factory=FrozenMapping)


@dataclass(frozen=True)
class NetworkExplainer(Explainer):
    """A method that needs a network; it explains a logit.

    The network runs in float32 with eager attention, one text at a time, without padding.
    """

    needs_network: ClassVar[bool] = True

    @property
    def explained_output(self) -> str:
        """The logit of the class, before the softmax."""
        return "logit"

    @abstractmethod
    def token_scores(
        self, network: TokenNetwork, ids: torch.Tensor, spans: Sequence[TokenSpan], target: int
    ) -> TokenScores:
        """Compute the score of each token.

        Args:
            network: the network.
            ids: the token ids of a text, int64 (1, t).
            spans: the position of each token in the text.
            target: the index of the explained class.
        """

    def _scores(self, classifier: Classifier, examples: Sequence[Example]) -> Iterator[Scores]:
        network = classifier.token_network()
        for example in examples:
            ids, spans = network.encode(example.text)
            found = self.token_scores(network, ids, spans, example.target)
            yield sum_by_word(example.spans, spans, found.scores, found.diagnostics)
