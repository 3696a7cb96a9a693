"""The query budget, counted in distinct texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from robustbert.attacks.textattack.model_wrapper import PooledModelWrapper


class DistinctQueryBudget:
    """A goal function's ``get_results`` with a budget of distinct texts.

    TextAttack's own budget counts a text each time that a search queries it, although TextAttack's
    cache answers all but the first query: in a genetic search, half of the counted queries are such
    repeats. Here repeats are free. A list that would exceed the budget is truncated before the
    first new text beyond the budget. As with TextAttack's budget, the search ends when the budget
    is spent.

    Args:
        goal_function: a ``textattack.goal_functions.GoalFunction`` without a budget of its own.
        victim: its model wrapper, which records the texts that were scored.
        budget: maximum number of distinct texts, at least 1; the original text counts.
    """

    def __init__(self, goal_function: Any, victim: PooledModelWrapper, budget: int) -> None:
        self.budget = budget
        self._get_results = goal_function.get_results
        self._victim = victim

    def __call__(self, texts: Sequence[Any], check_skip: bool = False) -> tuple[list[Any], bool]:
        """The results of the texts within the budget, and whether the search is over."""
        results, _ = self._get_results(self._within_budget(texts), check_skip=check_skip)
        return results, len(self._victim.scored) >= self.budget

    def _within_budget(self, texts: Sequence[Any]) -> list[Any]:
        remaining = self.budget - len(self._victim.scored)
        new: set[str] = set()
        within = []
        for text in texts:
            string = text.tokenizer_input
            if string not in self._victim.scored:
                new.add(string)
            if len(new) > remaining:
                break
            within.append(text)
        return within
