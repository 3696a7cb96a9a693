"""Benchmark the attacks of an epoch of A2T against TextAttack's ``Trainer``.

    python benchmarks/speed/a2t_epoch.py MODEL [--examples 100] [--repeats 3]
    python benchmarks/speed/a2t_epoch.py --table

MODEL is the folder of a MiniLM fine-tuned on rotten_tomatoes: the network in training. At the start
of an epoch, A2T attacks training examples with it. Here each implementation attacks the same
examples of the training split with the recipe ``a2t``, one after the other, in rotated order:

- ``textattack``: ``textattack.Trainer`` as it is, with a tokenizer that pads to 512 tokens;
- ``textattack-dynamic``: the same, but queries are padded to the longest text of their batch;
- ``float32`` and ``bfloat16``: the defense ``a2t``, with empty caches.

Each first attacks a short warm-up text, so loading models, word lists and vectors is not timed. All
run on one thread. Wall time and CPU time are stored; the ratios are of CPU time, which other
processes on the machine affect less. The result is written to
``results/training-speed/PROCESSOR/a2t-epoch.json``; ``--table`` prints the contents of these files.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from plain import PlainTextAttack
from speed_tables import DTYPES, PADDING, RESULTS, format_summary, processor_folder, summary
from tabulate import tabulate

TRAINING_RESULTS = RESULTS.parent / "training-speed"
DATASET = "rotten_tomatoes"
SEED = 0
WARM_UP = "this film is a wonderful story with brilliant actors and a terrible plot"


@dataclass(frozen=True)
class Timed:
    """The number of adversarial examples that were found, and the seconds."""

    adversarial: int
    wall: float
    cpu: float


def timed(find: Callable[[], int]) -> Timed:
    """Time a function that returns a number of adversarial examples."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = find()
    return Timed(found, time.perf_counter() - wall, time.process_time() - cpu)


class TextAttackTrainer:
    """The attacks of an epoch in ``textattack.Trainer``.

    Args:
        folder: the folder of the network.
        padding: a padding of :class:`PlainTextAttack`.
    """

    def __init__(self, folder: Path, padding: str) -> None:
        self._plain = PlainTextAttack(folder, "a2t", padding, SEED)

    def attack(self, texts: Sequence[str], labels: Sequence[int]) -> Timed:
        """Attack all texts, after the warm-up."""
        self._find([WARM_UP] * 2, [0, 1])  # one of them is not skipped
        return timed(lambda: self._find(texts, labels))

    def _find(self, texts: Sequence[str], labels: Sequence[int]) -> int:
        import textattack

        pairs = list(zip(texts, labels, strict=True))
        data = textattack.datasets.Dataset(pairs, input_columns=("text",))
        with (
            TemporaryDirectory() as folder,
            open(os.devnull, "w", encoding="utf-8") as nothing,
            contextlib.redirect_stdout(nothing),
            contextlib.redirect_stderr(nothing),
        ):
            # -1: attack every example of the data
            options = textattack.TrainingArgs(num_train_adv_examples=-1, output_dir=folder)
            trainer = textattack.Trainer(
                self._plain.victim, "classification", self._plain.attack, data, data, options
            )
            textattack.shared.utils.logger.setLevel(logging.ERROR)
            self._plain.victim.model.eval()  # as Trainer.train does before it attacks
            return len(trainer._generate_adversarial_examples(epoch=2))


class RobustbertDefense:
    """The attacks of an epoch in the defense ``a2t``.

    Args:
        folder: the folder of the network.
        dtype: the dtype in which it is attacked.
    """

    def __init__(self, folder: Path, dtype: str) -> None:
        from transformers import AutoModelForSequenceClassification

        from robustbert.data import load_dataset
        from robustbert.models.huggingface_files import read_tokenizer
        from robustbert.training import TrainingConfig

        self._dataset = load_dataset(DATASET)
        self._network = AutoModelForSequenceClassification.from_pretrained(folder).train()
        self._tokenizer = read_tokenizer(folder)
        self._config = TrainingConfig(dtype=dtype, device="cpu", seed=SEED)

    def attack(self, texts: Sequence[str], labels: Sequence[int]) -> Timed:
        """Attack all texts with empty caches, after the warm-up."""
        from robustbert.models.sentence_encoder import sentence_encoder

        sentence_encoder.cache_clear()
        self._find([WARM_UP] * 2, [0, 1])  # one of them is not skipped
        return timed(lambda: self._find(texts, labels))

    def _find(self, texts: Sequence[str], labels: Sequence[int]) -> int:
        from robustbert.defenses.a2t import A2T
        from robustbert.training import EpochStart
        from robustbert.training.epoch_rows import current_classifier

        def make_classifier() -> Any:
            return current_classifier(self._network, self._tokenizer, self._dataset, self._config)

        start = EpochStart(1, self._dataset, texts, labels, self._config, make_classifier)
        return len(A2T(share=1.0).epoch_rows(start))  # attacks every text


