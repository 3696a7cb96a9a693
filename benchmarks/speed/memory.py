"""Measure the peak memory of a run over 5,000 examples with a cheap recipe.

    python benchmarks/speed/memory.py [--recipe deepwordbug] [-n 5000]

Attacks the MiniLM of the suites with training examples of rotten_tomatoes (its test split is too
small), and prints the peak memory of the process after every 500 examples. Exits with 1 if it is
above 2.5 GB.
"""

from __future__ import annotations

import argparse
import resource
import sys

from compare import SEED, victim_of

LIMIT_GB = 2.5


def peak_gb() -> float:
    """Peak memory of this process, in 1e9 bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="deepwordbug")
    parser.add_argument("-n", "--num-examples", type=int, default=5000)
    options = parser.parse_args()

    from robustbert.attacks import AttackRunner
    from robustbert.data import load_dataset, select_examples

    dataset = load_dataset("rotten_tomatoes")
    examples = select_examples(dataset, "train", options.num_examples, SEED).items
    victim = victim_of("rotten_tomatoes", dataset, dtype="auto")
    runner = AttackRunner(victim, options.recipe, track="published", seed=SEED)
    print(f"loaded: {peak_gb():.2f} GB", flush=True)
    done = 0

    def report(_outcome) -> None:
        nonlocal done
        done += 1
        if done % 500 == 0:
            print(f"{done} examples: {peak_gb():.2f} GB", flush=True)

    run = runner.run(examples, report)
    print(f"{len(examples)} examples, {run.victim_queries} queries, {run.seconds:.0f} s")
    return 0 if peak_gb() <= LIMIT_GB else 1


if __name__ == "__main__":
    sys.exit(main())
