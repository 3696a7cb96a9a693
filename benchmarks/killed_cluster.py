"""Run a suite on a Ray cluster of two nodes, kill it twice, and compare it with a local run.

    python benchmarks/killed_cluster.py [--suite quick] [--kills 2] [--runs runs/killed-cluster]

Both nodes are on this machine. The command on the cluster gets SIGKILL twice, each time after a
third of the suite's outcomes, and is started again. Then its records, outcomes and tables must be
those of the same command without a cluster, but for times and for where the attacks ran. Exits
with 1 if they are not, or if an outcome was lost or stored twice.

Expected for the suite "quick" on two cores: 18 minutes on an AMD EPYC. Models are trained in the
first run, and then taken from the cache.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from robustbert.records import read_run

#: Seconds between two looks at the journal.
PAUSE = 0.2
#: Fields of records that say when and where a cell ran, and what its last process rechecked.
ELSEWHERE = {
    "created_at": True,
    "command": True,
    "timing": True,
    "engine": {"executor", "workers"},
    "environment": {
        "threads": True,
        "batch_invariance": {"answers_checked", "encodings_checked"},
    },
}
TIME = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?")


def command(suite: str, out: Path, *more: str) -> list[str]:
    """The command that runs the suite."""
    return [sys.executable, "-m", "robustbert", "bench", "--suite", suite, "--out", str(out), *more]


def stored_outcomes(out: Path) -> int:
    """The number of outcomes in the files of a run, finished or not."""
    files = [*out.glob("outcomes/*.jsonl"), *out.glob("outcomes/*.partial")]
    return sum(path.read_bytes().count(b"\n") for path in files)


def run_and_kill(arguments: list[str], out: Path, outcomes: int) -> int:
    """Start a command, kill it when so many outcomes are stored; the number that then are."""
    process = subprocess.Popen(arguments)
    while process.poll() is None:
        if stored_outcomes(out) >= outcomes:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            break
        time.sleep(PAUSE)
    else:
        raise SystemExit(f"the run ended with {process.returncode} before it could be killed")
    return stored_outcomes(out)


def compared(out: Path) -> dict[str, Any]:
    """What must be the same in both runs: records, outcomes and the table."""
    run = read_run(out)
    records = [record.model_dump(mode="json", exclude=ELSEWHERE) for record in run.records]
    outcomes = {
        name: [one.model_dump(mode="json", exclude={"seconds"}) for one in stored]
        for name, stored in run.outcomes.items()
    }
    table = TIME.sub("TIME", (out / "table.csv").read_text(encoding="utf-8"))
    return {"records": records, "outcomes": outcomes, "table": table}


def main() -> int:
    """Run the suite both ways; the exit code."""
    from ray.cluster_utils import Cluster

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", default="quick")
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--runs", type=Path, default=Path("runs/killed-cluster"))
    options = parser.parse_args()
    if options.runs.exists():
        parser.error(f"{options.runs} exists; remove it, or give another folder with --runs")
    local, out = options.runs / "local", options.runs / "cluster"
    subprocess.run(command(options.suite, local), check=True)
    total = stored_outcomes(local)
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    cluster.add_node(num_cpus=1)
    arguments = command(options.suite, out, "--executor", "ray", "--address", cluster.address)
    for kill in range(1, options.kills + 1):
        left = run_and_kill(arguments, out, total * kill // (options.kills + 1))
        print(f"killed the run: {left} of {total} outcomes are stored", flush=True)
    subprocess.run(arguments, check=True)
    cluster.shutdown()
    workers = sum(
        worker.examples for record in read_run(out).records for worker in record.engine.workers
    )
    print(f"{stored_outcomes(out)} of {total} outcomes; the records name the workers of {workers}")
    first, second = compared(local), compared(out)
    differing = [part for part in first if first[part] != second[part]]
    print(f"the runs differ in {', '.join(differing)}" if differing else "the runs are the same")
    return int(bool(differing) or stored_outcomes(out) != total)


if __name__ == "__main__":
    sys.exit(main())
