"""Synthetic records of two suites: rows with defenses, and the settings that were tried."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.defenses import DEFENSES, make_defense
from robustbert.leaderboard.relative_times import (
    MeasuredDefenses,
    QueryTimes,
    StepTimes,
    write_times,
)
from robustbert.records import DefenseRef, PublishedCell, Timing, without_texts
from tests.leaderboard.published import published, write_published
from tests.leaderboard.valid_results import outcomes_of
from tests.records.builders import ENVIRONMENT, make_record

#: A defense that starts from the plain model.
FROM_PLAIN = next(
    entry.name
    for entry in DEFENSES.built_in()
    if make_defense(entry.name, {}).needs_plain_model and make_defense(entry.name, {}).trains
)
DEFENSES_SUITE = f"""
name = "defenses"
datasets = ["rotten_tomatoes"]
models = ["minilm", "minilm-control", "minilm-pgd", "minilm-from-plain", "minilm-temperature"]
recipes = ["deepwordbug", "pwws", "textbugger", "textfooler", "a2t"]
num_examples = 20

[model.minilm-control]
name = "minilm"
base = "minilm"
training.epochs = 3

[model.minilm-pgd]
name = "minilm"
base = "minilm"
defense = {{ name = "pgd", steps = 3 }}

[model.minilm-from-plain]
name = "minilm"
base = "minilm"
defense = "{FROM_PLAIN}"

[model.minilm-temperature]
name = "minilm"
base = "minilm"
defense = {{ name = "temperature", temperature = 20.0 }}
"""
SELECTION_SUITE = """
name = "defense_selection"
datasets = ["rotten_tomatoes"]
models = ["minilm", "minilm-pgd-3", "minilm-pgd-5"]
recipes = ["deepwordbug", "pwws"]
split = "validation"
num_examples = 10

[model.minilm-pgd-3]
name = "minilm"
base = "minilm"
defense = { name = "pgd", steps = 3 }

[model.minilm-pgd-5]
name = "minilm"
base = "minilm"
defense = "pgd"
"""
#: Twenty examples per row, one letter each: 2 are skipped, and the plain model survives on 4.
PLAIN = "ss" + "b" * 14 + "r" * 4
CONTROL = "ss" + "b" * 13 + "r" * 5
PGD = "ss" + "b" * 4 + "r" * 14
OTHER = "s" + "b" * 15 + "r" * 4


def defense(name: str, **params: Any) -> DefenseRef:
    made = make_defense(name, params)
    return DefenseRef(name=name, params=made.params(), revision=made.revision)


def row(
    letters: str,
    *defenses: DefenseRef,
    recipes: Sequence[str] = (*CORE_RECIPES, "a2t"),
    seconds: float | None = 100.0,
    split: str = "test",
    **names: Any,
) -> list[PublishedCell]:
    """The cells of a row; the first recipe breaks the examples with ``b``, the others nothing.

    ``names`` are those of :func:`tests.records.builders.make_record`.
    """
    made = [letters, split, *map(str, defenses), str(sorted(names.items()))]
    sha256 = hashlib.sha256("".join(made).encode()).hexdigest()
    timing = Timing(
        train_seconds=seconds, attack_seconds=9.0, victim_seconds=3.0, victim_queries=4000
    )
    cells = []
    for recipe in recipes:
        of_recipe = letters if recipe == recipes[0] else letters.replace("b", "r")
        # no two models have the same probabilities
        outcomes = without_texts(outcomes_of(of_recipe, "m" * (int(sha256, 16) % 300), recipe))
        record = make_record(
            outcomes,
            **{"model_sha256": sha256, **names},
            recipe=recipe,
            defenses=list(defenses),
            timing=timing,
        )
        dataset = record.dataset.model_copy(update={"split": split})
        cells.append(published(record.model_copy(update={"dataset": dataset}), outcomes))
    return cells


def write_defenses(root: Path) -> list[PublishedCell]:
    """Write both suites and the records of :data:`DEFENSES_SUITE` except for ``temperature``."""
    suites = root / "benchmarks" / "suites"
    suites.mkdir(parents=True)
    (suites / "defenses.toml").write_text(DEFENSES_SUITE)
    (suites / "defense_selection.toml").write_text(SELECTION_SUITE)
    cells = [
        *row(PLAIN),
        *row(CONTROL, training={"epochs": 3, "revision": 2}, seconds=150.0),
        *row(PGD, defense("pgd", steps=3), seconds=400.0),
        *row(OTHER, defense(FROM_PLAIN), seconds=None, recipes=CORE_RECIPES),
    ]
    write_published(cells, root / "results" / "defenses")
    return cells


def write_selection(root: Path) -> list[PublishedCell]:
    """Write the records of :data:`SELECTION_SUITE`."""
    names: dict[str, Any] = {"recipes": ["deepwordbug", "pwws"], "split": "validation"}
    cells = [
        *row("s" + "b" * 8 + "r", **names),
        *row("s" + "b" * 4 + "r" * 5, defense("pgd", steps=3), **names),
        *row("s" + "b" * 6 + "r" * 3, defense("pgd"), **names),
    ]
    write_published(cells, root / "results" / "defense-selection")
    return cells


def write_measured_times(
    root: Path, *, processor: str = ENVIRONMENT.processor, dataset: str = "rotten_tomatoes"
) -> None:
    """Write times of training steps and queries: plain ones, and those of a defense each."""
    shared: dict[str, Any] = {
        "model": "minilm",
        "dataset": dataset,
        "seed": 0,
        "instructions": "AVX2",
        "environment": ENVIRONMENT.model_copy(update={"processor": processor}),
    }
    steps = StepTimes(
        batch_size=32,
        rows=[
            MeasuredDefenses(defenses=[], cpu_seconds=[1.0, 2.0, 4.0]),
            MeasuredDefenses(defenses=[defense("pgd", steps=3)], cpu_seconds=[3.0, 8.0, 20.0]),
        ],
        **shared,
    )
    queries = QueryTimes(
        batch_size=64,
        rows=[
            MeasuredDefenses(defenses=[], cpu_seconds=[1.0, 1.0]),
            MeasuredDefenses(defenses=[defense("temperature")], cpu_seconds=[1.0, 2.0]),
        ],
        **shared,
    )
    write_times(steps, root / "results" / "training-speed" / "a-processor")
    write_times(queries, root / "results" / "inference-speed" / "a-processor")
