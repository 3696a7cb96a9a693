"""Measure the learning curve of MiniLM, for the table and the plot of docs/data.md.

``docs/data_tables.py`` writes these.

    python benchmarks/learning_curves.py [--dataset rotten_tomatoes] [--out runs/learning-curves]

The points are kept in ``OUT/DATASET``; the same command resumes what was interrupted. The complete
curve is written to ``RESULTS/DATASET.json``, which holds numbers and no texts.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from robustbert.cli import main as robustbert
from robustbert.io import write_bytes
from robustbert.learning_curves import read_curve
from robustbert.records.strict_json import encode

MODEL = "minilm"
SIZES, NOISES, SEEDS = "0.1,0.25,0.5,1", "0,0.1,0.2", "0,1,2"
RECIPES, NUM_EXAMPLES = "deepwordbug,pwws", "300"


def main(arguments: list[str] | None = None) -> int:
    """Measure what is missing and write the result; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="rotten_tomatoes")
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--noise", default=NOISES)
    parser.add_argument("--seeds", default=SEEDS)
    parser.add_argument("--recipes", default=RECIPES)
    parser.add_argument("-n", "--num-examples", default=NUM_EXAMPLES)
    parser.add_argument("--out", type=Path, default=Path("runs/learning-curves"))
    parser.add_argument("--results", type=Path, default=Path("results/learning-curves"))
    options = parser.parse_args(arguments)
    folder = options.out / options.dataset
    command = ["curve", f"--dataset={options.dataset}", f"--model={options.model}"]
    command += [f"--sizes={options.sizes}", f"--noise={options.noise}", f"--seeds={options.seeds}"]
    command += [f"--recipes={options.recipes}", f"--out={folder}"]
    if options.recipes != "none":
        command += [f"--num-examples={options.num_examples}"]
    code = robustbert(command)
    if code == 0:
        curve = read_curve(folder / "curve.json")
        write_bytes(options.results / f"{options.dataset}.json", encode(curve, indent=1))
    return code


if __name__ == "__main__":
    sys.exit(main())
