"""The recipe ``bad-characters`` with the goal of the other recipes."""

from __future__ import annotations

from typing import Any

import textattack
from textattack.goal_functions import UntargetedClassification


class BadCharacters2021(textattack.attack_recipes.BadCharacters2021):  # type: ignore[misc]
    """Boucher et al. 2021, "Bad Characters: Imperceptible NLP Attacks".

    TextAttack's recipe has no default goal, and no goal of any wrong class. Here it is untargeted
    classification, as in the other recipes, and the search ends as TextAttack's defaults say: one
    character is replaced by a homoglyph, found by differential evolution with 32 members and at
    most 10 generations. The paper's attacks with invisible characters, reorderings and deletions
    are other parameters of TextAttack's recipe.
    """

    @staticmethod
    def build(model_wrapper: Any) -> Any:
        """The recipe's ``textattack.Attack`` on a victim."""
        built = textattack.attack_recipes.BadCharacters2021.build(
            model_wrapper, goal_function_type="targeted_classification"
        )
        return textattack.Attack(
            UntargetedClassification(model_wrapper),
            [*built.constraints, *built.pre_transformation_constraints],
            built.transformation,
            built.search_method,
        )
