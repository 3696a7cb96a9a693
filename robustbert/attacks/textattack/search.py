"""One search: a recipe's attack on one example, run within a task of a pool."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from textattack.attack_recipes import AttackRecipe

from robustbert.attacks.scheduler.clients import PooledEncoder, PooledVictim
from robustbert.attacks.textattack.constraints import encoders_last
from robustbert.attacks.textattack.model_wrapper import PooledModelWrapper
from robustbert.attacks.textattack.query_budget import DistinctQueryBudget
from robustbert.attacks.textattack.recipe_builder import build_attack
from robustbert.attacks.textattack.seen_edits import SeenEdits
from robustbert.attacks.textattack.track_limits import apply_track
from robustbert.attacks.tracks import TrackLimits
from robustbert.data.words import words_of
from robustbert.errors import describe_error
from robustbert.models.searched_through import SearchedThrough


@dataclass(frozen=True)
class QueryCounts:
    """The query counts of one search.

    Args:
        distinct: distinct texts that the victim scored, including the original.
        textattack: TextAttack's own count, which includes repeats.
        gradients: distinct texts whose gradients were computed.
    """

    distinct: int = 0
    textattack: int = 0
    gradients: int = 0


@dataclass(frozen=True)
class Search:
    """The result of a search.

    Args:
        clean_prediction: the victim's label for the original text.
        label_probability: the victim's probability of the true label for the original text, in
            [0, 1].
        adversarial_text: the final text; adversarial only if ``success``.
        last_label_probability: the probability of the true label for the final text; None if
            nothing was tried, because the victim misclassifies the original text.
        success: whether TextAttack reports that the victim was fooled.
        exhausted: whether the query budget was spent.
        queries: the query counts.
        constraints: the constraints that TextAttack checked each text against.
    """

    clean_prediction: int
    label_probability: float
    adversarial_text: str
    last_label_probability: float | None
    success: bool
    exhausted: bool
    queries: QueryCounts
    constraints: tuple[Any, ...]

    def failed_text(self, original: str) -> str | None:
        """The changed text with which an unsuccessful search ended; None if there is none."""
        changed = not self.success and self.adversarial_text != original
        return self.adversarial_text if changed else None


class SearchFailedError(Exception):
    """A search raised an exception; the message is one line and states where.

    Args:
        message: describes the exception.
        queries: the query counts up to the exception.
    """

    def __init__(self, message: str, queries: QueryCounts) -> None:
        super().__init__(message)
        self.queries = queries


def search(
    recipe: str,
    recipe_class: type[AttackRecipe],
    victim: PooledVictim,
    encoder: PooledEncoder,
    text: str,
    label: int,
    track: TrackLimits,
) -> Search:
    """Run a recipe on one text.

    Args:
        recipe: the name of the recipe to run.
        recipe_class: its class.
        victim: the model that is attacked.
        encoder: the sentence encoder of similarity constraints.
        text: the text that is attacked.
        label: its true label.
        track: the limits that are applied to the recipe.

    Raises:
        SearchFailedError: the recipe raised an exception of any type.
    """
    model = PooledModelWrapper(victim)
    attack = None
    try:
        attack = build_attack(recipe_class, model, encoder)
        attack.goal_function.batch_size = sys.maxsize  # the pool forms the batches
        attack.constraints = encoders_last(attack.constraints)
        attack = apply_track(track, recipe, attack, model, len(words_of(text)), encoder)
        through = victim.classifier
        if isinstance(through, SearchedThrough) and through.transforms_texts:
            attack.transformation = SeenEdits(attack.transformation, through.seen_as)
        result = attack.attack(text, label)
    except Exception as error:  # an exception of any type is the outcome of this example
        raise SearchFailedError(describe_error(error), _counts(model, attack)) from error
    queries = _counts(model, attack)
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


def _counts(model: PooledModelWrapper, attack: Any) -> QueryCounts:
    # ``num_queries`` does not exist before the original text is scored.
    textattack = int(getattr(getattr(attack, "goal_function", None), "num_queries", 0))
    return QueryCounts(len(model.scored), textattack, len(model.differentiated))


def _exhausted(goal_function: Any, queries: QueryCounts) -> bool:
    if isinstance(goal_function.get_results, DistinctQueryBudget):
        return queries.distinct >= goal_function.get_results.budget
    return bool(queries.textattack >= goal_function.query_budget)
