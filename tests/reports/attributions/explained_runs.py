"""A run on a classifier whose texts can be explained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from robustbert.models import Classifier
from tests.records.builders import make_outcome, make_record, write_cell

PAIRS = {
    "a fine film": "a fin film",
    "the story was so good and lovely": "the story was so god and lovely",
}


def write_explained_run(
    folder: Path,
    classifier: Classifier,
    pairs: Mapping[str, str] = PAIRS,
    recipes: Mapping[str, str | None] | None = None,
    defense: str | None = None,
) -> Path:
    """A run with broken examples of the class 1, and one that is robust.

    Args:
        folder: the run folder.
        classifier: the attacked model.
        pairs: the adversarial text of each original.
        recipes: the hash of the attacked model by recipe; None for that of ``classifier``. The
            rows are called ``of-RECIPE``.
        defense: the defense of the rows.
    """
    broken = [
        make_outcome(f"e{i}", "broken", text=original, adversarial_text=adversarial)
        for i, (original, adversarial) in enumerate(pairs.items())
    ]
    outcomes = [*broken, make_outcome("robust", "robust")]
    for recipe, sha256 in (recipes or {"pwws": None}).items():
        record = make_record(
            outcomes,
            recipe=recipe,
            model=f"of-{recipe}",
            model_sha256=sha256 or classifier.info.sha256,
            defense=defense,
        )
        labels = {"label_names": list(classifier.label_names)}
        dataset = record.dataset.model_copy(update=labels)
        write_cell(folder, record.model_copy(update={"dataset": dataset}), outcomes)
    return folder
