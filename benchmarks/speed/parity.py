"""Are robustbert's outcomes TextAttack's? The same attacks by both, example by example.

    python benchmarks/speed/parity.py MODEL [--recipes pwws,textfooler] [-n 100] [--dtypes float32]

MODEL is the folder of a model fine-tuned on rotten_tomatoes. TextAttack runs plainly: its own
objects and loop, one example after another, in float32, padded to the longest text of a query
(``plain.py``); but its iga checks the children of two parents, as robustbert's does. robustbert
runs the published track in every dtype named. Printed: one line per recipe and dtype, then every
example that differs, and how (queries: distinct texts, and in brackets TextAttack's own count).
Exits 1 where a promise is not kept: in float32 every status equal and 99% of texts and query
counts; in bfloat16 99% of statuses.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from plain import PlainOutcome, PlainTextAttack
from tabulate import tabulate

from robustbert.records import Outcome

RECIPES = "deepwordbug,pwws,textbugger,textfooler"
#: The least shares of equal statuses, and of equal texts and query counts.
PROMISES = {"float32": (1.0, 0.99), "bfloat16": (0.99, 0.0)}


@dataclass(frozen=True)
class Difference:
    """What came out differently for an example: its status, text or queries."""

    example_id: str
    what: str
    plain: str
    ours: str


def differences(plain: Sequence[PlainOutcome], ours: Sequence[Outcome]) -> list[Difference]:
    """Everything that differs, the examples in order."""
    found = []
    for p, o in zip(plain, ours, strict=True):
        text = o.adversarial_text if o.status == "broken" else None
        if p.status != o.status:
            status = f"{o.status} (retracted by the check)" if o.retracted else o.status
            found.append(Difference(o.example_id, "status", p.status, status))
        if p.text != text:
            shown = _changes(p.text, o.text), _changes(text, o.text)
            found.append(Difference(o.example_id, "text", *shown))
        queries = f"{p.queries} ({p.textattack_queries})", f"{o.queries} ({o.textattack_queries})"
        if queries[0] != queries[1]:
            found.append(Difference(o.example_id, "queries", *queries))
    return found


def _changes(text: str | None, original: str) -> str:
    """The words of ``text`` that are not at their place in the original."""
    if text is None:
        return "none"
    words = original.split()
    new = [w for i, w in enumerate(text.split()) if i >= len(words) or words[i] != w]
    return " ".join(new)


HEADERS = ("recipe", "dtype", "same status", "same text", "same queries", "promise")


@dataclass(frozen=True)
class Row:
    """How many of ``n`` examples came out the same, and whether that keeps the promise."""

    recipe: str
    dtype: str
    n: int
    status: int
    text: int
    queries: int

    @classmethod
    def of(cls, recipe: str, dtype: str, n: int, found: Sequence[Difference]) -> Row:
        equal = {
            what: n - sum(d.what == what for d in found) for what in ("status", "text", "queries")
        }
        return cls(recipe, dtype, n, **equal)

    @property
    def kept(self) -> bool:
        least_status, least_rest = PROMISES[self.dtype]
        rest = min(self.text, self.queries)
        return self.status >= least_status * self.n and rest >= least_rest * self.n

    def cells(self) -> list[str]:
        counts = [f"{count}/{self.n}" for count in (self.status, self.text, self.queries)]
        return [self.recipe, self.dtype, *counts, "kept" if self.kept else "NOT KEPT"]

    def __str__(self) -> str:
        return "  ".join(self.cells())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--recipes", default=RECIPES)
    parser.add_argument("-n", "--num-examples", type=int, default=100)
    parser.add_argument("--dtypes", default="float32,bfloat16")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    from robustbert.attacks import AttackRunner
    from robustbert.data import load_dataset, select_examples
    from robustbert.models import load_model
    from robustbert.progress import progress_bar

    dataset = load_dataset("rotten_tomatoes")
    examples = select_examples(dataset, "test", options.num_examples, options.seed).items
    rows, reports = [], []
    for recipe in options.recipes.split(","):
        with progress_bar(len(examples), f"TextAttack, {recipe}", "text") as bar:
            plain = []
            attack = PlainTextAttack(options.model, recipe, "dynamic", options.seed)
            for outcome in attack.outcomes(examples):
                plain.append(outcome)
                bar.update()
        for dtype in options.dtypes.split(","):
            victim = load_model(str(options.model), dtype=dtype, label_names=dataset.label_names)
            runner = AttackRunner(victim, recipe, track="published", seed=options.seed, dtype=dtype)
            found = differences(plain, runner.run(examples).outcomes)
            rows.append(Row.of(recipe, dtype, len(examples), found))
            reports += [
                f"{recipe} {dtype} {d.example_id} {d.what}: {d.plain} -> {d.ours}" for d in found
            ]
            print(rows[-1], flush=True)
    print()
    print(tabulate([row.cells() for row in rows], headers=HEADERS))
    print("\nTextAttack -> robustbert, where they differ:" if reports else "\nNothing differs.")
    print("\n".join(reports))
    return 0 if all(row.kept for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
