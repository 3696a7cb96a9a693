"""Run a benchmark once uninterrupted, then repeatedly with SIGKILL at random moments.

    python killing.py OUT MODEL DATASET KILLS SEED

OUT/whole is the uninterrupted run, in this process, which loads everything heavy. Each other run is
a fork of it. OUT/fork measures how long a run takes. The runs OUT/0, OUT/1, … are killed and
restarted until they finish, until there were KILLS kills in total. They get a SIGKILL, so that none
of their cleanup code runs. Prints one line per run: its folder and ``done``, or ``killed`` and the
number of outcomes in its journals.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import torch

from robustbert.bench import RunOptions, Suite, make_plan, run_plan


def attack(out: Path, model: str, dataset: str) -> None:
    suite = Suite(
        name="toy",
        datasets=(f"file:{dataset}",),
        models=(model,),
        recipes=("deepwordbug", "textfooler"),
        tracks=("published",),
        num_examples=12,
    )
    run_plan(make_plan(suite), RunOptions(out=out, dtype="float32", device="cpu", lanes=2))


def run(out: Path, model: str, dataset: str, seconds: float) -> bool:
    """Start a run, kill it after ``seconds``, and return whether it finished before."""
    child = os.fork()
    if child == 0:
        attack(out, model, dataset)
        os._exit(0)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended and status:
            sys.exit(f"a run in {out} ended with status {status}")
        if ended:
            print(out.name, "done", flush=True)
            return True
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    lines = sum(path.read_bytes().count(b"\n") for path in out.rglob("*.partial"))
    print(out.name, "killed", lines, flush=True)
    return False


def main() -> None:
    out, model, dataset = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    kills, seed = int(sys.argv[4]), int(sys.argv[5])
    torch.set_num_threads(1)  # a fork does not have the threads of this process
    attack(out / "whole", model, dataset)
    began = time.monotonic()
    run(out / "fork", model, dataset, 300)
    duration = time.monotonic() - began
    generator = random.Random(seed)
    killed = folder = 0
    while killed < kills:
        while not run(out / str(folder), model, dataset, generator.uniform(0, 0.8 * duration)):
            killed += 1
        folder += 1


if __name__ == "__main__":
    main()
