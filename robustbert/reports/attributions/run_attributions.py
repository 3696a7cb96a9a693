"""Explain the original and the adversarial texts of the broken examples of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from robustbert.errors import InputError, RecordError
from robustbert.records import Outcome, Record
from robustbert.reports.attributions.shown_attribution import ShownAttribution
from robustbert.reports.row_labels import record_label
from robustbert.reports.run_view import ShownCell
from robustbert.reports.wording import listed

if TYPE_CHECKING:
    from robustbert.explanations import Attribution, Explainer
    from robustbert.explanations.attribution_change import AttributionChange
    from robustbert.explanations.explainer import Target
    from robustbert.models import Classifier


def cells_of_model(
    run: Path, cells: Sequence[ShownCell], classifier: Classifier
) -> tuple[ShownCell, ...]:
    """The cells that attacked a model, by its hash, and not through a defense at inference.

    Raises:
        InputError: there are none.
    """
    found = [
        cell
        for cell in cells
        if cell.record.model.sha256 == classifier.info.sha256
        and not any(_wraps(defense.name) for defense in cell.record.defenses)
    ]
    if not found:
        rows = listed(list(dict.fromkeys(record_label(cell.record) for cell in cells)))
        raise InputError(
            f"{run} has no attack on this model ({classifier.info.name}); give the model of the "
            f"run, or explain the texts of another row with --row: it has {rows}"
        )
    return tuple(found)


def _wraps(defense: str) -> bool:
    """Whether a defense that a record names changes predictions; True for one that is not known."""
    from robustbert.defenses import DEFENSES, Defense

    built_in = {entry.name: entry for entry in DEFENSES.built_in()}  # a record imports nothing else
    return defense not in built_in or built_in[defense].load().wrap is not Defense.wrap


@dataclass(frozen=True)
class ExplainedOutcome:
    """A broken example with the attributions of its texts.

    Args:
        record: the record of its cell.
        outcome: the outcome.
        before: the attribution of the original text.
        after: that of the adversarial text, for the same class.
    """

    record: Record
    outcome: Outcome
    before: Attribution
    after: Attribution

    @property
    def change(self) -> AttributionChange:
        """What the attack did to the attribution."""
        from robustbert.explanations.attribution_change import attribution_change

        return attribution_change(self.before, self.after)


def explain_outcomes(
    run: Path,
    cells: Sequence[ShownCell],
    classifier: Classifier,
    explainer: Explainer,
    target: Target = None,
) -> list[ExplainedOutcome]:
    """Explain the original and the adversarial text of each broken example.

    Both are explained for the same class, so that their scores can be compared. Each distinct text
    is explained once.

    Args:
        run: the run folder, for messages.
        cells: cells with outcomes, which contain their texts.
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
    broken = [
        (cell.record, outcome)
        for cell in cells
        for outcome in cell.outcomes
        if outcome.status == "broken"
    ]
    if not broken:
        raise RecordError(
            f"{run} has no adversarial texts in the selected cells, because no attack succeeded; "
            "choose other cells or another run"
        )
    asked = [
        (text or "", _label(record, outcome, classifier) if target is None else target)
        for record, outcome in broken
        for text in (outcome.text, outcome.adversarial_text)
    ]
    distinct = list(dict.fromkeys(asked))
    texts, targets = zip(*distinct, strict=True)
    found = dict(zip(distinct, explainer.explain(classifier, texts, targets), strict=True))
    return [
        ExplainedOutcome(record, outcome, found[before], found[after])
        for (record, outcome), before, after in zip(broken, asked[::2], asked[1::2], strict=True)
    ]


def explain_run(
    run: Path,
    cells: Sequence[ShownCell],
    classifier: Classifier,
    explainer: Explainer,
    target: Target = None,
) -> list[ShownAttribution]:
    """The attributions of :func:`explain_outcomes`, original and adversarial next to each other."""
    explained = explain_outcomes(run, cells, classifier, explainer, target)
    return [shown for one in explained for shown in _shown(one)]


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


def _shown(one: ExplainedOutcome) -> Iterator[ShownAttribution]:
    record, outcome = one.record, one.outcome
    source = {
        "dataset": record.dataset.name,
        "row": record_label(record),
        "track": record.track,
        "recipe": record.recipe.name,
        "example_id": outcome.example_id,
    }
    name = f"{record.recipe.name}, example {outcome.example_id[:8]}"
    original = {**source, "version": "original"}
    adversarial = {**source, "version": "adversarial"}
    yield ShownAttribution(f"{name}, original", one.before, original)
    yield ShownAttribution(f"{name}, adversarial", one.after, adversarial, one.change)
