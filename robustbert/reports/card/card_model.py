"""The part of a model card that says what the model is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from robustbert.records import DefenseRef
from robustbert.reports.card.card_blocks import bullets
from robustbert.reports.card.card_selection import CardRow
from robustbert.reports.conditions import readable
from robustbert.reports.escape import markdown

#: Added to the source of a model by its training.
TRAINED = " trained on "
#: The beginning of the source of a classical model.
SCIKIT_LEARN = "scikit-learn=="
#: The setting in which records keep the hash of the weights that the training started from.
BASE = "base_sha256"


def model_section(row: CardRow) -> str:
    """The model of a row: its weights, inputs, outputs, training and defenses."""
    facts = bullets(f"**{name}:** {text}" for name, text in _facts(row))
    return f"## Model\n\n{facts}"


def settings(values: Mapping[str, Any]) -> str:
    """Settings as escaped text, such as "epochs 2, batch size 32"."""
    return markdown(settings_text(values))


def settings_text(values: Mapping[str, Any]) -> str:
    """Settings as text that is not escaped."""
    return ", ".join(f"{name.replace('_', ' ')} {_shown(value)}" for name, value in values.items())


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(map(readable, value)) or "none"
    return "none" if value is None else readable(value)


def _facts(row: CardRow) -> Iterator[tuple[str, str]]:
    record = row.first
    model, training = record.model, record.model.training
    yield "Name", markdown(model.name)
    yield "Weights", f"{markdown(model.source)}; SHA-256 `{model.sha256}`"
    if model.num_parameters is not None:
        yield "Parameters", f"{model.num_parameters:,}"
    yield "Precision during the attacks", markdown(model.dtype)
    length = "unlimited" if model.max_length is None else f"{model.max_length} tokens"
    yield "Maximum input length", length
    classes = {tuple(one.dataset.label_names or ()) for one in row.records}
    if len(classes) == 1 and any(classes):
        yield "Classes", markdown(", ".join(*classes))
    seed = "unknown" if record.training_seed is None else str(record.training_seed)
    if training is None:
        yield "Training", "before the run; its settings are not recorded"
    elif model.source.startswith(SCIKIT_LEARN):  # the recorded settings are those of networks
        yield "Training", f"fitted by scikit-learn on the training split, seed {seed}"
    else:
        if training.get(BASE) is not None:
            base = model.source.split(TRAINED)[0]
            yield "Base weights", markdown(f"{base}, SHA-256 {training[BASE]}")
        others = {name: value for name, value in training.items() if name != BASE}
        yield "Training", settings(others | {"seed": seed})
    yield "Defenses", "; ".join(map(_defense, record.defenses)) or "none"


def _defense(defense: DefenseRef) -> str:
    parameters = settings({**defense.params, "revision": defense.revision})
    return f"{markdown(defense.name)} ({parameters})"
