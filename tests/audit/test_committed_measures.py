"""The committed measures of ``results/audit``."""

from __future__ import annotations

from pathlib import Path

from robustbert.audit import read_measures
from robustbert.records import read_published

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"


def test_they_are_of_examples_that_published_outcomes_call_broken():
    """Where the same model was published; with as many words changed."""
    measured = {
        (cell.dataset, cell.track, cell.recipe, cell.model_sha256): {
            one.example_id: one.words_changed for one in cell.examples
        }
        for cell in read_measures(RESULTS / "audit").cells
    }
    compared = 0
    for folder in (RESULTS, RESULTS / "defenses"):
        for cell in read_published(folder):
            record = cell.record
            key = (record.dataset.name, record.track, record.recipe.name, record.model.sha256)
            if record.defenses or key not in measured:
                continue
            for outcome in cell.outcomes:
                found = measured[key].get(outcome.example_id)
                broken = outcome.status == "broken"
                assert found == (outcome.words_changed if broken else None)
                compared += found is not None
    assert compared > 500
