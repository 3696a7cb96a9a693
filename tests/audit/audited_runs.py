"""A small run to audit, and the answers of raters."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from robustbert.audit.audit_key import AuditItem, AuditKey
from robustbert.audit.rating_questions import COLUMNS
from robustbert.records import Outcome
from tests.records.builders import add_cell, make_outcome

RECIPES = ("pwws", "textfooler")


def broken(example: str, recipe: str) -> Outcome:
    """A broken example; all recipes have the same original."""
    return make_outcome(
        example,
        "broken",
        text=f"the fine film number {example}",
        adversarial_text=f"the {recipe} film number {example}",
        label=int(example, 16) % 2,
        clean_prediction=int(example, 16) % 2,
        adversarial_prediction=1 - int(example, 16) % 2,
        words=5,
    )


def audited_run(run: Path, num_broken: int = 6) -> Path:
    """A run of two recipes, which have broken the same examples."""
    for recipe in RECIPES:
        outcomes = [broken(f"{number:02x}", recipe) for number in range(num_broken)]
        add_cell(run, [*outcomes, make_outcome("ff", "robust")], recipe=recipe)
    return run


def make_key(labels: Sequence[int], sides: Sequence[str], recipe: str = "pwws") -> AuditKey:
    """A key with the items ``i0``, ``i1``, … of two classes."""
    return AuditKey(
        key_version=1,
        dataset="rotten_tomatoes",
        split="test",
        label_names=["negative", "positive"],
        seed=0,
        items=[
            AuditItem(
                id=f"i{number}",
                example_id=f"e{number}",
                model="minilm",
                track="unified",
                recipe=recipe,
                label=label,
                adversarial=side,  # type: ignore[arg-type]
            )
            for number, (label, side) in enumerate(zip(labels, sides, strict=True))
        ],
    )


def write_answers(
    path: Path, key: AuditKey, answer: Callable[[AuditItem], Mapping[str, str]], rater: str = "anna"
) -> Path:
    """Write the answers to every item; a column that ``answer`` leaves out is empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows({"item": item.id, "rater": rater, **answer(item)} for item in key.items)
    return path


def answers_of(
    label: str, original_label: str, *, change: int = 0, meaning: str = "yes"
) -> Callable[[AuditItem], dict[str, str]]:
    """The same answer to every item: the labels of both texts, and the change in fluency from 4."""

    def answer(item: AuditItem) -> dict[str, str]:
        other = "second" if item.adversarial == "first" else "first"
        return {
            "same_meaning": meaning,
            f"{item.adversarial}_label": label,
            f"{other}_label": original_label,
            f"{item.adversarial}_fluency": str(4 + change),
            f"{other}_fluency": "4",
        }

    return answer
