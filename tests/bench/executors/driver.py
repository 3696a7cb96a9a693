"""Run a benchmark on a Ray cluster, and get killed after some outcomes.

python driver.py OUT MODEL DATASET ADDRESS OUTCOMES
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from robustbert.bench import RayCluster, RunOptions, run_plan
from robustbert.bench.store import RunStore
from tests.bench.toy_runs import plan


def main() -> None:
    out, model, dataset, address, outcomes = sys.argv[1:]
    append, left = RunStore.append, int(outcomes)

    def append_and_die(store, cell, outcome):
        nonlocal left
        append(store, cell, outcome)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    RunStore.append = append_and_die
    options = RunOptions(Path(out), dtype="float32", device="cpu", cluster=RayCluster(1, address))
    run_plan(plan(Path(dataset), model, n=8), options)


if __name__ == "__main__":
    main()
