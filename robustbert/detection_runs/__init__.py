"""Detectors on the attacks of a run: fitted on the validation split, judged on the test split."""

from robustbert.detection_runs.detect_options import DetectOptions
from robustbert.detection_runs.detect_run import detect, detect_run
from robustbert.detection_runs.detection_record import DetectionRecord
from robustbert.detection_runs.detection_result import DetectionResult

__all__ = ["DetectOptions", "DetectionRecord", "DetectionResult", "detect", "detect_run"]
