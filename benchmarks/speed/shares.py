"""Where an attack's time goes: forward passes by network and number format, and all the rest.

    python benchmarks/speed/shares.py MODEL [--dataset rotten_tomatoes] [--recipes pwws] [-n 100]

MODEL is the folder of a MiniLM fine-tuned on the dataset. Each recipe runs on it on the published
track, in float32 and bfloat16; printed is which share of the wall time went where. An attack in
bfloat16 has float32 in it, too: broken texts are checked in it, and what is close to a boundary is
taken again.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from compare import DTYPES, SEED, Ours, warm_up
from tabulate import tabulate

PARTS = [(network, dtype) for network in ("victim", "encoder") for dtype in reversed(DTYPES)]
REST = "the rest"


@contextmanager
def forward_passes_timed() -> Iterator[dict[tuple[str, str], float]]:
    """Inside, what is given counts the seconds of forward passes by network and dtype."""
    from robustbert.models.inference.packed import PackedBert, PackedNetwork

    spent: dict[tuple[str, str], float] = defaultdict(float)

    def timed(network: str, function: Callable) -> Callable:
        def run(self, *args, **options):
            began = time.perf_counter()
            found = function(self, *args, **options)
            spent[network, self.dtype] += time.perf_counter() - began
            return found

        return run

    own = PackedNetwork.logits, PackedBert.means
    PackedNetwork.logits = timed("victim", own[0])  # type: ignore[method-assign]
    PackedBert.means = timed("encoder", own[1])  # type: ignore[method-assign]
    try:
        yield spent
    finally:
        PackedNetwork.logits, PackedBert.means = own  # type: ignore[method-assign]


def shares(own: Ours, warm, examples: Sequence) -> dict[str, float]:
    """Of the attack's wall time, the share of each of `PARTS` and of the rest; they sum to 1."""
    with forward_passes_timed() as spent:
        run = own.prepare()
        warm_up(run, warm)
        spent.clear()
        began = time.perf_counter()
        run(examples)
        seconds = time.perf_counter() - began
    found = {" ".join(part): spent[part] / seconds for part in PARTS}
    return found | {REST: 1 - sum(found.values())}


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
    warm = replace(first, label=int(victim.predict_proba([first.text]).argmax()))
    rows = []
    for recipe in options.recipes.split(","):
        for dtype in DTYPES:
            own = Ours(options.model, recipe, dtype, dataset.label_names)
            found = shares(own, warm, examples)
            rows.append([f"{options.dataset} {recipe}", dtype])
            rows[-1] += [f"{share:.0%}" for share in found.values()]
            print("  ".join(rows[-1]), flush=True)
    print()
    heads = ["attack", "dtype", *(" ".join(part) for part in PARTS), REST]
    align = ["left", "left", *["right"] * (len(PARTS) + 1)]
    print(tabulate(rows, headers=heads, tablefmt="github", colalign=align))


if __name__ == "__main__":
    main()
