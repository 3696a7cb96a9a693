"""Train the model of a trial and measure its accuracies on the validation split."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from robustbert.data import select_examples
from robustbert.defenses import Composition, Defense
from robustbert.errors import RobustbertError
from robustbert.io import output_errors
from robustbert.metrics import accuracy_under_attack, proportion
from robustbert.models import load_model
from robustbert.records import Metric
from robustbert.training import TrainingConfig, train
from robustbert.training.result import measure

if TYPE_CHECKING:
    import transformers

    from robustbert.data import TextDataset
    from robustbert.models import Classifier
    from robustbert.training import TrainedModel
    from robustbert.tuning.tune_options import TuneOptions

#: Called after each evaluation of a training with its number, from 1, the validation accuracy, and
#: whether the training is complete.
OnAccuracy: TypeAlias = Callable[[int, float, bool], None]


@dataclass(frozen=True)
class TrialScore:
    """What a trial measured on the validation split.

    Args:
        clean: the accuracy.
        attacked: the accuracy under attack; None if the model was not attacked.
        seconds: of the training and the attack.
    """

    clean: Metric
    attacked: Metric | None
    seconds: float


#: Trains a base model with some settings and measures it.
Evaluate: TypeAlias = Callable[[str, TrainingConfig, OnAccuracy], TrialScore]


class FailedTrialError(RobustbertError):
    """A trial that has no result: attacks failed with an error, or the memory is too small."""


@dataclass(frozen=True)
class ReportAccuracy(Defense):
    """Report validation accuracies during a training; the model is the same as without it.

    It is no defense, but has the hook by which a defense adds callbacks.

    Args:
        on_accuracy: called after each evaluation; what it raises stops the training.
    """

    on_accuracy: OnAccuracy

    def callbacks(self) -> Sequence[transformers.TrainerCallback]:
        """One callback."""
        import transformers

        on_accuracy = self.on_accuracy

        class Report(transformers.TrainerCallback):  # type: ignore[misc]
            def __init__(self) -> None:
                self._number = 0

            def on_evaluate(
                self, args: Any, state: Any, control: Any, metrics: dict[str, float], **_: Any
            ) -> None:
                self._number += 1
                is_last = state.global_step >= state.max_steps
                on_accuracy(self._number, metrics["eval_accuracy"], is_last)

        return [Report()]


class TrialScorer:
    """Trains models and measures them; only the training and the validation split are read.

    Args:
        dataset: the data.
        options: what is searched for.
        folder: holds the files of a trial while it runs; it is removed then.

    Raises:
        DatasetError: a split is missing.
        InputError: the validation split has too few examples to attack, or a defense cannot train
            on the dataset.
    """

    def __init__(self, dataset: TextDataset, options: TuneOptions, folder: Path) -> None:
        splits = {name: dataset.split(name) for name in ("train", "validation")}
        self._dataset = replace(dataset, splits=splits)
        self._options = options
        self._folder = folder
        self._defenses = options.composition()
        self._defenses.check_dataset(self._dataset)
        self._examples = (
            select_examples(self._dataset, "validation", options.attack.num_examples, options.seed)
            if options.attacks
            else None
        )

    def __call__(self, model: str, config: TrainingConfig, on_accuracy: OnAccuracy) -> TrialScore:
        """Train a base model and measure it.

        Raises:
            TrainingDivergedError: the training diverged.
            FailedTrialError: attacks failed, or the GPU has too little memory for these settings.
        """
        import torch

        try:
            return self._score(model, config, on_accuracy)
        except torch.OutOfMemoryError:
            raise FailedTrialError(
                f"the GPU has too little memory for a batch size of {config.batch_size}"
            ) from None

    def _score(self, model: str, config: TrainingConfig, on_accuracy: OnAccuracy) -> TrialScore:
        began = time.perf_counter()
        with _temporary(self._folder) as folder:
            trained = self._train(model, config, folder, on_accuracy)
            metrics, attacked = trained.metrics, None
            if self._defenses.wrappers or self._examples:
                names = self._dataset.label_names
                loaded = load_model(str(trained.folder), device=config.device, label_names=names)
                classifier = self._defenses.wrap(loaded)
                if self._defenses.wrappers:
                    metrics = measure(classifier, self._dataset)
                attacked = self._attack(classifier) if self._examples else None
        number = len(self._dataset.split("validation"))
        clean = proportion(round(metrics["validation_accuracy"] * number), number)
        return TrialScore(clean, attacked, round(time.perf_counter() - began, 1))

    def _train(
        self, model: str, config: TrainingConfig, folder: Path, on_accuracy: OnAccuracy
    ) -> TrainedModel:
        plain = None
        if self._defenses.names and self._defenses.needs_plain_model:
            plain = train(self._dataset, model, config, folder / "plain").folder
        reporting = Composition(
            (*self._defenses.names, "report-accuracy"),
            (*self._defenses.defenses, ReportAccuracy(on_accuracy)),
        )
        return reporting.train(self._dataset, model, config, folder / "model", plain=plain)

    def _attack(self, classifier: Classifier) -> Metric:
        from robustbert.attacks import AttackRunner
        from robustbert.progress import progress_bar

        assert self._examples is not None
        options = self._options
        runner = AttackRunner(
            classifier,
            options.attack.recipe,
            track=options.attack.track,
            length=self._dataset.length,
            seed=options.seed,
            device=options.device,
        )
        with progress_bar(len(self._examples), "attacking validation examples", "text") as bar:
            outcomes = runner.run(self._examples, on_outcome=lambda _: bar.update()).outcomes
        failed = [outcome for outcome in outcomes if outcome.status == "error"]
        if failed:
            raise FailedTrialError(
                f"{len(failed)} of {len(outcomes)} attacks failed: {failed[0].error}"
            )
        return accuracy_under_attack(outcomes)


@contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    """A folder that is empty at first and removed at the end; a killed process may have left it."""
    shutil.rmtree(folder, ignore_errors=True)
    with output_errors(f"to {folder.parent}", "choose another output folder"):
        folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
