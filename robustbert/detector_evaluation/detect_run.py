"""Fit a detector to the attacks of a run, and judge it: ``robustbert detect``, ``rb.detect``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from robustbert.bench.environment import capture_environment
from robustbert.bench.run_options import check_dtype_and_device
from robustbert.bench.victims import Victim
from robustbert.data import DatasetSource, TextDataset, select_examples
from robustbert.detection import (
    Detector,
    FittedDetector,
    FittingData,
    TextMeasure,
    TextPair,
    make_detector,
)
from robustbert.detector_evaluation.detect_options import DetectOptions
from robustbert.detector_evaluation.detection_pairs import (
    MIN_VALIDATION,
    ValidationPairs,
    check_apart,
    judged_pairs,
)
from robustbert.detector_evaluation.detection_record import DetectionCell, DetectionRecord
from robustbert.detector_evaluation.detection_result import DetectionResult
from robustbert.detector_evaluation.judge_detector import FittedOn, JudgedCell, judge
from robustbert.detector_evaluation.split_attacks import VALIDATION, SplitAttacks
from robustbert.errors import InputError
from robustbert.gate.repeated_cells import LoadedVictim, RepeatedCells, loaded_victim
from robustbert.leaderboard.rebuilt_victims import rebuild_victim
from robustbert.models import Classifier, relabel
from robustbert.progress import report_step
from robustbert.rechecks.row_attacker import check_repeatable
from robustbert.records import Outcome, Record, row_sha256
from robustbert.reports.row_labels import cell_label, record_label
from robustbert.reports.run_view import ALL, Selection, ShownCell, select_cells
from robustbert.reports.wording import counted
from robustbert.version import __version__

TEST = "test"


def detect(
    run: str | PathLike[str],
    detector: str,
    model: Classifier | str | PathLike[str] | None = None,
    *,
    data: Any = None,
    row: str | None = None,
    recipe: str | None = None,
    validation: int | None = None,
    failed: bool = False,
    device: str = "auto",
    **parameters: Any,
) -> DetectionResult:
    """Fit a detector to attacks of a run on the validation split, and judge it on the test split.

    The validation split is attacked as the test split was, which takes about as long. The run
    folder keeps the attacks for other detectors.

    Args:
        run: the output folder of an attack on a test split.
        detector: a name, as listed by ``robustbert list detectors``, or an import path.
        model: the attacked model: a classifier, a folder or ``hub:NAME``; None to train it again,
            or to take it from the cache.
        data: the dataset of the run if it is not built in, as for :func:`robustbert.load_dataset`.
        row: use only this row of the table, or this model.
        recipe: fit and judge on this recipe alone; None for every pair of recipes.
        validation: the number of validation examples to attack per recipe; None for as many as
            test examples.
        failed: whether to judge the texts with which failed attacks ended too; these examples are
            attacked again.
        device: auto, cpu, cuda, cuda:N or mps.
        parameters: parameters of the detector, such as ``dimensions=50``.

    Raises:
        UnknownNameError: there is no such detector or parameter.
        InputError: the run has no such cell, or too few attacks succeeded.
        ModelError: the model cannot be used, or the detector needs a network.
        RecordError: the run cannot be read, or holds no texts.
    """
    source = None if data is None else DatasetSource(data)
    options = DetectOptions(
        detector=detector,
        params=parameters,
        row=row,
        recipe=recipe,
        validation=validation,
        failed=failed,
        device=device,
    )
    cells = RepeatedCells(source, device=device, advice="give the data of the run (data=...)")
    return DetectionResult(detect_run(Path(run), cells, options, model))


def detect_run(
    run: Path,
    cells: RepeatedCells,
    options: DetectOptions,
    model: Classifier | str | PathLike[str] | None = None,
) -> tuple[DetectionRecord, ...]:
    """Fit and judge a detector on each row of a run.

    Args:
        run: the run folder.
        cells: loads the data and the models.
        options: which detector and rows.
        model: see :func:`detect`.

    Raises:
        RobustbertError: see :func:`detect`.
    """
    check_dtype_and_device("auto", options.device)
    detector = make_detector(options.detector, options.params)
    chosen = Selection(status=ALL, model=options.row, recipe=options.recipe)
    rows = _rows(run, select_cells(run, chosen))
    for row in rows:
        for cell in row:
            check_repeatable(cell.record, options.trusted)
            judged_pairs(cell.outcomes, cell_label(cell.record))  # before attacks that take minutes
    return tuple(_detect_row(run, row, cells, options, detector, model) for row in rows)


def _detect_row(
    run: Path,
    row: Sequence[ShownCell],
    cells: RepeatedCells,
    options: DetectOptions,
    detector: Detector,
    model: Classifier | str | PathLike[str] | None,
) -> DetectionRecord:
    record = row[0].record
    dataset = cells.dataset(record)
    training = _training_texts(dataset, detector)
    number = _num_validation(dataset, row, options.validation)
    loaded = _victim(model, record, cells, dataset, options.device)
    measure = detector.measure(loaded.victim.classifier)
    attacks = SplitAttacks(run, loaded, cells)
    validation = [attacks.validation(cell.record, number) for cell in row]
    tested = [_tested(cell, attacks, failed=options.failed) for cell in row]
    began = time.perf_counter()
    found = _cells(row, validation, tested, detector, measure, training)
    return DetectionRecord(
        robustbert_version=__version__,
        created_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        command=options.command,
        detector=options.detector,
        params=detector.params(),
        dataset=record.dataset,
        model=record.model,
        defenses=record.defenses,
        training_seed=record.training_seed,
        track=record.track,
        protocol=record.protocol,
        training_texts=len(training.texts),
        validation_examples=number,
        seconds=round(time.perf_counter() - began, 3),
        environment=capture_environment(options.device),
        cells=found,
    )


def _cells(
    row: Sequence[ShownCell],
    validation: Sequence[Sequence[Outcome]],
    tested: Sequence[JudgedCell],
    detector: Detector,
    measure: TextMeasure,
    training: FittingData,
) -> list[DetectionCell]:
    """Fit the detector to each recipe, and judge it on each."""
    seed = row[0].record.protocol.seed
    test = [outcome for cell in row for outcome in cell.outcomes]

    # learns from clean texts alone, so it is the same for all pairs
    clean = None if detector.needs_pairs else detector.fit_measured(measure, training, seed)

    def fit(pairs: Sequence[TextPair]) -> FittedDetector:
        return clean or detector.fit_measured(measure, replace(training, pairs=pairs), seed)

    found = []
    for cell, attacked in zip(row, validation, strict=True):
        check_apart(attacked, test)
        pairs = ValidationPairs.of(attacked, cell_label(cell.record))
        recipe = cell.record.recipe.name
        judged = FittedOn.of(recipe, pairs, fit)
        report_step(f"fitted {detector.name} to {counted(judged.num_fit, 'pair')} of {recipe}")
        found += [judge(judged, one, seed) for one in tested]
    return found


def _tested(cell: ShownCell, attacks: SplitAttacks, *, failed: bool) -> JudgedCell:
    texts = attacks.failed(cell.record, cell.outcomes).values() if failed else None
    return JudgedCell(
        recipe=cell.record.recipe.name,
        outcomes=cell.outcomes,
        pairs=tuple(judged_pairs(cell.outcomes, cell_label(cell.record))),
        failed=None if texts is None else tuple(texts),
    )


def _rows(run: Path, cells: Sequence[ShownCell]) -> list[list[ShownCell]]:
    """The cells of each row: one model under its defenses on one dataset and track."""
    by_row: dict[tuple[object, ...], list[ShownCell]] = {}
    for cell in cells:
        record = cell.record
        data = record.dataset
        if data.split != TEST:
            raise InputError(
                f"{run} attacked the split {data.split!r} of {data.name}, but detectors are fitted "
                "to the validation split and judged on the test split; attack the test split of a "
                "dataset that has both"
            )
        key = (data.name, data.sha256, record.track, record.protocol.seed, record.training_seed)
        by_row.setdefault((*key, row_sha256(record)), []).append(cell)
    return list(by_row.values())


def _victim(
    model: Classifier | str | PathLike[str] | None,
    record: Record,
    cells: RepeatedCells,
    dataset: TextDataset,
    device: str,
) -> LoadedVictim:
    if model is None:
        return rebuild_victim(record, dataset, device)
    if not isinstance(model, Classifier):
        return cells.victim(str(model), record, same=True)
    if record.defenses:  # a wrapped classifier has the hash of the one that it wraps
        raise InputError(
            f"{record_label(record)} has defenses, which cannot be checked for a classifier in "
            "memory; give the folder of its model, or leave it out"
        )
    classifier = relabel(model, dataset.label_names)
    if classifier.info.sha256 != record.model.sha256:
        raise InputError(
            f"the given classifier has the hash {classifier.info.sha256}, but the model of "
            f"{record_label(record)} has {record.model.sha256}; give the one that was attacked"
        )
    victim = Victim(
        name=record.model.name,
        variant=record.model.variant,
        classifier=classifier,
        defenses=(),
        asset_hashes={},
        training_seed=None,
        training=None,
        train_seconds=None,
    )
    return loaded_victim(victim)


def _training_texts(dataset: TextDataset, detector: Detector) -> FittingData:
    """The clean training texts, without pairs; none if the detector does not read them."""
    columns: Any = {"text": (), "label": ()}
    if detector.needs_texts:
        columns = dataset.split("train")[:]
    return FittingData(columns["text"], columns["label"], len(dataset.label_names), ())


def _num_validation(dataset: TextDataset, row: Sequence[ShownCell], wanted: int | None) -> int:
    """The number of validation examples to attack."""
    seed = row[0].record.protocol.seed
    number = len(select_examples(dataset, VALIDATION, wanted, seed))  # all if none are wanted
    if wanted is None:
        number = min(number, max(cell.record.protocol.n for cell in row))
    if number < MIN_VALIDATION:
        raise InputError(
            f"{number} validation examples of {dataset.name} are too few: attacks must succeed on "
            f"{MIN_VALIDATION} to fit a detector; attack more (--validation), or give more"
        )
    return number
