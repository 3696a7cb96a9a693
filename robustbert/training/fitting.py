"""Train a classifier: the one entry for networks and classical models."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.errors import DatasetError
from robustbert.models.folders import check_free, whole_folder
from robustbert.models.pretrained import Base, find_base
from robustbert.training.config import TrainingConfig
from robustbert.training.result import TrainedModel, measure, read_training, write_training

if TYPE_CHECKING:
    import datasets

    from robustbert.data import TextDataset

#: Where an unfinished training lies in its output folder; gone when it is finished.
CHECKPOINTS = "checkpoints"


def train(
    dataset: TextDataset,
    base: str,
    config: TrainingConfig,
    out: Path,
    *,
    extra_examples: datasets.Dataset | None = None,
    resume: bool = False,
) -> TrainedModel:
    """Train a classifier on a dataset's training split and write its folder.

    The checkpoint with the best validation accuracy is kept. Until the training is finished,
    ``out`` holds only ``checkpoints``; the model appears whole or not at all. The same arguments
    give the same weights on the same machine with the same number of threads.

    Args:
        dataset: what to learn; its label names become the model's.
        base: a name of the table of models, a model folder, or ``hub:NAME``.
        config: how to train.
        out: the folder to write; it must not hold a model already.
        extra_examples: rows with ``text`` and ``label``, learnt with the training split.
        resume: go on from the last checkpoint in ``out``, if there is one.

    Raises:
        UnknownNameError: no such base.
        ModelError: the base cannot be fine-tuned, or the training diverged.
        DatasetError: no training rows, or a label outside the dataset's.
        OutputError: ``out`` holds something already, or cannot be written.
    """
    out = Path(out).expanduser().absolute()
    check_free(out, disposable=(CHECKPOINTS,))
    found = find_base(base)
    texts, labels = _training_rows(dataset, extra_examples)
    plan = _plan(dataset, found, config, extra=len(extra_examples) if extra_examples else 0)
    if found.folder is not None:
        from robustbert.training.finetune import FineTuning

        return FineTuning(dataset, found, config, out, plan).run(texts, labels, resume=resume)
    return _fit(dataset, found, config, out, plan, texts, labels)


def _fit(
    dataset: TextDataset,
    base: Base,
    config: TrainingConfig,
    out: Path,
    plan: dict[str, Any],
    texts: list[str],
    labels: list[int],
) -> TrainedModel:
    from robustbert.models.classical.tfidf_classifier import fit_tfidf

    began = time.perf_counter()
    fitted = fit_tfidf(str(base.kind), texts, labels, dataset.label_names, seed=config.seed)
    seconds = time.perf_counter() - began
    with whole_folder(out) as partial:
        fitted.save(partial)
        write_training(partial, plan, metrics=measure(fitted, dataset), seconds=seconds, steps=0)
    return read_training(out)


def _training_rows(
    dataset: TextDataset, extra: datasets.Dataset | None
) -> tuple[list[str], list[int]]:
    split = dataset.split("train")
    texts, labels = list(split["text"]), [int(label) for label in split["label"]]
    if extra is not None:
        texts += list(extra["text"])
        labels += [int(label) for label in extra["label"]]
    outside = sorted(set(labels) - set(range(len(dataset.label_names))))
    if not texts or outside:
        reason = f"label {outside[0]} is outside its label names" if outside else "no training rows"
        raise DatasetError(f"cannot train on {dataset.name}: {reason}; check the data")
    return texts, labels


def _plan(
    dataset: TextDataset, base: Base, config: TrainingConfig, *, extra: int
) -> dict[str, Any]:
    """What decides the outcome of a training; it is written beside the model."""
    return {
        "base": {"name": base.name, "source": base.source, "sha256": base.sha256},
        "dataset": {
            "name": dataset.name,
            "source": dataset.source,
            "sha256": dataset.sha256(),
            "label_names": list(dataset.label_names),
        },
        "extra_examples": extra,
        "config": config.as_dict(),
    }
