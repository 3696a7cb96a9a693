r"""Flooding: keep the training loss above a level.

Liu et al. 2022, "Flooding-X: Improving BERT's Resistance to Adversarial Attacks via Loss-Restricted
Fine-Tuning": once the loss of a batch falls below the level b, gradient descent turns
into ascent, because the loss is replaced by \|loss − b\| + b. The idea is that of Ishida et al.
2020, "Do We Need Zero Training Loss After Achieving Zero Training Error?".

The level is chosen by hand here. The paper narrows the levels to try with a criterion, gradient
accordance, which measures how the gradient steps of an epoch affect the loss of each batch. It is
not implemented, because its exact form is in the paper only: the authors' code
(qinliu9/Flooding-X) takes the level as a number. The default of its ``train/run_flood.py`` is
0.025; ``run_flood_sst2.sh`` tries 0.1 and 0.2, ``run_flood_imdb.sh`` has 0.02 and
``run_flood_qnli.sh`` 0.036. 0.1 is the default here. A level below the loss that plain training
reaches changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from robustbert.defenses.base import Defense
from robustbert.defenses.embedding_defense import check_not_negative

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Flooding(Defense):
    """Training that keeps the mean loss of a batch near a level instead of zero.

    Args:
        level: the level b, at least 0; with 0 it is plain training.

    Raises:
        InputError: the level is negative.
    """

    paper: ClassVar[str] = "Liu et al. 2022; Ishida et al. 2020"

    level: float = 0.1

    def __post_init__(self) -> None:
        check_not_negative(level=self.level)

    def training_loss(self, model: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The cross-entropy, mirrored at the level."""
        from torch.nn.functional import cross_entropy

        logits = model(inputs["input_ids"], inputs["attention_mask"]).logits
        loss = cross_entropy(logits, inputs["labels"])
        return (loss - self.level).abs() + self.level
