"""Check that robustbert's outcomes match TextAttack's, example by example.

    python benchmarks/speed/parity.py MODEL [--recipes pwws,textfooler] [-n 100] [--dtypes float32]

MODEL is the folder of a model fine-tuned on rotten_tomatoes. TextAttack runs unmodified (one
example at a time, in float32, padded to the longest text of a batch; see ``plain.py``), except that
its iga checks the constraints on the children of a crossover, as robustbert does, and that what
recipes download is replaced. robustbert runs the published track in each of the dtypes.

Prints one line per recipe and dtype, then every difference (queries are distinct texts, with
TextAttack's own count in brackets). Exits with 1 if a requirement is not met: in float32, all
statuses and 99% of texts and query counts are equal; in bfloat16, 99% of statuses.
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
#: Minimum share of equal statuses, and of equal texts and query counts.
REQUIREMENTS = {"float32": (1.0, 0.99), "bfloat16": (0.99, 0.0)}


@dataclass(frozen=True)
class Difference:
    """A difference in the status, text or queries of an example."""

    example_id: str
    field: str
    plain: str
    ours: str


def differences(plain: Sequence[PlainOutcome], ours: Sequence[Outcome]) -> list[Difference]:
    """All differences, in the order of the examples."""
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
    """The words of ``text`` that differ from the original at the same position."""
    if text is None:
        return "none"
    words = original.split()
    new = [w for i, w in enumerate(text.split()) if i >= len(words) or words[i] != w]
    return " ".join(new)


HEADERS = ("recipe", "dtype", "same status", "same text", "same queries", "requirement")


@dataclass(frozen=True)
class Row:
    """Number of equal values over ``n`` examples, and whether it meets the requirement."""

    recipe: str
    dtype: str
    n: int
    status: int
    text: int
    queries: int

    @classmethod
    def of(cls, recipe: str, dtype: str, n: int, found: Sequence[Difference]) -> Row:
        equal = {
            field: n - sum(d.field == field for d in found)
            for field in ("status", "text", "queries")
        }
        return cls(recipe, dtype, n, **equal)

    @property
    def is_met(self) -> bool:
        min_status, min_rest = REQUIREMENTS[self.dtype]
        rest = min(self.text, self.queries)
        return self.status >= min_status * self.n and rest >= min_rest * self.n

    def cells(self) -> list[str]:
        counts = [f"{count}/{self.n}" for count in (self.status, self.text, self.queries)]
        return [self.recipe, self.dtype, *counts, "met" if self.is_met else "NOT MET"]

    def __str__(self) -> str:
        return "  ".join(self.cells())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--recipes", default=RECIPES)
    parser.add_argument("-n", "--num-examples", type=int, default=100)
    parser.add_argument("--dtypes", default="float32,bfloat16")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
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
            attack = PlainTextAttack(options.model, recipe, "dynamic", options.seed, options.device)
            for outcome in attack.outcomes(examples):
                plain.append(outcome)
                bar.update()
        for dtype in options.dtypes.split(","):
            victim = load_model(
                str(options.model),
                dtype=dtype,
                device=options.device,
                label_names=dataset.label_names,
            )
            runner = AttackRunner(
                victim,
                recipe,
                track="published",
                seed=options.seed,
                dtype=dtype,
                device=options.device,
            )
            found = differences(plain, runner.run(examples).outcomes)
            rows.append(Row.of(recipe, dtype, len(examples), found))
            reports += [
                f"{recipe} {dtype} {d.example_id} {d.field}: {d.plain} -> {d.ours}" for d in found
            ]
            print(rows[-1], flush=True)
    print()
    print(tabulate([row.cells() for row in rows], headers=HEADERS))
    print("\nDifferences (TextAttack -> robustbert):" if reports else "\nNo differences.")
    print("\n".join(reports))
    return 0 if all(row.is_met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
