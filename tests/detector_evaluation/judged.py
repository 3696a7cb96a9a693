"""A record of a detector, for tests of tables."""

from __future__ import annotations

from robustbert.detection import FittedDetector, TextPair
from robustbert.detection.wdr import Wdr
from robustbert.detector_evaluation.detection_record import DetectionCell, DetectionRecord
from robustbert.detector_evaluation.judge_detector import FittedOn, JudgedCell, judge
from robustbert.records import Record


def scores_of_numbers(texts) -> list[float]:
    """The last word of each text, which is its score."""
    return [float(text.split()[-1]) for text in texts]


def fitted_on(recipe: str, threshold: float = 0.5) -> FittedOn:
    detector = FittedDetector(Wdr(), scores_of_numbers, {"delta": 0.5})
    return FittedOn(recipe, detector, 20, 10, threshold, threshold)


def judged_cell(fitted: str, tested: str) -> DetectionCell:
    pairs = [TextPair(str(i), f"a {i / 20}", f"b {0.2 + i / 10}") for i in range(10)]
    return judge(fitted_on(fitted), JudgedCell(tested, (), tuple(pairs)), seed=0)


def detection_record(record: Record, detector: str = "wdr") -> DetectionRecord:
    recipes = ("pwws", "textfooler")
    return DetectionRecord(
        robustbert_version="0.1.0",
        created_at="2026-11-26T12:00:00Z",
        command=None,
        detector=detector,
        params=Wdr().params(),
        dataset=record.dataset,
        model=record.model,
        defenses=[],
        training_seed=0,
        track=record.track,
        protocol=record.protocol,
        training_texts=100,
        validation_examples=50,
        seconds=1.5,
        environment=record.environment,
        cells=[judged_cell(fitted, tested) for fitted in recipes for tested in recipes],
    )
