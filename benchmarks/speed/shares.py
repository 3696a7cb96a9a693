"""Measure the shares of an attack's time: forward passes by network and dtype, and the rest.

    python benchmarks/speed/shares.py MODEL [--dataset rotten_tomatoes] [--recipes pwws] [-n 100]

MODEL is the folder of a MiniLM fine-tuned on the dataset. Each recipe attacks it on the published
track, in float32 and bfloat16; the shares of the wall time are printed. An attack in bfloat16 also
uses float32: adversarial texts are verified in it, and predictions near the decision boundary are
recomputed.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from compare import SEED, RobustbertAttack, warm_up
from speed_tables import DTYPES
from tabulate import tabulate

if TYPE_CHECKING:
    from robustbert.data import Example

PARTS = [(network, dtype) for network in ("victim", "encoder") for dtype in reversed(DTYPES)]
OTHER = "other"


@contextmanager
def timed_forward_passes() -> Iterator[dict[tuple[str, str], float]]:
    """Time forward passes; the yielded dict accumulates seconds by network and dtype."""
    from robustbert.models.inference.packed import PackedBert, PackedNetwork

    seconds: dict[tuple[str, str], float] = defaultdict(float)

    def timed(network: str, function: Callable) -> Callable:
        def run(self, *args, **options):
            began = time.perf_counter()
            output = function(self, *args, **options)
            seconds[network, self.dtype] += time.perf_counter() - began
            return output

        return run

    originals = PackedNetwork.logits, PackedBert.means
    PackedNetwork.logits = timed("victim", originals[0])  # type: ignore[method-assign]
    PackedBert.means = timed("encoder", originals[1])  # type: ignore[method-assign]
    try:
        yield seconds
    finally:
        PackedNetwork.logits, PackedBert.means = originals  # type: ignore[method-assign]


def time_shares(
    attack: RobustbertAttack, warm_up_example: Example, examples: Sequence
) -> dict[str, float]:
    """The shares of `PARTS` and of the rest in the attack's wall time; they sum to 1."""
    with timed_forward_passes() as seconds:
        run = attack.prepare()
        warm_up(run, warm_up_example)
        seconds.clear()
        began = time.perf_counter()
        run(examples)
        total = time.perf_counter() - began
    shares = {" ".join(part): seconds[part] / total for part in PARTS}
    return shares | {OTHER: 1 - sum(shares.values())}


def main() -> None:
    from robustbert.data import load_dataset, select_examples
    from robustbert.models import load_model

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--dataset", default="rotten_tomatoes")
    parser.add_argument("--recipes", default="deepwordbug,pwws,textbugger,textfooler")
    parser.add_argument("-n", "--num-examples", type=int, default=100)
    options = parser.parse_args()
    dataset = load_dataset(options.dataset)
    first, *examples = select_examples(dataset, "test", options.num_examples + 1, SEED).items
    victim = load_model(str(options.model), label_names=dataset.label_names)
    warm_up_example = replace(first, label=int(victim.predict_proba([first.text]).argmax()))
    rows = []
    for recipe in options.recipes.split(","):
        for dtype in DTYPES:
            attack = RobustbertAttack(options.model, recipe, dtype, dataset.label_names)
            shares = time_shares(attack, warm_up_example, examples)
            rows.append([f"{options.dataset} {recipe}", dtype])
            rows[-1] += [f"{share:.0%}" for share in shares.values()]
            print("  ".join(rows[-1]), flush=True)
    print()
    headers = ["attack", "dtype", *(" ".join(part) for part in PARTS), OTHER]
    align = ["left", "left", *["right"] * (len(PARTS) + 1)]
    print(tabulate(rows, headers=headers, tablefmt="github", colalign=align))


if __name__ == "__main__":
    main()