def measure(folder: Path, n: int, repeats: int) -> dict:
    """Run the measurements for a file of results."""
    import torch

    from robustbert.bench.environment import capture_environment
    from robustbert.data import load_dataset, select_examples
    from robustbert.machine import instruction_set
    from robustbert.models import load_model

    torch.set_num_threads(1)
    items = select_examples(load_dataset(DATASET), "train", n, SEED).items
    sides = {
        **{name: TextAttackTrainer(folder, padding) for name, padding in PADDING.items()},
        **{dtype: RobustbertDefense(folder, dtype) for dtype in DTYPES},
    }
    runs = compare(sides, [item.text for item in items], [item.label for item in items], repeats)
    return {
        "dataset": DATASET,
        "model": load_model(str(folder)).info.sha256,
        "n": n,
        "seed": SEED,
        "adversarial": {name: found[0].adversarial for name, found in runs.items()},
        "wall_seconds_per_example": per_example(runs, n, "wall"),
        "cpu_seconds_per_example": per_example(runs, n, "cpu"),
        "ratios": {
            f"{dtype} to {name}": summary(
                [a.cpu / b.cpu for a, b in zip(runs[name], runs[dtype], strict=True)]
            )
            for name in PADDING
            for dtype in DTYPES
        },
        "instructions": instruction_set(),
        "environment": capture_environment("cpu").model_dump(),
    }


def compare(
    sides: dict[str, Any], texts: Sequence[str], labels: Sequence[int], repeats: int
) -> dict[str, list[Timed]]:
    """Run all implementations on the same texts, in rotated order."""
    from robustbert.progress import progress_bar

    names = list(sides)
    runs: dict[str, list[Timed]] = {name: [] for name in names}
    with progress_bar(repeats * len(names), "a2t, all implementations", "run") as bar:
        for repeat in range(repeats):
            first = repeat % len(names)
            for name in names[first:] + names[:first]:
                runs[name].append(sides[name].attack(texts, labels))
                bar.update()
    return runs


def per_example(runs: dict[str, list[Timed]], n: int, clock: str) -> dict[str, list[float]]:
    """The seconds per example of each repeat."""
    return {
        name: [round(getattr(run, clock) / n, 4) for run in found] for name, found in runs.items()
    }


def format_table() -> str:
    """Format the files as a Markdown table, one row per processor and implementation."""
    rows = []
    for path in sorted(TRAINING_RESULTS.glob("*/a2t-epoch.json")):
        measured = json.loads(path.read_text(encoding="utf-8"))
        processor = f"{measured['environment']['processor']}, {measured['instructions']}"
        for name in (*PADDING, *DTYPES):
            seconds = summary(measured["cpu_seconds_per_example"][name])
            ratios = [measured["ratios"].get(f"{name} to {other}") for other in PADDING]
            rows.append(
                [
                    *(processor, name, measured["n"], measured["adversarial"][name]),
                    format_summary(seconds, 2),
                    *(f"{format_summary(one)}×" if one else "" for one in ratios),
                ]
            )
    headers = ["CPU", "implementation", "examples", "adversarial", "CPU seconds per example"]
    headers += [f"faster than {name}" for name in PADDING]
    align = ["left", "left", *["right"] * 5]
    return tabulate(rows, headers=headers, tablefmt="github", colalign=align)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, nargs="?")
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--table", action="store_true", help="only print existing measurements")
    options = parser.parse_args()
    if not options.table:
        if options.model is None:
            parser.error("give the folder of a model, or --table")
        measured = measure(options.model, options.examples, options.repeats)
        folder = TRAINING_RESULTS / processor_folder(measured).name
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(measured, indent=2, sort_keys=True) + "\n"
        (folder / "a2t-epoch.json").write_text(text, encoding="utf-8")
    print(format_table())


if __name__ == "__main__":
    main()
