"""TAVAT: perturb the embeddings from a memory of how each token was perturbed before.

Li and Qiu 2021, "TAVAT: Token-Aware Virtual Adversarial Training for Language Understanding"
(algorithm 1). The perturbation of a text is the sum of two: one of the text, from a random start as
in FreeLB, and one of its tokens, which starts from a table with a row per token of the vocabulary.
Both follow the gradient, the one normalised by text, the other by token; tokens whose perturbation
is small next to the text's largest are scaled down further. The sum stays in a ball per text. The
weights' gradients are those of all passes, and at the end the table gets the tokens' perturbations.

The defaults are those of the authors' script for SST-2 (LinyangLee/Token-Aware-VAT, ``readme.md``;
RockyLzy/TextDefender, ``trainer/tavat.py``, has the same).

What follows their code (``token_vat.py``) in detail: the losses of the K passes are added and not
divided by K, so that the loss is K times as large as FreeLB's; the tokens' perturbations of a whole
batch are divided by their common norm when they are read; the table adds them up.

Differences: checkpoints hold the table here, so that a resumed training goes on with it, and with
several processes it gets the perturbations of all. Padding is not perturbed and has no part in the
common norm, and the start is moved into the ball.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from robustbert.defenses.base import Defense, StepCost
from robustbert.defenses.embedding_defense import check_not_negative, source_hashes
from robustbert.validation import check_at_least

if TYPE_CHECKING:
    import torch
    import transformers


@dataclass(frozen=True)
class Tavat(Defense):
    """Token-aware virtual adversarial training.

    Args:
        steps: the number of passes K, at least 0; the search takes a step between two of them.
        step_size: the L2 norm of each step, of the text and of each token.
        initial_norm: the size of the random starts: the largest L2 norm of a text's, and of a row
            of the table at first.
        max_norm: the radius of the L2 ball around a text's embeddings; 0 for no limit.

    Raises:
        InputError: a number is out of range.
    """

    paper: ClassVar[str] = "Li and Qiu 2021"

    steps: int = 2
    step_size: float = 0.05
    initial_norm: float = 0.2
    max_norm: float = 0.5

    def __post_init__(self) -> None:
        check_at_least(0, steps=self.steps)
        check_not_negative(
            step_size=self.step_size, initial_norm=self.initial_norm, max_norm=self.max_norm
        )

    @property
    def step_cost(self) -> StepCost:
        """One pass per step."""
        passes = max(self.steps, 1)
        return StepCost(passes, passes)

    def dependencies(self) -> dict[str, Any]:
        """The hashes of what it shares, so that a model is trained again when they change."""
        return source_hashes("embedding_perturbation", "token_table")

    def callbacks(self) -> Sequence[transformers.TrainerCallback]:
        """Attach the table to the network during the training."""
        if self.steps == 0:
            return ()
        from robustbert.defenses.token_table import AttachTable

        return (AttachTable(self.initial_norm),)

    def training_loss(self, model: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The sum of the losses of all passes; the table is updated."""
        from robustbert.defenses.embedding_perturbation import Batch, EarlierGradients, step_along
        from robustbert.defenses.token_table import attached_table

        batch = Batch.of(model, inputs)
        if self.steps == 0:
            return batch.loss(model)
        table = attached_table(batch.network)
        of_text = batch.random_start(self.initial_norm, "l2")
        of_text, of_tokens = self._in_ball(of_text, table.read(batch))
        earlier = EarlierGradients(batch.network)
        for _ in range(self.steps - 1):
            perturbation = (of_text + of_tokens).requires_grad_()
            (gradient,) = earlier.add(batch.loss(batch.network, perturbation), perturbation)
            gradient = batch.without_padding(gradient)
            of_text = step_along(of_text, gradient, self.step_size, "l2")
            of_tokens = step_along(of_tokens, gradient, self.step_size, "l2", of_tokens=True)
            of_text, of_tokens = self._in_ball(of_text, _favour_large(of_tokens))
        table.add(batch, of_tokens)
        return earlier.add_to(batch.loss(model, of_text + of_tokens))

    def _in_ball(self, of_text: Any, of_tokens: Any) -> tuple[Any, Any]:
        """Scale both perturbations of each text so that their sum is in the ball."""
        from robustbert.defenses.embedding_perturbation import ball_scale

        if self.max_norm == 0:
            return of_text, of_tokens
        scale = ball_scale(of_text + of_tokens, self.max_norm)
        return of_text * scale, of_tokens * scale


def _favour_large(of_tokens: Any) -> Any:
    """Multiply each token's perturbation by its norm, relative to the largest of its text."""
    from robustbert.defenses.embedding_perturbation import SMALLEST_NORM, norms

    sizes = norms(of_tokens, "l2", of_tokens=True)
    return of_tokens * sizes / sizes.amax(dim=1, keepdim=True).clamp(min=SMALLEST_NORM)
