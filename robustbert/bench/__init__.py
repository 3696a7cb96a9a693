"""The benchmark: suite, plan, jobs, records."""

from robustbert.bench.estimate import Estimate, estimate_plan
from robustbert.bench.estimate_text import estimate_text
from robustbert.bench.plan import Cell, Overrides, Plan, make_plan
from robustbert.bench.run import BenchResult, default_out, run_plan
from robustbert.bench.run_options import RunOptions, check_dtype_and_device
from robustbert.bench.suite import Suite, load_suite
from robustbert.bench.victim_spec import VictimSpec
from robustbert.paths import suite_names

__all__ = [
    "BenchResult",
    "Cell",
    "Estimate",
    "Overrides",
    "Plan",
    "RunOptions",
    "Suite",
    "VictimSpec",
    "check_dtype_and_device",
    "default_out",
    "estimate_plan",
    "estimate_text",
    "load_suite",
    "make_plan",
    "run_plan",
    "suite_names",
]
