"""The query budget in distinct texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from robustbert.attacks.textattack.model_wrapper import QueuedVictim


class DistinctQueryBudget:
    """A goal function's ``get_results`` under a budget of distinct texts.

    TextAttack's own budget counts a text each time that a search asks about it, although its cache
    answers all but the first time: in a genetic search such repeats are half of the count. Here
    they are free. A list that would pass the budget is cut before the first new text over it, and
    the search is over once the budget is spent, as with TextAttack's.

    Args:
        goal_function: a ``textattack.goal_functions.GoalFunction`` without a budget of its own.
        victim: its victim, which knows the texts that it scored.
        budget: distinct texts, at least 1; the original text counts.
    """

    def __init__(self, goal_function: Any, victim: QueuedVictim, budget: int) -> None:
        self.budget = budget
        self._get_results = goal_function.get_results
        self._victim = victim

    def __call__(self, texts: Sequence[Any], check_skip: bool = False) -> tuple[list[Any], bool]:
        """The results of the texts within the budget, and whether the search is over."""
        results, _ = self._get_results(self._within_budget(texts), check_skip=check_skip)
        return results, len(self._victim.scored) >= self.budget

    def _within_budget(self, texts: Sequence[Any]) -> list[Any]:
        left = self.budget - len(self._victim.scored)
        new: set[str] = set()
        within = []
        for text in texts:
            words = text.tokenizer_input
            if words not in self._victim.scored:
                new.add(words)
            if len(new) > left:
                break
            within.append(text)
        return within
