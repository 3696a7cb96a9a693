"""The gate: compare runs by a test, and decide whether a release may go out."""

from robustbert.gate.comparison import (
    ComparedMeasure,
    Comparison,
    Power,
    compare_runs,
)
from robustbert.gate.gate_run import GateCell, GateRun, gate_run, read_gate_run
from robustbert.gate.matching import NotCompared, RowPair
from robustbert.gate.policy import GatePolicy, Rule
from robustbert.gate.replay import (
    Replay,
    ReplayedCell,
    ReplayedGroup,
    Transfer,
    load_replayed,
    replay_texts,
)

__all__ = [
    "ComparedMeasure",
    "Comparison",
    "GateCell",
    "GatePolicy",
    "GateRun",
    "NotCompared",
    "Power",
    "Replay",
    "ReplayedCell",
    "ReplayedGroup",
    "RowPair",
    "Rule",
    "Transfer",
    "compare_runs",
    "gate_run",
    "load_replayed",
    "read_gate_run",
    "replay_texts",
]
