"""Learning curves: accuracy, clean and under attack, by training size and label noise."""

from robustbert.learning_curves.curve_options import CurveOptions
from robustbert.learning_curves.curve_record import CurvePoint, LearningCurve, read_curve
from robustbert.learning_curves.curve_run import learning_curve

__all__ = ["CurveOptions", "CurvePoint", "LearningCurve", "learning_curve", "read_curve"]
