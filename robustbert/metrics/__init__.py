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
from robustbert.metrics.certificates import (
    clopper_pearson_low,
    is_certified_for_masks,
    is_certified_for_substitutions,
    mask_radius,
    set_overlap,
    smallest_overlap,
    substitution_radius,
)
from robustbert.metrics.clusters import clustered_proportion, ratio_standard_error
from robustbert.metrics.curves import Curve, accuracy_by_queries, accuracy_by_words_changed
from robustbert.metrics.holm import holm
from robustbert.metrics.intervals import Interval, examples_to_reach, proportion, wilson_interval
from robustbert.metrics.means import MeanInterval, bootstrap_mean
from robustbert.metrics.paired import (
    Difference,
    McNemar,
    bootstrap_of_counts,
    mcnemar_exact,
    mcnemar_of_counts,
    paired_bootstrap,
    worst_case,
)
from robustbert.metrics.power import examples_needed, mcnemar_power, smallest_drop
from robustbert.metrics.ranks import Rank, bootstrap_ranks
from robustbert.metrics.reliability import reliability
from robustbert.metrics.replicates import MeanStd, mean_std
from robustbert.metrics.seed_differences import SeedDifference, difference_over_seeds

__all__ = [
    "Curve",
    "Difference",
    "Interval",
    "McNemar",
    "MeanInterval",
    "MeanStd",
    "Rank",
    "SeedDifference",
    "accuracy_by_queries",
    "accuracy_by_words_changed",
    "accuracy_under_attack",
    "attack_success_rate",
    "bootstrap_mean",
    "bootstrap_of_counts",
    "bootstrap_ranks",
    "clean_accuracy",
    "clopper_pearson_low",
    "clustered_proportion",
    "counts",
    "difference_over_seeds",
    "examples_needed",
    "examples_to_reach",
    "holm",
    "is_certified_for_masks",
    "is_certified_for_substitutions",
    "mask_radius",
    "mcnemar_exact",
    "mcnemar_of_counts",
    "mcnemar_power",
    "mean_std",
    "paired_bootstrap",
    "proportion",
    "queries_mean",
    "queries_mean_broken",
    "ratio_standard_error",
    "reliability",
    "set_overlap",
    "similarity_mean",
    "smallest_drop",
    "smallest_overlap",
    "substitution_radius",
    "summarize",
    "survived",
    "textattack_queries_mean",
    "wilson_interval",
    "words_changed_mean",
    "words_changed_share",
    "worst_case",
]
