"""Measure what continued pre-training does to fine-tuned models, for docs/pretraining.md.

``docs/pretraining_tables.py`` writes the tables.

    python benchmarks/pretraining.py [--models minilm,minilm-mlm] [--steps 1000] [-n 300]

MiniLM is pre-trained on imdb with masked language modelling, with next sentence prediction, and
with both: three times each, with different seeds. Each of these bases is fine-tuned on
rotten_tomatoes with its own seed, MiniLM itself with each of the seeds, and all are attacked with
the core recipes. Bases and runs are kept in ``--runs``; the same command resumes what was
interrupted. The records are filed in ``--results``. What each base predicts on held-out texts is
written to ``--held-out``: on the same rows for all, which are pairs with masked tokens.

The checkout must not change meanwhile, because records name its commit. Expected for all models on
one thread: an estimated three hours for nine pre-trainings, and one and a half hours for twelve
fine-tunings and their attacks. ``--models`` and ``--seeds`` run a part of it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from clean_checkout import require_clean_checkout

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.cli import main as robustbert
from robustbert.commands.arguments import integers, names
from robustbert.data import load_dataset
from robustbert.errors import ModelError
from robustbert.io import write_text
from robustbert.models.folders import PRETRAINING_FILE
from robustbert.training import PretrainingConfig
from robustbert.training.pretraining import held_out_scores, read_pretraining
from robustbert.validation import check_at_least

CORPUS, DATASET, BASE = "imdb", "rotten_tomatoes", "minilm"
#: The models by the name of their rows, with the objectives of their pre-training.
MODELS = {BASE: "", f"{BASE}-mlm": "mlm", f"{BASE}-nsp": "nsp", f"{BASE}-mlm-nsp": "mlm,nsp"}


def base_folder(model: str, seed: int, options: argparse.Namespace) -> Path:
    """The folder of a base."""
    folder: Path = options.runs / "bases" / f"{model}-{seed}"
    return folder


def pretrain_command(model: str, seed: int, options: argparse.Namespace) -> list[str] | None:
    """The command that pre-trains a base; None if it is there.

    Raises:
        ModelError: there is one with other settings.
    """
    base, objectives = base_folder(model, seed, options), MODELS[model]
    if (base / PRETRAINING_FILE).exists():
        found = read_pretraining(base)
        if (",".join(found.objectives), found.steps) != (objectives, options.steps):
            raise ModelError(
                f"{base} was pre-trained with {','.join(found.objectives)} for {found.steps} "
                "steps; remove it, or choose another folder with --runs"
            )
        return None
    return [
        *("pretrain", "--dataset", CORPUS, "--model", BASE, "--resume"),
        *("--objectives", objectives, "--steps", str(options.steps), "--seed", str(seed)),
        *("--out", str(base)),
    ]


def commands(model: str, options: argparse.Namespace) -> Iterator[list[str]]:
    """The commands that pre-train, fine-tune, attack and file a model with each seed."""
    for seed in options.seeds:
        given, run = BASE, options.runs / "rows" / f"{model}-{seed}"
        if MODELS[model]:
            given = f"{model}={base_folder(model, seed, options)}"
            if command := pretrain_command(model, seed, options):
                yield command
        yield [
            *("bench", "--models", given, "--datasets", DATASET),
            *("--recipes", ",".join(CORE_RECIPES), "--track", "unified"),
            *("--training-seeds", str(seed)),
            *("-n", str(options.num_examples), "--out", str(run)),
        ]
        yield ["leaderboard", "add", str(run), "--results", str(options.results)]


def write_scores(model: str, options: argparse.Namespace) -> None:
    """Write what each base of a model predicts on the held-out texts, unless that is there."""
    config = PretrainingConfig(objectives=("mlm", "nsp"))
    for seed in options.seeds if MODELS[model] else options.seeds[:1]:
        path = options.held_out / f"{model}-{seed}.json"
        if not path.exists():
            base = str(base_folder(model, seed, options)) if MODELS[model] else BASE
            found = held_out_scores(load_dataset(CORPUS), base, config)
            write_text(path, found.model_dump_json(indent=2) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Run what is missing; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=names, default=list(MODELS))
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--seeds", type=integers, default=[0, 1, 2])
    parser.add_argument("-n", "--num-examples", type=int, default=300)
    parser.add_argument("--runs", type=Path, default=Path("runs/pretraining"))
    parser.add_argument("--results", type=Path, default=Path("results/pretraining"))
    parser.add_argument("--held-out", type=Path, default=Path("docs/data/pretraining"))
    options = parser.parse_args(arguments)
    check_at_least(1, steps=options.steps, num_examples=options.num_examples)
    for model in options.models:
        if model not in MODELS:
            parser.error(f"no model {model}; choose from {', '.join(MODELS)}")
    require_clean_checkout(parser)
    try:
        for model in options.models:
            for command in commands(model, options):
                code = robustbert(command)
                if code:
                    return code
    except ModelError as error:
        parser.error(str(error))
    # afterwards, because the files would change the checkout
    for model in options.models:
        write_scores(model, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
