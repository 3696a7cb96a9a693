"""Search for MiniLM's training settings, and compare the best ones with the defaults.

``docs/tuning_tables.py`` writes what was found into docs/tuning.md.

    python benchmarks/tuning.py [--trials 20] [--training-seeds 1,2,3] [-n 500]

``robustbert tune`` searches on the validation split of rotten_tomatoes. A model with the best
settings and one with the defaults are then trained with other seeds and attacked on the test split,
which the search has not read. The search and the run are kept in ``--runs``; the same command
resumes what was interrupted. The records are filed in ``--results``. The trials, and the accuracy
of all models on the whole test split, are written to ``--found``.

The checkout must not change meanwhile, because records name its commit. Expected on one thread: an
estimated hour for the search, and 50 minutes for six trainings and their attacks.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from clean_checkout import require_clean_checkout

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.bench import load_suite, make_plan
from robustbert.bench.victims import find_trained
from robustbert.cli import main as robustbert
from robustbert.data import load_dataset
from robustbert.io import write_text
from robustbert.training import make_config, read_training

DATASET, MODEL = "rotten_tomatoes", "minilm"
#: What the search writes, of which the documents show a part.
TRIALS, PLOT = "trials.json", "trials.svg"
#: The accuracies on the whole test split.
ACCURACIES = "test-accuracies.json"


def best_settings(search: Path) -> dict[str, Any]:
    """The settings of the best trial of a finished search."""
    content = json.loads((search / TRIALS).read_text(encoding="utf-8"))
    [settings] = [
        trial["settings"] for trial in content["trials"] if trial["number"] == content["best"]
    ]
    found: dict[str, Any] = settings
    return found


def suite_text(settings: dict[str, Any], seeds: str, num_examples: int) -> str:
    """A suite of the model with its defaults and with the best settings, as TOML.

    If the defaults are the best settings, it has no other model.
    """
    is_default = make_config(settings) == make_config({})
    fields = {
        "name": "tuning",
        "summary": "MiniLM with default and with tuned settings",
        "datasets": [DATASET],
        "models": ["default"] if is_default else ["default", "tuned"],
        "recipes": list(CORE_RECIPES),
        "tracks": ["unified"],
        "num_examples": num_examples,
        "training_seeds": [int(seed) for seed in seeds.split(",")],
    }
    tables = {
        "model.default": {"name": MODEL, "base": MODEL},
        "model.tuned": {"name": MODEL, "base": MODEL},
        "model.tuned.training": settings,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in fields.items()]
    for title, table in tables.items():
        lines += ["", f"[{title}]"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in table.items()]
    return "\n".join(lines) + "\n"


def test_accuracies(suite: Path) -> list[dict[str, Any]]:
    """The accuracy of each trained model of a suite on the whole test split."""
    plan, dataset = make_plan(load_suite(str(suite))), load_dataset(DATASET)
    found = []
    for _, spec in plan.victims():
        folder = find_trained(spec, dataset, seed=plan.seed)
        assert folder is not None, f"{spec.name} is not in the cache"
        accuracy = read_training(folder).metrics["test_accuracy"]
        found.append(
            {"tuned": bool(spec.training), "seed": spec.training_seed, "accuracy": accuracy}
        )
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run what is missing; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", default="20")
    parser.add_argument("--training-seeds", default="1,2,3")
    parser.add_argument("-n", "--num-examples", type=int, default=500)
    parser.add_argument("--runs", type=Path, default=Path("runs/tuning"))
    parser.add_argument("--results", type=Path, default=Path("results/tuning"))
    parser.add_argument("--found", type=Path, default=Path("docs/data/tuning"))
    options = parser.parse_args(arguments)
    require_clean_checkout(parser)
    search, run = options.runs / "search", options.runs / "rows"
    tune = ["tune", "--dataset", DATASET, "--models", MODEL, "--trials", options.trials]
    code = robustbert([*tune, "--out", str(search)])
    if code:
        return code
    suite = options.runs / "tuning.toml"
    seeds, number = options.training_seeds, options.num_examples
    write_text(suite, suite_text(best_settings(search), seeds, number))
    for command in (
        ["bench", "--suite", str(suite), "--out", str(run)],
        ["leaderboard", "add", str(run), "--results", str(options.results)],
    ):
        code = robustbert(command)
        if code:
            return code
    accuracies = json.dumps(test_accuracies(suite), indent=1)
    write_text(options.found / ACCURACIES, f"{accuracies}\n")
    for name in (TRIALS, PLOT):
        shutil.copy(search / name, options.found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
