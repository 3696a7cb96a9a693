"""Measure how much faster two workers are than one process.

    python benchmarks/speed/scale.py [--recipes pwws,textfooler] [-n 200] [--repeats 3]

Four ways attack the same examples of rotten_tomatoes with MiniLM (which is trained first if it is
not cached), in turn and in rotated order: one process with one thread, one process with two
threads, ``--executor ray --workers 2`` with one thread each, and two separate processes with one
thread each, of which both attack all examples. Each way first attacks with a2t, so the start of
workers and the loading of models are not in the times of the other recipes, but in the time of the
whole command.

The efficiency of two workers is the time of one thread divided by twice theirs: 1 is ideal. Two
separate processes show what the machine allows: if the second core slows the first one down, they
take longer than one alone. Exits with 1 if the outcomes are not the same. Writes ``scale.json`` in
``results/scale/PROCESSOR``, for the tables of ``docs/scale.md``. Run it while nothing else runs; it
takes an estimated 35 minutes on an AMD EPYC.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from scale_results import write_measurement

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.commands.arguments import names
from robustbert.records import read_run

#: Attacks first, so that models are loaded and workers have started.
FIRST = "a2t"


@dataclass(frozen=True)
class Way:
    """A way to attack.

    Args:
        threads: the threads of a process.
        options: further options of the command.
        copies: how often the command runs at the same time.
    """

    threads: int
    options: Sequence[str] = ()
    copies: int = 1


WAYS: Mapping[str, Way] = {
    "one thread": Way(1),
    "two threads": Way(2),
    "two workers": Way(1, ("--executor", "ray", "--workers", "2")),
    "two separate processes": Way(1, copies=2),
}


@dataclass(frozen=True)
class WayRun:
    """One run of one way, or the means of several at the same time.

    Args:
        command_seconds: the time of the whole command.
        attack_seconds: the time of each recipe's attacks, keyed by recipe.
        outcomes: status, text and queries of each example, keyed by recipe and id.
    """

    command_seconds: float
    attack_seconds: Mapping[str, float]
    outcomes: Mapping[tuple[str, str], tuple[object, ...]]


def run_way(way: Way, recipes: Sequence[str], num_examples: int) -> WayRun:
    """Attack in one of the ways; the outcomes are those of the first copy."""
    with ThreadPoolExecutor(way.copies) as pool:
        copies = [pool.submit(run_command, way, recipes, num_examples) for _ in range(way.copies)]
        runs = [copy.result() for copy in copies]
    return WayRun(
        fmean(run.command_seconds for run in runs),
        {recipe: fmean(run.attack_seconds[recipe] for run in runs) for recipe in recipes},
        runs[0].outcomes,
    )


def run_command(way: Way, recipes: Sequence[str], num_examples: int) -> WayRun:
    """Attack in a process of its own."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "robustbert", "bench", "--models", "minilm"]
        command += ["--datasets", "rotten_tomatoes", "--recipes", ",".join([FIRST, *recipes])]
        command += ["-n", str(num_examples), "--out", folder, *way.options]
        began = time.perf_counter()
        subprocess.run(
            command,
            check=True,
            stdout=subprocess.DEVNULL,
            env=os.environ | {"OMP_NUM_THREADS": str(way.threads)},
        )
        seconds = time.perf_counter() - began
        run = read_run(Path(folder))
    found = {one.threads for record in run.records for one in record.engine.workers or ()}
    if found - {1}:
        raise SystemExit(f"workers have {max(found)} threads instead of 1; run this on 2 CPUs")
    times = {record.recipe.name: record.timing.attack_seconds for record in run.records}
    return WayRun(
        seconds,
        {recipe: times[recipe] for recipe in recipes},
        {
            (cell, one.example_id): (one.status, one.adversarial_text, one.queries)
            for cell, outcomes in run.outcomes.items()
            for one in outcomes
        },
    )


def main() -> int:
    """Measure; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipes", type=names, default=list(CORE_RECIPES))
    parser.add_argument("-n", "--num-examples", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    runs: dict[str, list[WayRun]] = {name: [] for name in WAYS}
    for repeat in range(options.repeats):
        for place in range(len(WAYS)):
            name = [*WAYS][(repeat + place) % len(WAYS)]
            run = run_way(WAYS[name], options.recipes, options.num_examples)
            runs[name].append(run)
            print(f"{name}: {sum(run.attack_seconds.values()):.1f} s of attacks", flush=True)
    first = runs["one thread"][0].outcomes
    differing = sum(
        run.outcomes.get(key) != outcome
        for found in runs.values()
        for run in found
        for key, outcome in first.items()
    )
    ways = {
        name: {
            "command_seconds": [run.command_seconds for run in found],
            "attack_seconds": {
                recipe: [run.attack_seconds[recipe] for run in found] for recipe in options.recipes
            },
        }
        for name, found in runs.items()
    }
    measured = {
        "dataset": "rotten_tomatoes",
        "examples": options.num_examples,
        "outcomes": len(first),
        "differing": differing,
        "ways": ways,
    }
    print(f"wrote {write_measurement('scale', measured)}")
    if differing:
        print(f"{differing} outcomes differ between the ways", file=sys.stderr)
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main())
