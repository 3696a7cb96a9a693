"""The benchmark: suite, plan, jobs, records.

This package can be called like the function :func:`robustbert.bench.compare_models.bench`.
"""

import inspect
import sys
import types

from robustbert.bench.attack_model import attack
from robustbert.bench.attack_result import AttackResult
from robustbert.bench.compare_models import bench
from robustbert.bench.estimate import Estimate, estimate_plan
from robustbert.bench.estimate_text import estimate_text
from robustbert.bench.plan import Cell, Plan
from robustbert.bench.run import BenchResult, default_out, run_plan
from robustbert.bench.run_options import RayCluster, RunOptions, check_dtype_and_device
from robustbert.bench.suite import Suite, load_suite
from robustbert.bench.suite_plan import Overrides, make_plan
from robustbert.bench.victim_spec import VictimSpec
from robustbert.paths import suite_names

__all__ = [
    "AttackResult",
    "BenchResult",
    "Cell",
    "Estimate",
    "Overrides",
    "Plan",
    "RayCluster",
    "RunOptions",
    "Suite",
    "VictimSpec",
    "attack",
    "bench",
    "check_dtype_and_device",
    "default_out",
    "estimate_plan",
    "estimate_text",
    "load_suite",
    "make_plan",
    "run_plan",
    "suite_names",
]


class _CallableModule(types.ModuleType):
    """Lets ``robustbert.bench`` be both this package and the function of the same name."""

    __call__ = staticmethod(bench)
    __signature__ = inspect.signature(bench)


sys.modules[__name__].__class__ = _CallableModule
