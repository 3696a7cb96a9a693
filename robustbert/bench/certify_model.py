"""Certify a model on the examples of a dataset."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from robustbert.attacks.tracks import UnifiedLimits
from robustbert.bench.certification_record import CertificationRecord
from robustbert.bench.environment import capture_environment
from robustbert.bench.record import assets_ref, dataset_ref, model_ref
from robustbert.bench.run_options import check_dtype_and_device
from robustbert.bench.victim_spec import model_spec, replicates
from robustbert.bench.victims import Victim, check_trainable, prepare_victim
from robustbert.data import DatasetSource, Examples, TextDataset, select_examples
from robustbert.data.dataset import ALL
from robustbert.defenses import DefenseSpec, compose
from robustbert.defenses.certification import CertifiedAccuracies, certify_examples
from robustbert.defenses.voting_defense import VotingDefense
from robustbert.errors import InputError, ModelError
from robustbert.metrics.intervals import check_confidence
from robustbert.progress import progress_bar
from robustbert.validation import check_at_least
from robustbert.version import __version__

#: The largest number of examples, unless another one is given.
EXAMPLES = 100


@dataclass(frozen=True)
class CertifyOptions:
    """How to certify a model.

    Args:
        split: the split of the examples, or ``all``.
        num_examples: the number of examples, at least 1; None for 100, or all if there are fewer.
        samples: the number of changed texts per example, at least 1.
        confidence: the confidence level of each certificate, in (0, 1).
        seed: at least 0; for training, the examples and the changed texts.
        dtype: the inference dtype: auto, float32 or bfloat16.
        device: auto, cpu, cuda, cuda:N or mps.
        token_budget: the maximum number of tokens per batch; None for a default.
        command: the command line without absolute paths; None if there is none.

    Raises:
        InputError: a number is out of range, or there is no such device.
        UnknownNameError: there is no such dtype.
    """

    split: str = "test"
    num_examples: int | None = None
    samples: int = 1000
    confidence: float = 0.99
    seed: int = 0
    dtype: str = "auto"
    device: str = "auto"
    token_budget: int | None = None
    command: str | None = None

    def __post_init__(self) -> None:
        check_at_least(1, samples=self.samples)
        check_at_least(
            1, optional=True, num_examples=self.num_examples, token_budget=self.token_budget
        )
        check_at_least(0, seed=self.seed)
        check_confidence(self.confidence)
        check_dtype_and_device(self.dtype, self.device)


def certify_model(
    model: str,
    source: DatasetSource,
    defenses: Sequence[DefenseSpec],
    options: CertifyOptions,
    labels: Sequence[str] | None = None,
) -> CertificationRecord:
    """Certify a model, which is trained first if it is not.

    Args:
        model: a name, a folder or ``hub:NAME``, optionally preceded by ``NAME=``.
        source: the dataset.
        defenses: its defenses; the first that changes predictions must vote over random changes.
        options: how to certify it.
        labels: the names of the outputs of a trained model, in order; None for those that it has.

    Raises:
        InputError: no defense can be certified, or the dataset has too few examples.
        RobustbertError: the dataset or the model cannot be used.
    """
    check_votes(defenses)
    spec = replace(model_spec(model, labels), defenses=tuple(defenses))
    (spec,) = replicates([spec], [options.seed])
    dataset = replace(source, whole=options.split == ALL).load()
    examples = _select(dataset, options)
    if spec.needs_training:
        check_trainable(spec, dataset)
    victim = prepare_victim(
        spec,
        dataset,
        seed=options.seed,
        dtype=options.dtype,
        device=options.device,
        token_budget=options.token_budget,
    )
    return _certify(victim, dataset, examples, options)


def check_votes(defenses: Sequence[DefenseSpec]) -> None:
    """Check that the outermost of the defenses that change predictions can be certified.

    Raises:
        InputError: it cannot, or there is none.
    """
    composition = compose(defenses)
    wrapping = [defense for defense in composition.defenses if defense.overrides("wrap")]
    if wrapping and isinstance(wrapping[0], VotingDefense):
        return
    found = (
        f"{composition.wrappers[0]} changes predictions before others do"
        if wrapping
        else "no defense votes over random changes"
    )
    raise InputError(f"{found}, so nothing can be certified; give --defense safer or ranmask first")


def _select(dataset: TextDataset, options: CertifyOptions) -> Examples:
    every = select_examples(dataset, options.split, options.num_examples, options.seed)
    most = EXAMPLES if options.num_examples is None else options.num_examples
    return replace(every, items=every.items[:most])


def _certify(
    victim: Victim, dataset: TextDataset, examples: Examples, options: CertifyOptions
) -> CertificationRecord:
    from robustbert.defenses.voting_classifier import VotingClassifier

    classifier = victim.classifier
    if not isinstance(classifier, VotingClassifier):
        raise ModelError(
            f"model {victim.name!r} does not vote over random changes, so it cannot be certified"
        )
    began = time.perf_counter()
    with progress_bar(len(examples), "certifying", "text") as bar:
        certified = certify_examples(
            classifier,
            examples.items,
            length=dataset.length,
            samples=options.samples,
            confidence=options.confidence,
            seed=options.seed,
            on_example=bar.update,
        )
    return CertificationRecord(
        kind="certification",
        format_version=1,
        robustbert_version=__version__,
        created_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        command=options.command,
        dataset=dataset_ref(dataset, examples),
        model=model_ref(victim),
        defenses=list(victim.defenses),
        training_seed=victim.training_seed,
        assets=assets_ref(victim.asset_hashes),
        seed=options.seed,
        samples=options.samples,
        confidence=options.confidence,
        attacks=classifier.noise.certified_attacks,
        unified_share=UnifiedLimits().max_fraction_changed(dataset.length),
        accuracies=CertifiedAccuracies.of(certified),
        seconds=time.perf_counter() - began,
        environment=capture_environment(options.device),
        examples=certified,
    )
