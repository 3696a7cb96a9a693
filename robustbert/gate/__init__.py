"""The gate: decide whether a model may be released, given how robust its predecessor was.

:func:`robustbert.compare` compares two results on the same examples: those of the model that is in
use, the base, and those of its successor, the candidate. For each recipe, for the worst case over
the core recipes and for clean accuracy, it tests whether the candidate is worse by more than is
allowed::

    comparison = rb.compare("runs/in-use", "runs/new", max_drop=0.03)
    comparison           # tables, in a notebook as HTML
    comparison.passed    # False if an accuracy dropped significantly and by more than 3 points

:func:`update_baseline` keeps the results of a base in one small file, :func:`check_thresholds`
needs no base, and :func:`replay_texts` is a first check that takes seconds. The page on comparing
two runs explains the method and the command line.
"""

from robustbert.gate.baseline_update import BaselineUpdate, update_baseline
from robustbert.gate.comparison.compare_results import compare
from robustbert.gate.comparison.compared import ComparedMeasure, Confirmation, Power
from robustbert.gate.comparison.matching import NotCompared, RowPair
from robustbert.gate.comparison.verdicts import Comparison, compare_runs
from robustbert.gate.confirmation import ConfirmedSide, confirm
from robustbert.gate.gate_run import GateCell, GateRun, gate_run, read_gate_run
from robustbert.gate.history.history_data import Change, History, Point, Series, Snapshot
from robustbert.gate.history.history_files import read_history
from robustbert.gate.policy import GatePolicy, Rule
from robustbert.gate.quick import quick_compare
from robustbert.gate.repeated_cells import RepeatedCells
from robustbert.gate.replay import (
    Replay,
    ReplayedCell,
    ReplayedGroup,
    Transfer,
    load_replayed,
    replay_texts,
)
from robustbert.gate.robustness import RobustnessResult, check_robustness
from robustbert.gate.threshold_checks import ThresholdCheck, ThresholdReport, check_thresholds
from robustbert.gate.threshold_text import thresholds_text
from robustbert.gate.thresholds import Thresholds, check_measurable, parse_thresholds

__all__ = [
    "BaselineUpdate",
    "Change",
    "ComparedMeasure",
    "Comparison",
    "Confirmation",
    "ConfirmedSide",
    "GateCell",
    "GatePolicy",
    "GateRun",
    "History",
    "NotCompared",
    "Point",
    "Power",
    "RepeatedCells",
    "Replay",
    "ReplayedCell",
    "ReplayedGroup",
    "RobustnessResult",
    "RowPair",
    "Rule",
    "Series",
    "Snapshot",
    "ThresholdCheck",
    "ThresholdReport",
    "Thresholds",
    "Transfer",
    "check_measurable",
    "check_robustness",
    "check_thresholds",
    "compare",
    "compare_runs",
    "confirm",
    "gate_run",
    "load_replayed",
    "parse_thresholds",
    "quick_compare",
    "read_gate_run",
    "read_history",
    "replay_texts",
    "thresholds_text",
    "update_baseline",
]
