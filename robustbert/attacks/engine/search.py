"""One search: a recipe's own attack on one example, inside a lane.

Import this module only after :func:`robustbert.assets.import_textattack`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from robustbert.attacks.building import build_attack
from robustbert.attacks.recipes import Recipe
from robustbert.attacks.texts import words_of
from robustbert.attacks.tracks import UnifiedLimits, unify
from robustbert.attacks.victim import Ask, QueuedVictim
from robustbert.errors import describe_error
from robustbert.models.base import Classifier


@dataclass(frozen=True)
class Search:
    """What a search came back with.

    Args:
        clean_prediction: the victim's label for the text as it was.
        adversarial_text: the last text; only to be believed with ``success``.
        success: whether TextAttack says that the victim was fooled.
        queries: texts that the search had scored.
        budget: how many it might.
        constraints: what TextAttack checked each text with.
    """

    clean_prediction: int
    adversarial_text: str
    success: bool
    queries: int
    budget: float
    constraints: tuple[Any, ...]

    @property
    def exhausted(self) -> bool:
        """Whether it ended because it might ask no more."""
        return self.queries >= self.budget


class SearchFailedError(Exception):
    """A search raised; the message is one line, and says where."""

    def __init__(self, message: str, queries: int) -> None:
        super().__init__(message)
        self.queries = queries


def search(
    recipe: Recipe,
    classifier: Classifier,
    ask: Ask,
    text: str,
    label: int,
    limits: UnifiedLimits | None,
) -> Search:
    """Run a recipe on one text.

    Args:
        recipe: what runs.
        classifier: the victim.
        ask: how its answers and the sentence encoder's are had.
        text: what is attacked.
        label: its true label.
        limits: the unified limits, or None on the ``published`` track.

    Raises:
        SearchFailedError: the recipe raised, whatever it was.
    """
    attack = None
    try:
        attack = build_attack(recipe, QueuedVictim(classifier, ask), ask)
        attack.goal_function.batch_size = sys.maxsize  # the pool forms the batches
        if limits is not None:
            attack = unify(attack, limits, len(words_of(text)), ask)
        result = attack.attack(text, label)
    except Exception as error:  # whatever a recipe raises is this example's outcome
        # none were asked before the first text was scored
        queries = int(getattr(getattr(attack, "goal_function", None), "num_queries", 0))
        raise SearchFailedError(describe_error(error), queries) from error
    return Search(
        clean_prediction=int(result.original_result.output),
        adversarial_text=str(result.perturbed_result.attacked_text.text),
        success=type(result).__name__ == "SuccessfulAttackResult",
        queries=int(attack.goal_function.num_queries),
        budget=attack.goal_function.query_budget,
        constraints=tuple(attack.constraints),
    )
