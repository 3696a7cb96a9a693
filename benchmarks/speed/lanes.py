"""Do outcomes depend on how many examples run at once, or on their order?

    python benchmarks/speed/lanes.py MODEL [--recipes pwws,textfooler] [-n 100] [--lanes 1,3,8,128]

MODEL is the folder of a model fine-tuned on rotten_tomatoes. Each recipe attacks the same examples
on the published track with each number of lanes, and with the last one in reversed order too. Each
run loads the model and the sentence encoder anew, so that nothing is remembered from another.
Printed: one line per run, with how many outcomes differ from those of the first in status, text or
queries. Exits 1 if any does.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

RECIPES = "deepwordbug,pwws,textbugger,textfooler"


def outcomes_by_id(
    model: Path, recipe: str, dtype: str, examples: Sequence, lanes: int, label_names: Sequence[str]
) -> dict[str, tuple]:
    """Each example's status, adversarial text and queries."""
    from robustbert.attacks import AttackRunner
    from robustbert.models import load_model
    from robustbert.models.sentence_encoder import sentence_encoder

    sentence_encoder.cache_clear()
    victim = load_model(str(model), dtype=dtype, device="cpu", label_names=label_names)
    runner = AttackRunner(victim, recipe, track="published", dtype=dtype, device="cpu", lanes=lanes)
    used = {victim.info.dtype, runner.encoder.dtype}
    if used != {dtype}:
        raise SystemExit(f"{dtype} is not batch invariant here: a model is used in float32")
    return {
        outcome.example_id: (outcome.status, outcome.adversarial_text, outcome.queries)
        for outcome in runner.run(examples).outcomes
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--recipes", default=RECIPES)
    parser.add_argument("--dtypes", default="float32,bfloat16")
    parser.add_argument("--lanes", default="1,3,8,128")
    parser.add_argument("-n", "--num-examples", type=int, default=100)
    options = parser.parse_args()

    from robustbert.data import load_dataset, select_examples

    dataset = load_dataset("rotten_tomatoes")
    examples = select_examples(dataset, "test", options.num_examples, 0).items
    lanes = [int(number) for number in options.lanes.split(",")]
    runs = [(number, "in order", examples) for number in lanes]
    runs.append((lanes[-1], "reversed", examples[::-1]))
    worst = 0
    for recipe in options.recipes.split(","):
        for dtype in options.dtypes.split(","):
            first = None
            for number, order, items in runs:
                began = time.perf_counter()
                found = outcomes_by_id(
                    options.model, recipe, dtype, items, number, dataset.label_names
                )
                first = first or found
                differing = sum(found[name] != outcome for name, outcome in first.items())
                worst = max(worst, differing)
                print(
                    f"{recipe} {dtype}, {number} lanes {order}: {differing} of {len(found)} "
                    f"outcomes differ ({time.perf_counter() - began:.0f} s)",
                    flush=True,
                )
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
