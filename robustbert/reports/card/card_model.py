"""The part of a model card that says what the model is."""

from __future__ import annotations

from collections.abc import Iterator

from robustbert.reports.card.card_blocks import bullets
from robustbert.reports.card.card_selection import CardRow
from robustbert.reports.escape import markdown
from robustbert.reports.record_texts import (
    BASE,
    SCIKIT_LEARN,
    TRAINED,
    defenses_text,
    length_text,
    training_text,
)


def model_section(row: CardRow) -> str:
    """The model of a row: its weights, inputs, outputs, training and defenses."""
    facts = bullets(f"**{name}:** {text}" for name, text in _facts(row))
    return f"## Model\n\n{facts}"


def _facts(row: CardRow) -> Iterator[tuple[str, str]]:
    record = row.first
    model = record.model
    yield "Name", markdown(model.name)
    yield "Weights", f"{markdown(model.source)}; SHA-256 `{model.sha256}`"
    if model.num_parameters is not None:
        yield "Parameters", f"{model.num_parameters:,}"
    yield "Precision during the attacks", markdown(model.dtype)
    yield "Maximum input length", length_text(model)
    classes = {tuple(one.dataset.label_names or ()) for one in row.records}
    if len(classes) == 1 and any(classes):
        yield "Classes", markdown(", ".join(*classes))
    base = (model.training or {}).get(BASE)
    if base is not None and not model.source.startswith(SCIKIT_LEARN):
        yield "Base weights", markdown(f"{model.source.split(TRAINED)[0]}, SHA-256 {base}")
    yield "Training", markdown(training_text(record))
    yield "Defenses", markdown(defenses_text(record.defenses))
