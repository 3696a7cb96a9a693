"""A classifier that averages its predictions over random neighbourhoods of a text's words."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from robustbert.defenses.dirichlet import Neighbourhood, log_dirichlet
from robustbert.models import Classifier
from robustbert.models.classifier import TokenGradient
from robustbert.models.classifier_wrapper import ClassifierWrapper
from robustbert.models.embedded_network import EmbeddedNetwork
from robustbert.models.huggingface import CLOSE_MARGIN
from robustbert.models.inference.batching import unique_sequences
from robustbert.models.inference.invariance import InvarianceResult
from robustbert.models.inference.threads import map_in_threads
from robustbert.seeds import derive_seed

#: Tokens of all samples that are in memory at once: about 200 MB of BERT-base's embeddings.
CHUNK_TOKENS = 65_536

Tokens = tuple[int, ...]


class DirichletEnsemble(ClassifierWrapper):
    """A network whose predictions are averaged over samples of a text's embeddings.

    In each sample, the embedding of a word is a random mixture of its own and its neighbours'. The
    random numbers are derived from the text's token ids, so a text has the same samples in every
    call, at every precision, and other samples than a text that differs in one word.

    Args:
        classifier: the classifier.
        network: its network.
        neighbours: the neighbours of its tokens.
        alpha: the parameter of the Dirichlet distribution, above 0.
        samples: the number of samples, at least 1.
        confidence_power: see :func:`confident_average`.
    """

    def __init__(
        self,
        classifier: Classifier,
        network: EmbeddedNetwork,
        neighbours: Neighbourhood,
        *,
        alpha: float,
        samples: int,
        confidence_power: float,
    ) -> None:
        super().__init__(classifier)
        self._network = network
        self._neighbours = neighbours
        self._alpha = alpha
        self._samples = samples
        self._power = confidence_power
        self._seed = 0

    @property
    def batch_invariance(self) -> InvarianceResult:
        """That of the network on embeddings, which is checked when it is first asked for."""
        return self._inner.batch_invariance & self._network.batch_invariance

    @property
    def num_votes(self) -> int:
        """The number of samples."""
        return self._samples

    def redrawn(self, seed: int, votes: int | None = None) -> DirichletEnsemble:
        """See :meth:`Classifier.redrawn`; a vote is a sample."""
        changed = copy.copy(self)
        changed._seed = seed
        changed._samples = self._samples if votes is None else votes
        return changed

    @property
    def has_gradients(self) -> bool:
        """Always true."""
        return True

    def token_gradient(self, text: str) -> TokenGradient:
        """The gradient of the averaged prediction's loss, see :meth:`Classifier.token_gradient`.

        It is that of a move of a token by the same vector in all samples, which are those of the
        prediction (the expectation over transformations of Athalye et al. 2018). So it follows what
        the attacked classifier computes; the plain network's gradient would be that of another.
        """
        (gradient,) = self.token_gradients([text])
        return gradient

    def token_gradients(self, texts: Sequence[str]) -> list[TokenGradient]:
        """See :meth:`Classifier.token_gradients`; one text per thread."""
        return map_in_threads(self._gradient, texts)

    def _gradient(self, text: str) -> TokenGradient:
        (ids,) = self._network.tokenization.encode([text])
        samples = self._embeddings(tuple(ids))
        with torch.enable_grad():
            move = torch.zeros_like(samples[0]).requires_grad_()
            logits = self._network.differentiable_logits(samples + move)
            averaged = confident_average(logits.cpu().double().softmax(dim=-1), self._power)
            (gradient,) = torch.autograd.grad(-averaged.max().log(), move)
        tokens = self._network.tokenization.tokens(ids)
        return TokenGradient(np.array(ids), tokens, gradient.float().cpu().numpy())

    def _probabilities(self, texts: Sequence[str], *, unbatched: bool = False) -> np.ndarray:
        unique = unique_sequences(self._network.tokenization.encode(texts))
        rows = self._averages(unique.items, exact=False, unbatched=unbatched)
        if self._network.dtype != "float32":
            best = np.partition(rows, -2, axis=1)
            close = np.flatnonzero(best[:, -1] - best[:, -2] < CLOSE_MARGIN)
            sequences = [unique.items[row] for row in close]
            rows[close] = self._averages(sequences, exact=True, unbatched=unbatched)
        return np.asarray(rows[unique.inverse])

    def _unbatched(self, texts: Sequence[str]) -> np.ndarray:
        return self._probabilities(texts, unbatched=True)

    def _exact(self, texts: Sequence[str]) -> np.ndarray:
        sequences = [tuple(ids) for ids in self._network.tokenization.encode(texts)]
        return self._averages(sequences, exact=True, unbatched=True)

    def _averages(self, sequences: Sequence[Tokens], *, exact: bool, unbatched: bool) -> np.ndarray:
        """The averaged probabilities of n texts, float64 (n, k)."""
        rows = np.zeros((len(sequences), len(self.label_names)))
        for chunk in _chunks([len(ids) * self._samples for ids in sequences]):
            embeddings = [one for row in chunk for one in self._embeddings(sequences[row])]
            logits = self._network.logits(embeddings, exact=exact, unbatched=unbatched)
            # text by text, so that each is computed in the same way whatever else is in the chunk
            for row, of_text in zip(chunk, np.split(logits, len(chunk)), strict=True):
                probabilities = torch.from_numpy(of_text).double().softmax(dim=-1)
                rows[row] = confident_average(probabilities, self._power).numpy()
        return rows

    def _embeddings(self, ids: Tokens) -> torch.Tensor:
        """The embeddings of a text's tokens in each sample: float32 (samples, t, d)."""
        weight = self._network.weight
        tokens = torch.tensor([ids], device=weight.device)
        found = self._neighbours.table.of(tokens)
        moved = found.mask[0, :, 1:].any(dim=-1)
        result = weight[tokens[0]].repeat(self._samples, 1, 1)
        mask = found.mask[0, moved]
        concentrations = self._neighbours.concentrations(tokens[0, moved], mask, self._alpha, 1.0)
        other = ("seed", self._seed) if self._seed else ()
        generator = np.random.default_rng(derive_seed("dne", *ids, *other))
        shape = (self._samples, *concentrations.shape)
        logs = log_dirichlet(np.broadcast_to(concentrations, shape), generator)
        mixed = torch.nn.functional.embedding_bag(
            found.ids[0, moved].repeat(self._samples, 1),
            weight,
            mode="sum",
            per_sample_weights=torch.from_numpy(np.exp(logs)).float().to(weight).flatten(0, 1),
        )
        result[:, moved] = mixed.view(self._samples, -1, weight.shape[1])
        return result


def confident_average(probabilities: torch.Tensor, power: float) -> torch.Tensor:
    """Average the probabilities of samples (s, k), the confident ones weighted higher: (k,).

    The weight of a sample is the sum over all labels of (p_max - p) ** power, as in Dubey et al.
    2019, "Defense Against Adversarial Images using Web-Scale Nearest-Neighbor Search" (CBW-D). With
    the power 0 all samples weigh the same.
    """
    gaps = probabilities.amax(dim=-1, keepdim=True) - probabilities
    weights = gaps.pow(power).sum(dim=-1)
    if not weights.any():  # each sample gives all labels the same probability
        weights = torch.ones_like(weights)
    averaged: torch.Tensor = (weights[:, None] * probabilities).sum(dim=0) / weights.sum()
    return averaged


def _chunks(sizes: Sequence[int]) -> Iterator[range]:
    """Split rows of these sizes into consecutive ranges of about :data:`CHUNK_TOKENS`."""
    start = total = 0
    for row, size in enumerate(sizes):
        if row > start and total + size > CHUNK_TOKENS:
            yield range(start, row)
            start, total = row, 0
        total += size
    if start < len(sizes):
        yield range(start, len(sizes))
