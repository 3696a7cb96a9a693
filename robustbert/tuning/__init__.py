"""The search for training settings: a study of many trainings, judged on the validation split."""

from robustbert.tuning.search_space import SearchSpace
from robustbert.tuning.trial_result import TrialResult, TuneResult
from robustbert.tuning.tune_models import tune
from robustbert.tuning.tune_options import OBJECTIVES, TuneAttack, TuneOptions

__all__ = [
    "OBJECTIVES",
    "SearchSpace",
    "TrialResult",
    "TuneAttack",
    "TuneOptions",
    "TuneResult",
    "tune",
]
