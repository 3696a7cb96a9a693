"""Pre-train a network with ``transformers.Trainer``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import transformers

from robustbert.errors import TrainingDivergedError
from robustbert.io import atomic_folder, write_text
from robustbert.models.devices import choose_device
from robustbert.models.huggingface_files import read_tokenizer
from robustbert.models.json_files import read_checked
from robustbert.models.pretrained import Base
from robustbert.models.quiet import quiet_transformers
from robustbert.training.checkpoints import last_checkpoint
from robustbert.training.finetune import LENGTH_STEP
from robustbert.training.pretraining.corpus import CorpusSplit
from robustbert.training.pretraining.held_out_scores import HeldOutScores, measure_held_out
from robustbert.training.pretraining.pretraining_config import PretrainingConfig
from robustbert.training.pretraining.pretraining_network import (
    PretrainingBert,
    check_tokenizer,
    freeze_layers,
    load_bert,
)
from robustbert.training.pretraining.pretraining_result import (
    LoggedLosses,
    PretrainedModel,
    read_pretraining,
    write_pretraining,
)
from robustbert.training.pretraining.pretraining_rows import (
    PretrainingRows,
    RowSource,
    training_order,
)
from robustbert.training.pretraining.pretraining_trainer import (
    PretrainingTime,
    PretrainingTrainer,
    ShowLosses,
)
from robustbert.training.pretraining.token_masks import NOT_PREDICTED, TokenMasker
from robustbert.training.result import CHECKPOINTS
from robustbert.training.seeding import seeded
from robustbert.training.trainer_arguments import trainer_arguments
from robustbert.training.worker_processes import wait_for_workers

BEFORE_FILE = "held-out-before.json"
#: How often losses are logged; a checkpoint is written after every second entry.
_LOG_ENTRIES = 20
#: The seed of the held-out rows, which are the same for every training.
_HELD_OUT_SEED = 0


class PretrainingRun:
    """One pre-training, from a base to a folder.

    Args:
        base: a BERT with a folder of weights.
        config: the settings.
        out: the folder to write.
        plan: everything that determines the result; it must be the same when resuming.
    """

    def __init__(
        self, base: Base, config: PretrainingConfig, out: Path, plan: dict[str, Any]
    ) -> None:
        self._base = base
        self._config = config
        self._out = out
        self._plan = plan
        self._device = choose_device(config.device)

    def run(self, corpus: CorpusSplit, *, resume: bool) -> PretrainedModel:
        """Measure the base, pre-train it, measure the result and write it.

        Raises:
            ModelError: the base cannot be loaded, or the training diverged.
            InputError: the base takes fewer tokens, or has fewer layers, than the settings ask for.
            DatasetError: the documents have too few sentences or tokens.
            OutputError: the output folder cannot be written, or holds another training.
        """
        assert self._base.folder is not None
        with seeded(self._config.seed), quiet_transformers():
            loaded = load_bert(self._base.folder)
            tokenizer = read_tokenizer(self._base.folder)
            check_tokenizer(loaded.network, tokenizer, self._config)
            freeze_layers(loaded.network, self._config.frozen_layers)
            new_weights = {"new_weights": list(loaded.new_weights)}
            self._plan |= {"base": {**self._plan["base"], **new_weights}}
            held_out = self._rows_of(corpus.held_out, "held-out documents", tokenizer)
            source = self._source(corpus.training, "training documents", tokenizer)
            checkpoint = last_checkpoint(self._out, self._plan, resume=resume)
            before = self._before(loaded.network, held_out, tokenizer, checkpoint)
            clock = PretrainingTime()
            trainer = self._trainer(loaded.network, source, tokenizer, clock)
            outcome = trainer.train(resume_from_checkpoint=checkpoint)
            seconds = clock.seconds
            if not math.isfinite(outcome.training_loss):
                raise TrainingDivergedError(
                    "the pre-training diverged (its loss is NaN); lower the learning rate"
                )
            if trainer.is_world_process_zero():
                # a copy, because the trained network itself computes in the dtype of the training
                trained = _copied(trainer.model, PretrainingBert)
                after = self._measure(trained, held_out, tokenizer)
                results = {"before": before, "after": after, "losses": _losses(trainer)}
                self._write(trained, tokenizer, results, seconds, outcome.global_step)
            wait_for_workers()
        return read_pretraining(self._out)

    def measure(self, corpus: CorpusSplit) -> HeldOutScores:
        """What the base predicts on the held-out documents; nothing is trained or written.

        Raises:
            ModelError: the base cannot be loaded, or predicts NaN.
            InputError: the base takes fewer tokens than the settings ask for.
            DatasetError: the documents have too few sentences or tokens.
        """
        assert self._base.folder is not None
        with seeded(self._config.seed), quiet_transformers():
            network = load_bert(self._base.folder).network
            tokenizer = read_tokenizer(self._base.folder)
            check_tokenizer(network, tokenizer, self._config)
            rows = self._rows_of(corpus.held_out, "held-out documents", tokenizer)
            return self._measure(network, rows, tokenizer)

    def _source(self, documents: tuple[str, ...], what: str, tokenizer: Any) -> RowSource:
        return RowSource(documents, tokenizer, self._config, what)

    def _masker(self, tokenizer: Any) -> TokenMasker | None:
        config = self._config
        if not config.masks_tokens:
            return None
        return TokenMasker.of_tokenizer(
            tokenizer, share=config.mask_share, whole_words=config.masking == "word"
        )

    def _rows_of(self, documents: tuple[str, ...], what: str, tokenizer: Any) -> PretrainingRows:
        """One row of each piece of held-out documents, or of each run of their sentences."""
        source = self._source(documents, what, tokenizer)
        # shuffled, because odd rows are random pairs, and the runs of a document are adjacent
        order = np.random.default_rng(_HELD_OUT_SEED).permutation(len(source.lengths)).tolist()
        return PretrainingRows(source, order, tokenizer, self._masker(tokenizer), _HELD_OUT_SEED)

    def _before(
        self,
        network: PretrainingBert,
        rows: PretrainingRows,
        tokenizer: Any,
        checkpoint: str | None,
    ) -> HeldOutScores:
        """What the base predicts; a resumed training reads what it measured at first."""
        path = self._out / CHECKPOINTS / BEFORE_FILE
        if checkpoint is not None:
            return read_checked(path, HeldOutScores)
        found = self._measure(network, rows, tokenizer)
        write_text(path, found.model_dump_json())
        return found

    def _measure(
        self, network: PretrainingBert, rows: PretrainingRows, tokenizer: Any
    ) -> HeldOutScores:
        collate = _collator(tokenizer)
        network.to(self._device)
        return measure_held_out(network, rows, collate, 2 * self._config.batch_size)

    def _trainer(
        self, network: PretrainingBert, source: RowSource, tokenizer: Any, clock: PretrainingTime
    ) -> PretrainingTrainer:
        config, arguments = self._config, self._arguments()
        # the number of processes is known only now
        batch_size = arguments.train_batch_size * arguments.world_size
        order = training_order(source.lengths, batch_size, config.seed, config.steps * batch_size)
        trainer = PretrainingTrainer(
            model=network,
            args=arguments,
            train_dataset=PretrainingRows(
                source, order, tokenizer, self._masker(tokenizer), config.seed
            ),
            data_collator=_collator(tokenizer),
            callbacks=[ShowLosses(f"pre-training {self._base.name}"), clock],
        )
        trainer.remove_callback(transformers.PrinterCallback)
        return trainer

    def _arguments(self) -> transformers.TrainingArguments:
        config = self._config
        every = math.ceil(config.steps / _LOG_ENTRIES)
        return trainer_arguments(
            config.dtype,
            self._device,
            output_dir=str(self._out / CHECKPOINTS),
            max_steps=config.steps,
            per_device_train_batch_size=config.batch_size,
            learning_rate=config.learning_rate,
            weight_decay=config.weight_decay,
            warmup_ratio=config.warmup_ratio,
            remove_unused_columns=False,
            save_strategy="steps",
            save_steps=2 * every,
            save_total_limit=2,
            seed=config.seed,
            logging_strategy="steps",
            logging_steps=every,
            logging_nan_inf_filter=False,  # run() must see a NaN
            report_to=[],
            disable_tqdm=True,
        )

    def _write(
        self,
        network: PretrainingBert,
        tokenizer: Any,
        results: dict[str, Any],
        seconds: float,
        steps: int,
    ) -> None:
        plain = _copied(network, transformers.BertForPreTraining)  # the class that others load
        plain.config._name_or_path = self._base.name
        with atomic_folder(self._out, disposable=(CHECKPOINTS,)) as folder:
            plain.save_pretrained(folder, safe_serialization=True)
            tokenizer.save_pretrained(folder)
            write_pretraining(folder, self._plan, seconds=seconds, steps=steps, **results)


def _copied(network: Any, kind: Any) -> Any:
    """A network of another class with the same weights, in float32 and on the CPU."""
    copied = kind(network.config)
    copied.load_state_dict(network.state_dict())
    copied.tie_weights()
    return copied


def _collator(tokenizer: Any) -> transformers.DataCollatorForTokenClassification:
    """Pads the rows of a batch to the longest, and their labels with `NOT_PREDICTED`."""
    return transformers.DataCollatorForTokenClassification(
        tokenizer, pad_to_multiple_of=LENGTH_STEP, label_pad_token_id=NOT_PREDICTED
    )


def _losses(trainer: PretrainingTrainer) -> list[LoggedLosses]:
    """The training losses of the log, also those before an interruption."""
    return [
        LoggedLosses.model_validate(entry) for entry in trainer.state.log_history if "loss" in entry
    ]
