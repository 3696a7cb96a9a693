"""The parameters that the defenses by gradient ascent on input embeddings share.

The steps themselves are in :mod:`robustbert.defenses.embedding_perturbation`, which imports torch.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from robustbert.defenses.base import Defense
from robustbert.errors import InputError
from robustbert.validation import check_at_least


@dataclass(frozen=True)
class EmbeddingDefense(Defense):
    """Base of the defenses that perturb a text's input embeddings by gradient ascent.

    Padding is never perturbed; the special tokens are, as in the code of all these papers.

    Args:
        steps: the number of steps, at least 0; with 0 nothing is perturbed, which is plain
            training.
        step_size: the norm of each step, at least 0.
        initial_norm: the size of the random start, at least 0: each coordinate is uniform in
            ±initial_norm (``linf``), or in ±initial_norm / √(tokens x width) (``l2``), whose norm
            is then at most initial_norm, and about 0.58 of it. With 0 it starts without one.
        max_norm: the radius of the ball around a text's embeddings in which its perturbation
            stays, at least 0; with 0 there is no limit.
        norm: ``l2``, of all coordinates of a text together, or ``linf``, their maximum.

    Raises:
        InputError: a number is out of range.
    """

    steps: int = 5
    step_size: float = 0.03
    initial_norm: float = 0.05
    max_norm: float = 0.0
    norm: Literal["l2", "linf"] = "l2"

    def __post_init__(self) -> None:
        check_at_least(0, steps=self.steps)
        check_not_negative(
            step_size=self.step_size, initial_norm=self.initial_norm, max_norm=self.max_norm
        )
        if self.norm not in ("l2", "linf"):
            raise InputError(f"norm is {self.norm!r}; give l2 or linf")

    def dependencies(self) -> dict[str, Any]:
        """The hash of the shared steps, so that a model is trained again when they change."""
        return source_hashes("embedding_perturbation")


def check_not_negative(**values: float) -> None:
    """Check that parameters are finite numbers of at least 0.

    >>> check_not_negative(step_size=0.1)
    >>> check_not_negative(step_size=-0.1)
    Traceback (most recent call last):
    robustbert.errors.InputError: step_size is -0.1; give a number of at least 0

    Raises:
        InputError: one is not.
    """
    for name, value in values.items():
        if not (math.isfinite(value) and value >= 0):
            raise InputError(f"{name} is {value!r}; give a number of at least 0")


def source_hashes(*modules: str) -> dict[str, str]:
    """The SHA-256 of modules beside this one by name, for :meth:`Defense.dependencies`."""
    folder = Path(__file__).parent
    return {
        name: hashlib.sha256((folder / f"{name}.py").read_bytes()).hexdigest() for name in modules
    }
