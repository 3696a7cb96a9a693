"""Measure what continued pre-training does to fine-tuned models, for docs/pretraining.md.

``docs/pretraining_tables.py`` writes the tables.

    python benchmarks/pretraining.py [--models minilm,minilm-mlm] [--steps 1000] [-n 300]

MiniLM is pre-trained on imdb with masked language modelling, with next sentence prediction, and
with both, once each. These bases and MiniLM itself are fine-tuned on rotten_tomatoes with three
training seeds, and attacked with the core recipes. Bases and runs are kept in ``--runs``; the same
command resumes what was interrupted. The records are filed in ``--results``, and what each base
predicts on held-out texts is written to ``--held-out``.

Expected for all models on one thread: an estimated hour for the pre-training, and one and a half
hours for twelve trainings and their attacks. ``--models`` runs a part of it.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.cli import main as robustbert
from robustbert.commands.arguments import names
from robustbert.models.folders import PRETRAINING_FILE
from robustbert.validation import check_at_least

CORPUS, DATASET, BASE = "imdb", "rotten_tomatoes", "minilm"
#: The models by the name of their rows, with the objectives of their pre-training.
MODELS = {BASE: "", f"{BASE}-mlm": "mlm", f"{BASE}-nsp": "nsp", f"{BASE}-mlm-nsp": "mlm,nsp"}


def commands(model: str, options: argparse.Namespace) -> Iterator[list[str]]:
    """The commands that pre-train, fine-tune, attack and file a model."""
    base, run = options.runs / "bases" / model, options.runs / "rows" / model
    given = BASE
    if MODELS[model]:
        given = f"{model}={base}"
        if not (base / PRETRAINING_FILE).exists():
            yield [
                *("pretrain", "--dataset", CORPUS, "--model", BASE, "--resume"),
                *("--objectives", MODELS[model], "--steps", str(options.steps)),
                *("--out", str(base)),
            ]
    yield [
        *("bench", "--models", given, "--datasets", DATASET),
        *("--recipes", ",".join(CORE_RECIPES), "--track", "unified"),
        *("--training-seeds", options.training_seeds),
        *("-n", str(options.num_examples), "--out", str(run)),
    ]
    yield ["leaderboard", "add", str(run), "--results", str(options.results)]


def main(arguments: list[str] | None = None) -> int:
    """Run what is missing; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=names, default=list(MODELS))
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--training-seeds", default="0,1,2")
    parser.add_argument("-n", "--num-examples", type=int, default=300)
    parser.add_argument("--runs", type=Path, default=Path("runs/pretraining"))
    parser.add_argument("--results", type=Path, default=Path("results/pretraining"))
    parser.add_argument("--held-out", type=Path, default=Path("docs/data/pretraining"))
    options = parser.parse_args(arguments)
    check_at_least(1, steps=options.steps, num_examples=options.num_examples)
    for model in options.models:
        if model not in MODELS:
            parser.error(f"no model {model}; choose from {', '.join(MODELS)}")
    for model in options.models:
        for command in commands(model, options):
            code = robustbert(command)
            if code:
                return code
        if MODELS[model]:
            kept = options.held_out / model
            kept.mkdir(parents=True, exist_ok=True)
            shutil.copy(options.runs / "bases" / model / PRETRAINING_FILE, kept)
    return 0


if __name__ == "__main__":
    sys.exit(main())
