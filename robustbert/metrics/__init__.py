"""Accuracies, intervals and paired tests: pure functions on outcomes."""

from robustbert.metrics.accuracies import (
    accuracy_under_attack,
    attack_success_rate,
    clean_accuracy,
    counts,
    queries_mean,
    queries_mean_broken,
    similarity_mean,
    summarize,
    survived,
    textattack_queries_mean,
    words_changed_mean,
    words_changed_share,
)
from robustbert.metrics.intervals import Interval, proportion, wilson_interval
from robustbert.metrics.means import MeanInterval, bootstrap_mean
from robustbert.metrics.paired import (
    Difference,
    McNemar,
    mcnemar_exact,
    paired_bootstrap,
    worst_case,
)
from robustbert.metrics.reliability import reliability
from robustbert.metrics.replicates import MeanStd, mean_std

__all__ = [
    "Difference",
    "Interval",
    "McNemar",
    "MeanInterval",
    "MeanStd",
    "accuracy_under_attack",
    "attack_success_rate",
    "bootstrap_mean",
    "clean_accuracy",
    "counts",
    "mcnemar_exact",
    "mean_std",
    "paired_bootstrap",
    "proportion",
    "queries_mean",
    "queries_mean_broken",
    "reliability",
    "similarity_mean",
    "summarize",
    "survived",
    "textattack_queries_mean",
    "wilson_interval",
    "words_changed_mean",
    "words_changed_share",
    "worst_case",
]
