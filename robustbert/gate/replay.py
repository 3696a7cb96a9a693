"""Score the adversarial texts that a run stored on another model: transfer, not robustness.

The texts were found by attacking other models. A model that they fool is not robust; a model that
they do not fool may still be broken by an attack of its own, so nothing here is called accuracy
under attack.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike

from robustbert.bench.model_names import split_name
from robustbert.errors import InputError, RecordError
from robustbert.metrics import proportion
from robustbert.models import Classifier, load_model
from robustbert.models.classifier import ModelInfo
from robustbert.progress import progress_bar
from robustbert.records import Metric, Outcome, Record
from robustbert.reports.row_labels import record_label
from robustbert.reports.run_view import ShownCell
from robustbert.reports.wording import listed

# Texts per call of the model, between two updates of the progress bar.
_BATCH = 256


@dataclass(frozen=True)
class Transfer:
    """How a model does on examples with stored adversarial texts.

    Args:
        n: number of examples with stored adversarial texts.
        correct: number of these whose clean text the model classifies correctly.
        fooled: number of the correct ones of which it misclassifies at least one stored
            adversarial text.
    """

    n: int
    correct: int
    fooled: int

    @property
    def clean_accuracy(self) -> Metric:
        """Correct on the clean text / all examples with stored texts."""
        return proportion(self.correct, self.n)

    @property
    def rate(self) -> Metric:
        """The transfer rate: fooled / correct on the clean text."""
        return proportion(self.fooled, self.correct)

    @property
    def accuracy(self) -> Metric:
        """The accuracy on stored texts: correct on the clean and every stored text / all."""
        return proportion(self.correct - self.fooled, self.n)


@dataclass(frozen=True)
class ReplayedCell:
    """The transfer of one cell's texts.

    Args:
        dataset: name of the dataset.
        split: name of the split.
        track: the threat model.
        row: label of the row whose model was attacked.
        recipe: the recipe that found the texts.
        own: whether the replayed model is the one that was attacked, by its hash.
        transfer: the counts.
    """

    dataset: str
    split: str
    track: str
    row: str
    recipe: str
    own: bool
    transfer: Transfer


@dataclass(frozen=True)
class ReplayedGroup:
    """The transfer of all texts of a dataset and track: an example is fooled if any text fools it.

    Args:
        cells: the cells with these texts, at least one.
        transfer: the counts, over the examples that have a stored text in any cell.
    """

    cells: tuple[ReplayedCell, ...]
    transfer: Transfer

    @property
    def name(self) -> str:
        """The dataset, split and track."""
        return group_name(self.cells[0])


@dataclass(frozen=True)
class Replay:
    """The stored texts of a run, scored on a model.

    Args:
        run: name of the run.
        model: the model.
        groups: one per dataset, split and track.
        texts: number of distinct texts that were scored, clean ones included.
    """

    run: str
    model: ModelInfo
    groups: tuple[ReplayedGroup, ...]
    texts: int

    def below(self, minimum: float, on: str) -> tuple[ReplayedGroup, ...]:
        """The groups whose accuracy on stored texts is below a minimum.

        Groups without stored texts have no accuracy and are never below.

        Args:
            minimum: in [0, 1].
            on: ``"low"`` for the lower end of the 95% interval, or ``"value"``.
        """
        found = []
        for group in self.groups:
            accuracy = group.transfer.accuracy
            judged = accuracy.low if on == "low" else accuracy.value
            if judged is not None and judged < minimum:
                found.append(group)
        return tuple(found)


def group_name(cell: ReplayedCell) -> str:
    """The dataset, split and track of a cell."""
    return f"{cell.dataset} ({cell.split}), {cell.track} track"


def load_replayed(
    model: str | PathLike[str],
    cells: Sequence[ShownCell],
    *,
    labels: Sequence[str] | None = None,
    dtype: str = "auto",
    device: str = "auto",
) -> Classifier:
    """Load the model to replay texts on, with its labels matched to those of the cells by name.

    Args:
        model: a folder, ``hub:NAME``, or either after ``NAME=``.
        cells: the cells, at least one.
        labels: the names of the model's outputs, in order; None for those that it has.
        dtype: auto, float32 or bfloat16.
        device: auto, cpu, cuda, cuda:N or mps.

    Raises:
        InputError: the cells have different labels.
        ModelError: the model cannot be loaded, is not trained, or has other labels.
    """
    names = _common_labels(cells)
    name, base = split_name(str(model))
    classifier = load_model(base, dtype=dtype, device=device, labels=labels, label_names=names)
    if name is not None:
        classifier.info = replace(classifier.info, name=name)
    return classifier


def replay_texts(run: str, cells: Sequence[ShownCell], classifier: Classifier) -> Replay:
    """Score the clean and the adversarial texts of cells; each distinct text is scored once.

    Args:
        run: name of the run, for reports.
        cells: cells with their broken outcomes, which contain their texts.
        classifier: the model.

    Raises:
        RecordError: there is no stored adversarial text, or an outcome's label has no name.
        ModelError: the model returns something else than probabilities.
    """
    found = [(cell.record, tuple(_pairs(cell, classifier))) for cell in cells]
    texts = dict.fromkeys(
        text for _, pairs in found for pair in pairs for text in (pair.clean, pair.adversarial)
    )
    if not texts:
        raise RecordError(
            f"{run} has no adversarial texts in the selected cells, because no attack succeeded; "
            "choose other cells or another run"
        )
    predicted = _predict(classifier, tuple(texts))
    grouped: dict[str, list[tuple[ReplayedCell, tuple[_Pair, ...]]]] = {}
    for record, pairs in found:
        cell = _replayed(record, classifier, _transfer(pairs, predicted))
        grouped.setdefault(group_name(cell), []).append((cell, pairs))
    groups = tuple(
        ReplayedGroup(
            tuple(cell for cell, _ in members),
            _transfer([pair for _, pairs in members for pair in pairs], predicted),
        )
        for members in grouped.values()
    )
    return Replay(run, classifier.info, groups, len(texts))


@dataclass(frozen=True)
class _Pair:
    """An example's texts, and the model's output for its true label."""

    example_id: str
    clean: str
    adversarial: str
    label: int


def _common_labels(cells: Sequence[ShownCell]) -> list[str] | None:
    """The label names of the cells; None if no cell has any."""
    by_dataset = {cell.record.dataset.name: cell.record.dataset.label_names for cell in cells}
    named = {dataset: names for dataset, names in by_dataset.items() if names is not None}
    different = len({frozenset(names) for names in named.values()}) > 1
    if different or 0 < len(named) < len(by_dataset):
        raise InputError(
            f"the datasets of the run, {listed(sorted(by_dataset))}, have different labels; choose "
            "one with --dataset"
        )
    return next(iter(named.values()), None)


def _pairs(cell: ShownCell, classifier: Classifier) -> Iterator[_Pair]:
    names = cell.record.dataset.label_names
    for outcome in cell.outcomes:
        if outcome.text is not None and outcome.adversarial_text is not None:
            label = _output_of(outcome, names, classifier)
            yield _Pair(outcome.example_id, outcome.text, outcome.adversarial_text, label)


def _output_of(outcome: Outcome, names: Sequence[str] | None, classifier: Classifier) -> int:
    """The index of the model's output for the true label of an outcome."""
    known = classifier.label_names if names is None else names
    if outcome.label >= len(known):
        raise RecordError(
            f"the example {outcome.example_id} has the label {outcome.label}, but there are only "
            f"{len(known)} labels; the outcomes are not those of this record"
        )
    return outcome.label if names is None else classifier.label_names.index(names[outcome.label])


def _predict(classifier: Classifier, texts: Sequence[str]) -> dict[str, int]:
    predicted: dict[str, int] = {}
    with progress_bar(len(texts), "replaying stored texts", "text") as bar:
        for start in range(0, len(texts), _BATCH):
            batch = texts[start : start + _BATCH]
            outputs = classifier.predict_proba(batch).argmax(axis=1).tolist()
            predicted.update(zip(batch, outputs, strict=True))
            bar.update(len(batch))
    return predicted


def _transfer(pairs: Sequence[_Pair], predicted: Mapping[str, int]) -> Transfer:
    correct = {pair.example_id: predicted[pair.clean] == pair.label for pair in pairs}
    fooled = {
        pair.example_id
        for pair in pairs
        if correct[pair.example_id] and predicted[pair.adversarial] != pair.label
    }
    return Transfer(len(correct), sum(correct.values()), len(fooled))


def _replayed(record: Record, classifier: Classifier, transfer: Transfer) -> ReplayedCell:
    return ReplayedCell(
        dataset=record.dataset.name,
        split=record.dataset.split,
        track=record.track,
        row=record_label(record),
        recipe=record.recipe.name,
        own=record.model.sha256 == classifier.info.sha256 and not record.defenses,
        transfer=transfer,
    )
