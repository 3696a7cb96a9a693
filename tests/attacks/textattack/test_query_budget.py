"""The query budget in distinct texts, with a goal function that only records its calls."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest


@dataclass
class Text:
    tokenizer_input: str


@dataclass
class Victim:
    scored: set[str] = field(default_factory=set)


@dataclass
class Goal:
    victim: Victim
    lists: list[list[str]] = field(default_factory=list)

    def get_results(self, texts, check_skip=False):
        words = [text.tokenizer_input for text in texts]
        self.lists.append(words)
        self.victim.scored.update(words)
        return [word.upper() for word in words], False


@pytest.fixture
def goal() -> Goal:
    return Goal(Victim())


def ask(budgeted, *words: str):
    return budgeted([Text(word) for word in words])


def test_a_list_is_truncated_before_the_first_new_text_over_the_budget(textattack, goal: Goal):
    from robustbert.attacks.textattack.query_budget import DistinctQueryBudget

    budgeted = DistinctQueryBudget(goal, goal.victim, 3)
    assert ask(budgeted, "a") == (["A"], False)
    assert ask(budgeted, "b", "a", "b") == (["B", "A", "B"], False)
    # "c" is the last new text; repeats of "a" and "c" are free; "d" exceeds the budget: it and
    # everything after it is dropped
    assert ask(budgeted, "a", "c", "c", "d", "a") == (["A", "C", "C"], True)
    assert goal.victim.scored == {"a", "b", "c"}
    assert ask(budgeted, "b", "e") == (["B"], True)


def test_repeats_never_end_a_search(textattack, goal: Goal):
    from robustbert.attacks.textattack.query_budget import DistinctQueryBudget

    budgeted = DistinctQueryBudget(goal, goal.victim, 2)
    for _ in range(9):
        assert ask(budgeted, "a", "a") == (["A", "A"], False)
    assert ask(budgeted, "b") == (["B"], True)
