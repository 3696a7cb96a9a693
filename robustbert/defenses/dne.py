"""DNE: train and predict on random points between words and their neighbours.

Zhou et al. 2021, "Defense against Synonym Substitution-based Adversarial Attacks via Dirichlet
Neighborhood Ensemble". The embedding of each word is replaced by a point in the convex hull of its
own and those of its synonyms and the synonyms of these, at random with a Dirichlet distribution.
Training moves the points to where the loss is larger, and takes the losses of all points. At
inference, predictions for several random points are averaged, so the classifier is randomised.

The defaults are those of the authors' code (dugu9sword/dne, ``awesome_glue/config.py``, and
``README.MD`` for the samples): alpha 1, a decay of 0.5, hulls of 64 words, 3 steps of 10, and 16
samples. RockyLzy/TextDefender (``trainer/dne.py``) has hulls of 50 words, and recommends 0.1 for
alpha and decay on IMDB.

What follows the authors' code in detail:

- The synonyms of synonyms are used in training alone (``nbr_2nd = "21"`` in ``config.py``), with
  the parameter alpha times the decay (``awesome_glue/weighted_util.py``).
- The step is one of the logarithms of the weights, along the gradient divided by its L2 norm, word
  by word (``awesome_glue/weighted_embedding.py``). No weight starts below about 1e-6, so that each
  can grow. The losses of the first points and of all steps are added, not averaged
  (``allennlpx/training/adv_trainer.py``), so that the loss is about 4 times as large.
- Averages are of probabilities, and confident samples weigh more, with a power of 3
  (``allennlpx/predictors/predictor.py``). With ``confidence_power = 0`` it is the plain mean.

Differences: the authors' list of neighbours (``allennlpx/interpret/attackers/searchers/
cached_searcher.py``) lists the synonyms of a synonym before the next synonym, but its first entries
count as the synonyms, so some get the other's parameter. Unused places of a hull are the embedding
of padding there, whose weight can grow. Neither is so here. Their synonyms are those of Jia et al.
2019; here they come from the word vectors (:mod:`robustbert.defenses.substitutions`), and words of
several tokens stay as they are. Their samples are new in every call; here they are derived from the
text.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from robustbert.defenses.base import Defense, StepCost
from robustbert.defenses.embedding_defense import check_not_negative, source_hashes
from robustbert.defenses.substitutions import (
    check_substitutes,
    substitute_table,
    substitution_dependencies,
)
from robustbert.errors import InputError
from robustbert.validation import check_at_least

if TYPE_CHECKING:
    import torch
    import transformers

    from robustbert.models import Classifier

#: Added to the weights before their logarithm, and to norms before the division, as by the authors.
SMALLEST_WEIGHT = 1e-6


@dataclass(frozen=True)
class Dne(Defense):
    """Dirichlet neighbourhood ensemble.

    Args:
        alpha: the parameter of the Dirichlet distribution for a word and its substitutes, above 0;
            small values give points near one word, large ones points near the mean.
        decay: what ``alpha`` is multiplied by for the substitutes of substitutes, 0 to 1; with 0
            they are left out.
        neighbours: the largest number of words of a hull, the word itself included, at least 1;
            with 1 it is plain training and the plain classifier.
        steps: the number of steps in training, at least 0.
        step_size: the L2 norm of each step of a word's log-weights, at least 0.
        ensemble: the number of samples of a prediction, at least 1.
        confidence_power: how much more confident samples weigh in a prediction: 0 for not at all,
            otherwise at least 1.
        substitutes: the largest number of a token's own substitutes, 1 to 100.
        min_cosine: the smallest cosine similarity of a word and its substitute in the word vectors,
            -1 to 1.

    Raises:
        InputError: a number is out of range.
    """

    paper: ClassVar[str] = "Zhou et al. 2021"
    is_randomised: ClassVar[bool] = True

    alpha: float = 1.0
    decay: float = 0.5
    neighbours: int = 64
    steps: int = 3
    step_size: float = 10.0
    ensemble: int = 16
    confidence_power: float = 3.0
    substitutes: int = 8
    min_cosine: float = 0.5

    def __post_init__(self) -> None:
        check_at_least(0, steps=self.steps)
        check_at_least(1, neighbours=self.neighbours, ensemble=self.ensemble)
        check_not_negative(step_size=self.step_size)
        check_substitutes(self.substitutes, self.min_cosine)
        if not (math.isfinite(self.alpha) and self.alpha > 0):
            raise InputError(f"alpha is {self.alpha!r}; give a number above 0")
        if not 0 <= self.decay <= 1:
            raise InputError(f"decay is {self.decay!r}; give a number from 0 to 1")
        power = self.confidence_power
        if not (math.isfinite(power) and (power == 0 or power >= 1)):
            raise InputError(f"confidence_power is {power!r}; give 0 or a number of at least 1")

    @property
    def step_cost(self) -> StepCost:
        """The pass on the first points and one per step."""
        passes = 1 if self.neighbours == 1 else self.steps + 1
        return StepCost(passes, passes)

    @property
    def query_cost(self) -> int:
        """One pass per sample."""
        return 1 if self.neighbours == 1 else self.ensemble

    def dependencies(self) -> dict[str, Any]:
        """What it shares, and the substitutes, so that a model is trained again when they change.

        Raises:
            MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
        """
        shared = source_hashes("embedding_perturbation", "convex_hull", "dirichlet")
        return {**shared, **substitution_dependencies()}

    def wrapper_assets(self) -> dict[str, str]:
        """Those of the substitutes.

        Raises:
            MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
        """
        return dict(substitution_dependencies()["assets"]) if self.neighbours > 1 else {}

    def callbacks(self) -> Sequence[transformers.TrainerCallback]:
        """Give the network the table of substitutes during the training."""
        if self.neighbours == 1:
            return ()
        from robustbert.defenses.substitution_callback import AttachSubstitutes

        return (AttachSubstitutes(self.substitutes, self.min_cosine),)

    def training_loss(self, model: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The sum of the losses of random points and of those after each step."""
        import torch

        from robustbert.defenses.convex_hull import ConvexHulls
        from robustbert.defenses.dirichlet import neighbourhood
        from robustbert.defenses.embedding_perturbation import Batch, EarlierGradients
        from robustbert.defenses.substitution_callback import attached_substitutes

        batch = Batch.of(model, inputs)
        if self.neighbours == 1:
            return batch.loss(model)
        table = attached_substitutes(batch.network, batch.input_ids.device)
        found = neighbourhood(table, self.neighbours, direct_only=self.decay == 0)
        hulls = ConvexHulls.of(batch, found.table)
        logits = self._start(hulls, found)
        earlier = EarlierGradients(batch.network)
        for _ in range(self.steps):
            logits.requires_grad_()
            points = hulls.perturbation(hulls.weights(logits), hulls.directions())
            (gradient,) = earlier.add(batch.loss(batch.network, points), logits)
            norms = torch.linalg.vector_norm(gradient, dim=-1, keepdim=True)
            logits = (logits + self.step_size * gradient / (norms + SMALLEST_WEIGHT)).detach()
        points = hulls.perturbation(hulls.weights(logits), hulls.directions())
        return earlier.add_to(batch.loss(model, points))

    def _start(self, hulls: Any, found: Any) -> torch.Tensor:
        """The log-weights (m, k) of random points in hulls."""
        import numpy as np
        import torch

        from robustbert.defenses.dirichlet import log_dirichlet

        batch = hulls.batch
        tokens = batch.input_ids[hulls.positions]
        concentrations = found.concentrations(tokens, hulls.mask, self.alpha, self.decay)
        # from torch's generator, which is restored when a training is resumed
        generator = np.random.default_rng(int(torch.randint(2**63 - 1, ())))
        weights = np.exp(log_dirichlet(concentrations, generator))
        table = batch.network.get_input_embeddings().weight
        logits = torch.from_numpy(np.log(weights + SMALLEST_WEIGHT)).to(table.dtype)
        return logits.to(table.device)

    def wrap(self, classifier: Classifier) -> Classifier:
        """The average of the classifier over random points; the classifier itself without any.

        Raises:
            ModelError: the classifier is not a network of transformers, or its tokens are no words.
            MissingAssetError: as in :func:`robustbert.assets.ensure_assets`.
        """
        if self.neighbours == 1:
            return classifier
        from robustbert.defenses.dirichlet import neighbourhood
        from robustbert.defenses.dirichlet_ensemble import DirichletEnsemble

        network = classifier.embedded_network()
        size = len(network.weight)
        table = substitute_table(network.tokenizer, size, self.substitutes, self.min_cosine)
        if table.continues.device != network.weight.device:
            table = table.to(network.weight.device)
        return DirichletEnsemble(
            classifier,
            network,
            neighbourhood(table, self.neighbours, direct_only=True),
            alpha=self.alpha,
            samples=self.ensemble,
            confidence_power=self.confidence_power,
        )
