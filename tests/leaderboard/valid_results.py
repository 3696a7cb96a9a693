"""Small published results without problems, and run folders to file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from robustbert.leaderboard.checks.check_results import check_results
from robustbert.records import (
    Outcome,
    PublishedCell,
    Record,
    without_texts,
)
from robustbert.seeds import derive_seed
from tests.leaderboard.published import STATUSES, published, write_published
from tests.records.builders import make_outcome, make_record, write_cell

MODELS = {"minilm": "1" * 64, "tfidf-svm": "2" * 64}


def outcomes_of(
    letters: str, model: str = "minilm", recipe: str = "pwws", track: str = "unified"
) -> tuple[Outcome, ...]:
    """The outcomes of a model with texts, one letter of ``STATUSES`` per example."""
    probability = 0.6 + 0.001 * len(model)  # no two models have the same
    return tuple(
        make_outcome(
            f"e{i}",
            STATUSES[letter],
            seed=derive_seed(0, recipe, track, f"e{i}"),
            label_probability=1 - probability if letter == "s" else probability,
            queries=150 if letter == "x" else 10,
        )
        for i, letter in enumerate(letters)
    )


def valid_record(letters: str, **names: Any) -> tuple[Record, tuple[Outcome, ...]]:
    """A record and its outcomes; ``names`` are those of ``make_record``."""
    model = names.setdefault("model", "minilm")
    recipe = names.setdefault("recipe", "pwws")
    names.setdefault("model_sha256", MODELS.get(model, "3" * 64))
    outcomes = outcomes_of(letters, model, recipe, names.setdefault("track", "unified"))
    return make_record(outcomes, **names), outcomes


def valid_cell(letters: str, **names: Any) -> PublishedCell:
    """The same as a published cell."""
    record, outcomes = valid_record(letters, **names)
    return published(record, without_texts(outcomes))


def write_valid(results: Path) -> Path:
    """Two models with two recipes each, of which one has fewer examples."""
    write_published(
        [
            valid_cell("sbbrxr"),
            valid_cell("sbrr", recipe="textfooler"),
            valid_cell("bbbsrr", model="tfidf-svm"),
            valid_cell("bbbs", model="tfidf-svm", recipe="textfooler"),
        ],
        results,
    )
    return results


def write_run(run: Path, *cells: tuple[Record, tuple[Outcome, ...]]) -> Path:
    """The output folder of a run."""
    for record, outcomes in cells:
        write_cell(run, record, outcomes)
    return run


def edit_record(path: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Edit the JSON of a record by hand."""
    content = json.loads(path.read_text(encoding="utf-8"))
    edit(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def edit_outcome(path: Path, line: int, **changes: Any) -> None:
    """Edit fields of one line of outcomes by hand; lines are counted from 1."""
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[line - 1] = json.dumps(json.loads(lines[line - 1]) | changes)
    path.write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")


def problem_lines(results: Path) -> list[str]:
    """The problems of a results folder called ``results``, as lines."""
    return [problem.line("results") for problem in check_results(results).problems]
