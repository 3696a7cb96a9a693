"""One search: a recipe's own attack on one example, inside a lane."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from robustbert.attacks.recipes import Recipe
from robustbert.attacks.textattack.model_wrapper import Ask, QueuedVictim
from robustbert.attacks.textattack.query_budget import DistinctQueryBudget
from robustbert.attacks.textattack.recipe_builder import build_attack
from robustbert.attacks.tracks import TrackLimits
from robustbert.data.words import words_of
from robustbert.errors import describe_error
from robustbert.models.classifier import Classifier


@dataclass(frozen=True)
class QueryCounts:
    """What a search asked the victim.

    Args:
        distinct: distinct texts that the victim scored, the original among them.
        textattack: TextAttack's own count, in which repeats count again.
        gradients: distinct texts whose gradients were taken.
    """

    distinct: int = 0
    textattack: int = 0
    gradients: int = 0


@dataclass(frozen=True)
class Search:
    """What a search came back with.

    Args:
        clean_prediction: the victim's label for the original text.
        label_probability: the victim's probability of the true label there, in [0, 1].
        adversarial_text: the last text; only to be believed with ``success``.
        last_label_probability: the probability of the true label for the last text; None where
            nothing was tried, because the victim was wrong already.
        success: whether TextAttack says that the victim was fooled.
        exhausted: whether the query budget was spent.
        queries: what it cost.
        constraints: what TextAttack checked each text with.
    """

    clean_prediction: int
    label_probability: float
    adversarial_text: str
    last_label_probability: float | None
    success: bool
    exhausted: bool
    queries: QueryCounts
    constraints: tuple[Any, ...]


class SearchFailedError(Exception):
    """A search raised; the message is one line, and says where."""

    def __init__(self, message: str, queries: QueryCounts) -> None:
        super().__init__(message)
        self.queries = queries


def search(
    recipe: Recipe, classifier: Classifier, ask: Ask, text: str, label: int, track: TrackLimits
) -> Search:
    """Run a recipe on one text.

    Args:
        recipe: what runs.
        classifier: the victim.
        ask: how its answers and the sentence encoder's are obtained.
        text: what is attacked.
        label: its true label.
        track: the limits that are put over the recipe.

    Raises:
        SearchFailedError: the recipe raised, whatever it was.
    """
    victim = QueuedVictim(classifier, ask)
    attack = None
    try:
        attack = build_attack(recipe, victim, ask)
        attack.goal_function.batch_size = sys.maxsize  # the pool forms the batches
        attack = track.apply(recipe.name, attack, victim, len(words_of(text)), ask)
        result = attack.attack(text, label)
    except Exception as error:  # whatever a recipe raises is this example's outcome
        raise SearchFailedError(describe_error(error), _counts(victim, attack)) from error
    queries = _counts(victim, attack)
    skipped = type(result).__name__ == "SkippedAttackResult"
    return Search(
        clean_prediction=int(result.original_result.output),
        label_probability=float(result.original_result.raw_output[label]),
        adversarial_text=str(result.perturbed_result.attacked_text.text),
        last_label_probability=(
            None if skipped else float(result.perturbed_result.raw_output[label])
        ),
        success=type(result).__name__ == "SuccessfulAttackResult",
        exhausted=_exhausted(attack.goal_function, queries),
        queries=queries,
        constraints=tuple(attack.constraints),
    )


def _counts(victim: QueuedVictim, attack: Any) -> QueryCounts:
    # TextAttack counts nothing before the original text was scored
    textattack = int(getattr(getattr(attack, "goal_function", None), "num_queries", 0))
    return QueryCounts(len(victim.scored), textattack, len(victim.differentiated))


def _exhausted(goal_function: Any, queries: QueryCounts) -> bool:
    if isinstance(goal_function.get_results, DistinctQueryBudget):
        return queries.distinct >= goal_function.get_results.budget
    return bool(queries.textattack >= goal_function.query_budget)
