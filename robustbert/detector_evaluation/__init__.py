"""Detectors on the attacks of a run: fitted on the validation split, judged on the test split."""

from robustbert.detector_evaluation.detect_options import DetectOptions
from robustbert.detector_evaluation.detect_run import detect, detect_run
from robustbert.detector_evaluation.detection_record import DetectionRecord
from robustbert.detector_evaluation.detection_result import DetectionResult

__all__ = ["DetectOptions", "DetectionRecord", "DetectionResult", "detect", "detect_run"]
