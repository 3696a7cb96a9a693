"""Runs a benchmark in one go, then again and again, each time killed at a random moment.

    python killing.py OUT MODEL DATASET KILLS SEED

OUT/whole is of a run that was left alone. OUT/0, OUT/1, … are killed and started again until they
end, until there were KILLS kills. Everything heavy is imported once; each run is a fork of this
process and gets a SIGKILL, so that nothing of it can tidy up. Prints a line a run: its folder and
``done``, or ``killed`` and how many outcomes its journals held.
"""

from __future__ import annotations

import importlib
import os
import random
import signal
import sys
import time
from pathlib import Path

from robustbert.assets import ensure_assets
from robustbert.bench import Settings, Suite, make_plan, run_plan


def attack(out: Path, model: str, dataset: str) -> None:
    suite = Suite(
        name="toy",
        datasets=(f"file:{dataset}",),
        models=(model,),
        recipes=("deepwordbug", "textfooler"),
        tracks=("published",),
        num_examples=12,
    )
    run_plan(make_plan(suite), Settings(out=out, dtype="float32", device="cpu", lanes=2))


def run(out: Path, model: str, dataset: str, seconds: float) -> bool:
    """Whether a run ended by itself, well, in so many seconds."""
    child = os.fork()
    if child == 0:
        attack(out, model, dataset)
        os._exit(0)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
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
    ensure_assets(("word-vectors", "sentence-encoder"))
    importlib.import_module("robustbert.attacks.textattack")
    began = time.monotonic()
    run(out / "whole", model, dataset, 300)
    longest = time.monotonic() - began
    chance = random.Random(seed)
    killed = folder = 0
    while killed < kills:
        while not run(out / str(folder), model, dataset, chance.uniform(0, 0.8 * longest)):
            killed += 1
        folder += 1


if __name__ == "__main__":
    main()
