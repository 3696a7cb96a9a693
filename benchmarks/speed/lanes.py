"""Check that outcomes do not depend on the number of concurrent examples or on their order.

    python benchmarks/speed/lanes.py MODEL [--recipes pwws,textfooler] [-n 100] [--lanes 1,3,8,128]

MODEL is the folder of a model fine-tuned on rotten_tomatoes. Each recipe attacks the same examples
on the published track with each number of lanes (concurrent examples), and with the last number
also in reversed order.
Each run reloads the model and the sentence encoder, so nothing is cached between runs. Prints one
line per run with the number of outcomes that differ from the first run in status, text or queries.
Exits with 1 if any outcome differs.
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
    """Status, adversarial text and queries, keyed by example id."""
    from robustbert.attacks import AttackRunner
    from robustbert.models import load_model
    from robustbert.models.sentence_encoder import sentence_encoder

    sentence_encoder.cache_clear()
    victim = load_model(str(model), dtype=dtype, device="cpu", label_names=label_names)
    runner = AttackRunner(victim, recipe, track="published", dtype=dtype, device="cpu", lanes=lanes)
    dtypes = {victim.info.dtype, runner.encoder.dtype}
    if dtypes != {dtype}:
        raise SystemExit(
            f"{dtype} is not batch invariant on this machine, so float32 is used instead"
        )
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
    max_differing = 0
    for recipe in options.recipes.split(","):
        for dtype in options.dtypes.split(","):
            first = None
            for number, order, items in runs:
                began = time.perf_counter()
                outcomes = outcomes_by_id(
                    options.model, recipe, dtype, items, number, dataset.label_names
                )
                first = first or outcomes
                differing = sum(outcomes[name] != outcome for name, outcome in first.items())
                max_differing = max(max_differing, differing)
                print(
                    f"{recipe} {dtype}, {number} lanes {order}: {differing} of {len(outcomes)} "
                    f"outcomes differ ({time.perf_counter() - began:.0f} s)",
                    flush=True,
                )
    return 1 if max_differing else 0


if __name__ == "__main__":
    sys.exit(main())
