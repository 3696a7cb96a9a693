"""Fine-tune a network with ``transformers.Trainer``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import transformers

from robustbert.errors import TrainingDivergedError
from robustbert.io import atomic_folder
from robustbert.models.devices import choose_device
from robustbert.models.huggingface_files import max_input_length, read_tokenizer
from robustbert.models.model_registry import load_model
from robustbert.models.pretrained import Base, load_network
from robustbert.models.quiet import quiet_transformers
from robustbert.progress import progress_bar
from robustbert.training.checkpoints import last_checkpoint
from robustbert.training.config import Loss, TrainingConfig
from robustbert.training.epoch_rows import (
    AddEpochRows,
    CollateWithExtras,
    RowsWithExtras,
    current_classifier,
    weighted_cross_entropy,
)
from robustbert.training.extra_rows import EpochRows, EpochStart
from robustbert.training.result import (
    CHECKPOINTS,
    TrainedModel,
    accuracy,
    measure,
    read_training,
    write_training,
)
from robustbert.training.seeding import seeded
from robustbert.training.trainer_arguments import trainer_arguments
from robustbert.training.trainers import LengthGroupedTrainer, LossTrainer
from robustbert.training.training_time import TrainingTime
from robustbert.training.worker_processes import PROCESS_TIMEOUT, wait_for_workers

if TYPE_CHECKING:
    from robustbert.data import TextDataset

#: Texts are padded to a multiple of this many tokens, for faster matmuls.
LENGTH_STEP = 8


class ShowProgress(transformers.TrainerCallback):  # type: ignore[misc]
    """A progress bar with the last validation accuracy, in place of the Trainer's prints."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._bar: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Show the bar."""
        if state.is_world_process_zero:
            self._bar = progress_bar(state.max_steps, self._what, "step")
            self._bar.update(state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Advance."""
        if self._bar is not None:
            self._bar.update(1)

    def on_evaluate(
        self, args: Any, state: Any, control: Any, metrics: dict[str, float], **_: Any
    ) -> None:
        """Show the accuracy."""
        if self._bar is not None:
            self._bar.set_postfix_str(f"validation {metrics['eval_accuracy']:.1%}")

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()


class EvaluateLastStep(transformers.TrainerCallback):  # type: ignore[misc]
    """Evaluates the network after the last step, also if no evaluation is due then.

    The Trainer writes a checkpoint then, but without an evaluation it cannot be the best one.
    """

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Ask for an evaluation after the last step."""
        if state.global_step >= state.max_steps:
            control.should_evaluate = True


class FineTuning:
    """One fine-tuning, from a base to a model folder.

    Args:
        dataset: the training data.
        base: a base with a folder of weights.
        config: the training settings.
        out: the folder to write.
        plan: everything that determines the result; it must be the same when resuming.
        loss: computes the training loss; None uses the network's own cross-entropy.
        callbacks: for the Trainer, in addition to its usual ones.
        epoch_rows: functions that make extra rows at the start of each epoch.
    """

    def __init__(
        self,
        dataset: TextDataset,
        base: Base,
        config: TrainingConfig,
        out: Path,
        plan: dict[str, Any],
        *,
        loss: Loss | None = None,
        callbacks: Sequence[transformers.TrainerCallback] = (),
        epoch_rows: Sequence[EpochRows] = (),
    ) -> None:
        self._dataset = dataset
        self._base = base
        self._config = config
        self._out = out
        self._plan = plan
        self._loss = loss
        self._callbacks = callbacks
        self._epoch_rows = epoch_rows
        self._checkpoints = out / CHECKPOINTS
        self._device = choose_device(config.device)

    def run(self, texts: Sequence[str], labels: Sequence[int], *, resume: bool) -> TrainedModel:
        """Train, keep the best checkpoint, measure it and write it.

        Raises:
            ModelError: the base cannot be loaded, or the training diverged.
            OutputError: the output folder cannot be written, or holds another training.
        """
        assert self._base.folder is not None
        checkpoint = last_checkpoint(self._out, self._plan, resume=resume)
        training_time = TrainingTime()
        with seeded(self._config.seed), quiet_transformers():
            model = load_network(self._base.folder, self._dataset.label_names)
            tokenizer = read_tokenizer(self._base.folder)
            tokenizer.model_max_length = self._max_length(model, tokenizer)
            model.config.pad_token_id = tokenizer.pad_token_id
            model.config._name_or_path = self._base.name
            # the network itself sets it only in its first step, and a training that is resumed
            # after its last step has no step
            model.config.problem_type = "single_label_classification"
            trainer = self._trainer(model, tokenizer, texts, labels, training_time)
            outcome = trainer.train(resume_from_checkpoint=checkpoint)
        seconds = training_time.seconds
        if not math.isfinite(outcome.training_loss):
            raise TrainingDivergedError(
                "the training diverged (its loss is NaN); lower the learning rate"
            )
        if trainer.is_world_process_zero():
            self._write(trainer.model, tokenizer, seconds, outcome.global_step)
        wait_for_workers()
        return read_training(self._out)

    def _max_length(self, model: Any, tokenizer: Any) -> int:
        limits = [max_input_length(model, tokenizer), self._config.max_length]
        known = [limit for limit in limits if limit is not None]
        return min(known) if known else int(tokenizer.model_max_length)

    def _trainer(
        self,
        model: Any,
        tokenizer: Any,
        texts: Sequence[str],
        labels: Sequence[int],
        training_time: TrainingTime,
    ) -> transformers.Trainer:
        validation = self._dataset.split("validation")
        shown = ShowProgress(f"fine-tuning on {self._dataset.name}")
        callbacks: list[Any] = [shown, EvaluateLastStep(), training_time]
        if self._config.patience is not None:
            callbacks.append(transformers.EarlyStoppingCallback(self._config.patience))
        make: Any = LengthGroupedTrainer
        loss = self._loss or (weighted_cross_entropy if self._epoch_rows else None)
        if loss is not None:
            make = partial(LossTrainer, training_loss=loss)
        rows = RowsWithExtras(_encode(tokenizer, texts, labels))
        if self._epoch_rows:
            callbacks.append(self._add_epoch_rows(tokenizer, rows, texts, labels))
        trainer = make(
            model=model,
            processing_class=tokenizer if self._callbacks else None,
            args=self._arguments(len(texts)),
            train_dataset=rows,
            eval_dataset=_encode(tokenizer, list(validation["text"]), validation["label"]),
            data_collator=CollateWithExtras(
                transformers.DataCollatorWithPadding(tokenizer, pad_to_multiple_of=LENGTH_STEP)
            ),
            compute_metrics=_compute_metrics,
            callbacks=[*callbacks, *self._callbacks],
            layer_decay=self._config.layer_decay,
        )
        trainer.remove_callback(transformers.PrinterCallback)
        return trainer

    def _add_epoch_rows(
        self, tokenizer: Any, rows: RowsWithExtras, texts: Sequence[str], labels: Sequence[int]
    ) -> AddEpochRows:
        dataset, config = self._dataset, self._config

        def describe(epoch: int, network: Any) -> EpochStart:
            make_classifier = partial(current_classifier, network, tokenizer, dataset, config)
            return EpochStart(epoch, dataset, texts, labels, config, make_classifier)

        encode = partial(_encode, tokenizer)
        return AddEpochRows(self._epoch_rows, rows, encode, describe, self._checkpoints)

    def _arguments(self, rows: int) -> transformers.TrainingArguments:
        config = self._config
        arguments = trainer_arguments(
            config.dtype,
            self._device,
            output_dir=str(self._checkpoints),
            num_train_epochs=config.epochs,
            per_device_train_batch_size=config.batch_size // config.workers,
            per_device_eval_batch_size=2 * config.batch_size // config.workers,
            learning_rate=config.learning_rate,
            weight_decay=config.weight_decay,
            warmup_ratio=config.warmup_ratio,
            # the default of transformers is AdamW, as the version of torch has it
            **({} if config.optimizer == "adamw" else {"optim": config.optimizer}),
            remove_unused_columns=False,  # extra rows are under a key that the network lacks
            ddp_timeout=PROCESS_TIMEOUT,
            eval_strategy="steps",
            save_strategy="steps",
            save_total_limit=2,
            load_best_model_at_end=True,
            metric_for_best_model="accuracy",
            greater_is_better=True,
            seed=config.seed,
            logging_strategy="steps" if config.tensorboard else "no",
            logging_steps=10,
            logging_nan_inf_filter=False,  # run() must see a NaN
            logging_dir=str(self._out.with_name(self._out.name + "-logs")),
            report_to=["tensorboard"] if config.tensorboard else [],
            disable_tqdm=True,
        )
        steps = math.ceil(rows / config.batch_size)
        arguments.eval_steps = arguments.save_steps = math.ceil(steps / config.evals_per_epoch)
        return arguments

    def _write(self, model: Any, tokenizer: Any, seconds: float, steps: int) -> None:
        with atomic_folder(self._out, disposable=(CHECKPOINTS,)) as folder:
            with quiet_transformers():
                model.save_pretrained(folder, safe_serialization=True)
                tokenizer.save_pretrained(folder)
            # Measured on the written model, as it will be loaded later.
            classifier = load_model(str(folder), device=str(self._device))
            metrics = measure(classifier, self._dataset)
            write_training(folder, self._plan, metrics=metrics, seconds=seconds, steps=steps)


def _encode(tokenizer: Any, texts: Sequence[str], labels: Sequence[int]) -> list[dict[str, Any]]:
    cut = tokenizer(
        list(texts), truncation=True, max_length=tokenizer.model_max_length, verbose=False
    )["input_ids"]
    return [
        {"input_ids": ids, "labels": int(label)} for ids, label in zip(cut, labels, strict=True)
    ]


def _compute_metrics(prediction: transformers.EvalPrediction) -> dict[str, float]:
    return {"accuracy": accuracy(prediction.predictions, prediction.label_ids)}
