"""The harness: suite file, plan, run, records."""

from robustbert.bench.estimate import Estimate, estimate_plan
from robustbert.bench.estimate_text import estimate_text
from robustbert.bench.plan import Cell, Choices, Plan, VictimSpec, make_plan
from robustbert.bench.run import BenchResult, Settings, check_numbers, default_out, run_plan
from robustbert.bench.suite import Suite, load_suite, suite_names

__all__ = [
    "BenchResult",
    "Cell",
    "Choices",
    "Estimate",
    "Plan",
    "Settings",
    "Suite",
    "VictimSpec",
    "check_numbers",
    "default_out",
    "estimate_plan",
    "estimate_text",
    "load_suite",
    "make_plan",
    "run_plan",
    "suite_names",
]
