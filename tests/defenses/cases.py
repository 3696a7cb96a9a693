"""The defenses that the tests of all training defenses run on; a new defense adds one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from robustbert.defenses import DEFENSES, Defense, make_defense


@dataclass(frozen=True)
class Case:
    """A defense in the tests that all training defenses pass.

    Args:
        name: its name in the registry, or its import path.
        active: parameters under which it changes the weights.
        neutral: parameters under which it is plain training; None if there are none.
        perturbs: whether it runs the network on perturbed embeddings, with the parameters
            ``steps``, ``step_size`` and ``max_norm``.
        first_step: a step after which the weights of the active defense are not those of plain
            training; not 1, in which the learning rate is 0.
        shared: the name of a value within the network to which all processes add; empty if there
            is none. The second step then depends on the texts of the other processes.
    """

    name: str
    active: Mapping[str, Any]
    neutral: Mapping[str, Any] | None = None
    perturbs: bool = False
    first_step: int = 2
    shared: str = ""

    def make(self) -> Defense:
        """The active defense."""
        return make_defense(self.name, self.active)


CASES = (
    Case("augmentation", {"recipes": ["deepwordbug"], "num_examples": 16}),
    Case("tests.defenses.epoch_copies:EpochCopies", {}, {"share": 0.0}),
    Case("discrete", {"samples": 2, "rounds": 2}, {"words_changed": 0.0}),
    Case("pgd", {"steps": 2}, {"steps": 0}, perturbs=True),
    Case("freelb", {"steps": 2}, {"steps": 0}, perturbs=True),
    Case("freelb++", {"steps": 3}),
    Case("smart", {"bregman_weight": 1.0, "max_norm": 0.0}, {"alpha": 0.0}, perturbs=True),
    Case("tavat", {"steps": 3}, {"steps": 0}, perturbs=True, shared="token_perturbations.rows"),
    Case("ascc", {"steps": 2, "min_cosine": 0.4}, {"kl_weight": 0.0}),
    Case("dne", {"steps": 2, "min_cosine": 0.4}, {"neighbours": 1}),
    Case("flooding", {"level": 0.7}, {"level": 0.0}),
    Case("temperature", {"temperature": 5.0}, {"temperature": 1.0}),
    Case("safer", {}),
    Case("ranmask", {"mask_share": 0.3}),
    Case("synonym-encoding", {"min_cosine": 0.4}, {"min_cosine": 1.0}),
)

#: Those that replace the training loss.
LOSSES = tuple(
    case for case in CASES if DEFENSES.load(case.name).training_loss is not Defense.training_loss
)


def each(cases: tuple[Case, ...]) -> pytest.MarkDecorator:
    """Run a test with each ``case``, under the defense's name."""
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])
