"""Explain the original and the adversarial texts of the broken examples of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from robustbert.errors import InputError, RecordError
from robustbert.explanations import Attribution, Explainer
from robustbert.explanations.attribution_change import attribution_change
from robustbert.explanations.explainer import Target
from robustbert.models import Classifier
from robustbert.records import Outcome, Record
from robustbert.reports.attributions.shown_attribution import ShownAttribution
from robustbert.reports.row_labels import record_label
from robustbert.reports.run_view import ShownCell
from robustbert.reports.wording import listed


def cells_of_model(
    run: Path, cells: Sequence[ShownCell], classifier: Classifier
) -> tuple[ShownCell, ...]:
    """The cells that attacked a model, by its hash.

    Raises:
        InputError: there are none.
    """
    found = [cell for cell in cells if cell.record.model.sha256 == classifier.info.sha256]
    if not found:
        rows = listed(list(dict.fromkeys(record_label(cell.record) for cell in cells)))
        raise InputError(
            f"{run} has no attack on this model ({classifier.info.name}); give the model of the "
            f"run, or explain the texts of another row with --row: it has {rows}"
        )
    return tuple(found)


def explain_run(
    run: Path,
    cells: Sequence[ShownCell],
    classifier: Classifier,
    explainer: Explainer,
    target: Target = None,
) -> list[ShownAttribution]:
    """Explain the original and the adversarial text of each broken example, next to each other.

    Both are explained for the same class, so that their scores can be compared.

    Args:
        run: the run folder, for messages.
        cells: cells with their broken outcomes, which contain their texts.
        classifier: the model, with the labels of the cells.
        explainer: the method.
        target: the explained class; None for the true class of each example, which the attacked
            model predicts for the original.

    Raises:
        RecordError: there is no broken example.
        InputError: a text has no words.
        UnknownNameError: there is no such class.
        ModelError: the method needs gradients, which the model does not have.
    """
    pairs = [(cell.record, outcome) for cell in cells for outcome in cell.outcomes]
    if not pairs:
        raise RecordError(
            f"{run} has no adversarial texts in the selected cells, because no attack succeeded; "
            "choose other cells or another run"
        )
    texts, targets = [], list[Target]()
    for record, outcome in pairs:
        texts += [outcome.text or "", outcome.adversarial_text or ""]
        targets += [_label(record, outcome, classifier) if target is None else target] * 2
    found = explainer.explain(classifier, texts, targets)
    return [
        shown
        for (record, outcome), before, after in zip(pairs, found[::2], found[1::2], strict=True)
        for shown in _shown(record, outcome, before, after)
    ]


def _label(record: Record, outcome: Outcome, classifier: Classifier) -> int:
    """The index of the model's output for the true class of an outcome."""
    names = record.dataset.label_names
    if names is None:
        return outcome.label
    if outcome.label >= len(names):
        raise RecordError(
            f"the example {outcome.example_id} has the label {outcome.label}, but there are only "
            f"{len(names)} labels; the outcomes are not those of this record"
        )
    return classifier.label_names.index(names[outcome.label])


def _shown(
    record: Record, outcome: Outcome, before: Attribution, after: Attribution
) -> Iterator[ShownAttribution]:
    source = {
        "dataset": record.dataset.name,
        "row": record_label(record),
        "track": record.track,
        "recipe": record.recipe.name,
        "example_id": outcome.example_id,
    }
    name = f"{record.recipe.name}, example {outcome.example_id[:8]}"
    yield ShownAttribution(f"{name}, original", before, {**source, "version": "original"})
    yield ShownAttribution(
        f"{name}, adversarial",
        after,
        {**source, "version": "adversarial"},
        attribution_change(before, after),
    )
