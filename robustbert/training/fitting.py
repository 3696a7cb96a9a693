"""Train a classifier: the entry point for networks and classical models."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.errors import DatasetError, ModelError
from robustbert.io import atomic_folder, check_free
from robustbert.models.pretrained import Base, find_base
from robustbert.paths import user_path
from robustbert.training.config import Loss, TrainingConfig
from robustbert.training.extra_rows import EpochRows
from robustbert.training.result import (
    CHECKPOINTS,
    TrainedModel,
    measure,
    read_training,
    write_training,
)

if TYPE_CHECKING:
    import datasets
    import transformers

    from robustbert.data import TextDataset


def train(
    dataset: TextDataset,
    base: str,
    config: TrainingConfig,
    out: Path,
    *,
    extra_examples: datasets.Dataset | None = None,
    loss: Loss | None = None,
    callbacks: Sequence[transformers.TrainerCallback] = (),
    epoch_rows: Sequence[EpochRows] = (),
    resume: bool = False,
) -> TrainedModel:
    """Train a classifier on a dataset's training split and write its folder.

    The checkpoint with the best validation accuracy is kept. Until training is complete, ``out``
    holds only ``checkpoints``; the model is then written atomically. The same arguments give the
    same weights on the same machine with the same number of threads.

    Args:
        dataset: the training data; its label names become the model's.
        base: a name in the table of models, a model folder, or ``hub:NAME``.
        config: the training settings.
        out: the folder to write; it must not hold a model already.
        extra_examples: rows with ``text`` and ``label``, added to the training split.
        loss: computes the training loss of a batch in place of the network's own cross-entropy.
            Networks only. It may draw from torch's generators, which are seeded.
        callbacks: callbacks for ``transformers.Trainer``, in addition to its usual ones. Networks
            only. Their ``processing_class`` is the tokenizer.
        epoch_rows: functions that make extra rows at the start of each epoch, from the network as
            it is then. Networks only. The weights of rows are for the cross-entropy: a ``loss``
            gets them as the input ``weights`` of a batch in which one is not 1.
        resume: continue from the last checkpoint in ``out``, if there is one.

    Raises:
        UnknownNameError: there is no such base.
        ModelError: the base cannot be fine-tuned, a loss or a callback is given for a classical
            model, or the training diverged.
        DatasetError: there are no training rows, or a label has no name in the dataset.
        OutputError: ``out`` holds something already, or cannot be written.
    """
    out = user_path(out).absolute()
    found = check_base_and_output(base, out)
    if found.folder is None and (loss is not None or callbacks or epoch_rows):
        raise ModelError(
            f"{found.name} is fitted by scikit-learn, which has no training loss, epochs or "
            "callbacks; use a network, such as minilm"
        )
    texts, labels = _training_rows(dataset, extra_examples)
    plan = _plan(dataset, found, config, extra=len(extra_examples) if extra_examples else 0)
    if found.folder is None:
        return _fit(dataset, found, config, out, plan, texts, labels)
    from robustbert.training.finetune import FineTuning
    from robustbert.training.worker_processes import run_in_workers, with_launched_workers

    config = with_launched_workers(config)
    plan |= {"config": config.as_dict()} | _functions(loss, epoch_rows)
    hooks: dict[str, Any] = {"loss": loss, "callbacks": callbacks, "epoch_rows": epoch_rows}
    training = FineTuning(dataset, found, config, out, plan, **hooks)
    run_in_workers(partial(training.run, texts, labels, resume=resume), config)
    return read_training(out)


def check_base_and_output(base: str, out: Path) -> Base:
    """Find a base model, and check that ``out`` is free; :func:`train` does so first.

    Args:
        base: as for :func:`train`.
        out: as for :func:`train`.

    Raises:
        UnknownNameError: there is no such base.
        ModelError: the base cannot be fine-tuned.
        OutputError: ``out`` holds something already.
    """
    check_free(user_path(out).absolute(), disposable=(CHECKPOINTS,))
    return find_base(base)


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
    with atomic_folder(out) as partial:
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
    unnamed = sorted(set(labels) - set(range(len(dataset.label_names))))
    if not texts or unnamed:
        reason = f"label {unnamed[0]} has no name in it" if unnamed else "it has no training rows"
        raise DatasetError(f"cannot train on {dataset.name}: {reason}; check the data")
    return texts, labels


def _plan(
    dataset: TextDataset, base: Base, config: TrainingConfig, *, extra: int
) -> dict[str, Any]:
    """Everything that determines the result of a training; it is written beside the model."""
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


def _functions(loss: Loss | None, epoch_rows: Sequence[EpochRows]) -> dict[str, Any]:
    """What a plan says about the functions of a training; nothing of plain training."""
    functions: dict[str, Any] = {} if loss is None else {"loss": _describe(loss)}
    if epoch_rows:
        functions["epoch_rows"] = [_describe(make) for make in epoch_rows]
    return functions


def _describe(function: Callable[..., Any]) -> str:
    """The import path of a function, with the fields of the dataclass that it is a method of."""
    owner = getattr(function, "__self__", None)
    name = f"{function.__module__}:{getattr(function, '__qualname__', type(function).__name__)}"
    return f"{name} of {owner!r}" if dataclasses.is_dataclass(owner) else name
