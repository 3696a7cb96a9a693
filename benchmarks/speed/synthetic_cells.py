"""Cells with drawn outcomes, for timing what reads many cells."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

from robustbert.metrics import counts, reliability, summarize
from robustbert.records import Outcome, Record, read_published_cell

RESULTS = Path(__file__).resolve().parents[2] / "results"
RECIPES = ("deepwordbug", "pruthi", "pwws", "textbugger", "textfooler")


def synthetic_cells(
    cells: int, examples: int, seed: int
) -> Iterator[tuple[Record, tuple[Outcome, ...]]]:
    """Cells whose outcomes are drawn from those of the committed MiniLM on rotten_tomatoes.

    Five cells in turn, one per recipe, are those of one model.
    """
    random_state = random.Random(seed)
    (row,) = (RESULTS / "rotten_tomatoes" / "unified").glob("minilm-*")
    committed = [read_published_cell(row / f"{recipe}.json") for recipe in RECIPES]
    for cell in range(cells):
        model, recipe = divmod(cell, len(RECIPES))
        record, outcomes = committed[recipe].record, committed[recipe].outcomes
        drawn = tuple(
            random_state.choice(outcomes).model_copy(update={"example_id": f"example-{i:05}"})
            for i in range(examples)
        )
        weights = {
            "name": f"model-{model}",
            "sha256": hashlib.sha256(str(model).encode()).hexdigest(),
        }
        changes = {
            "model": record.model.model_copy(update=weights),
            "protocol": record.protocol.model_copy(update={"n": examples}),
            "counts": counts(drawn, 0),
            "metrics": summarize(drawn),
            "reliability": reliability(drawn, None),
        }
        yield record.model_copy(update=changes), drawn
