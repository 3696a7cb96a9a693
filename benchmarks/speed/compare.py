"""The same attacks by TextAttack and by robustbert, side by side.

    python benchmarks/speed/compare.py [--dataset rotten_tomatoes] [--recipes pwws] [-n 10]
    python benchmarks/speed/compare.py --table

Four sides attack the same examples of a dataset on the MiniLM that the suites train (it is trained
first if it is not in the cache), one after the other, again and again in turned order:

- ``textattack``: TextAttack as it comes, every query padded to 512 tokens, float32;
- ``textattack-dynamic``: the same, padded to the longest text of a query;
- ``float32`` and ``bfloat16``: robustbert, which remembers nothing from one repeat to the next.

Models, word lists and vectors are loaded before the clock starts, on every side. A file a recipe is
written to ``results/speed``: seconds of every repeat, ratios with their spread, how many outcomes
are the same, and the floor (``floor.py``). ``--table`` prints what is in these files.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from floor import Asked, measure_floor
from plain import PlainTextAttack
from tabulate import tabulate

RESULTS = Path(__file__).parents[2] / "results" / "speed"
#: The suite whose plain MiniLM is attacked.
SUITES = {"rotten_tomatoes": "results", "bbc_news": "results", "imdb": "imdb"}
DTYPES = ("float32", "bfloat16")
PLAIN = {"textattack": "full", "textattack-dynamic": "dynamic"}
SEED = 0


class Ours:
    """robustbert on a model folder, as new each time it runs."""

    def __init__(self, folder: Path, recipe: str, dtype: str, label_names: Sequence[str]) -> None:
        self.folder, self.recipe, self.dtype = folder, recipe, dtype
        self.label_names = label_names
        self.asked: dict[str, dict[str, None]] = {"victim": {}, "encoder": {}}

    def prepare(self) -> Callable:
        from robustbert.attacks import AttackRunner
        from robustbert.models import load_model
        from robustbert.models.encoder import sentence_encoder
        from robustbert.models.remembered import Remembered

        sentence_encoder.cache_clear()
        victim = load_model(str(self.folder), dtype=self.dtype, label_names=self.label_names)

        def note(who: str, function: Callable, texts: Sequence[str]):
            self.asked[who].update(dict.fromkeys(texts))
            return function(texts)

        answers = Remembered(lambda texts: note("victim", victim.predict_proba, texts))
        runner = AttackRunner(
            victim, self.recipe, track="published", seed=SEED, dtype=self.dtype, answers=answers
        )
        encoder = runner.encoder
        encode = encoder.encode
        encoder.encode = lambda texts: note("encoder", encode, texts)  # type: ignore[method-assign]
        return lambda examples: [
            (o.status, o.adversarial_text if o.status == "broken" else None, o.queries)
            for o in runner.run(examples).outcomes
        ]


def plain(attack: PlainTextAttack) -> Callable:
    return lambda examples: [(o.status, o.text, o.queries) for o in attack.outcomes(examples)]


def measure(dataset_name: str, recipe: str, n: int, repeats: int) -> dict:
    """Everything that a file of ``results/speed`` holds."""
    from robustbert.bench.environment import capture_environment
    from robustbert.data import load_dataset, select_examples
    from robustbert.progress import progress_bar

    dataset = load_dataset(dataset_name)
    warm, *examples = select_examples(dataset, "test", n + 1, SEED).items
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "minilm"
        victim_of(dataset_name, dataset).save(folder)
        ours = {dtype: Ours(folder, recipe, dtype, dataset.label_names) for dtype in DTYPES}
        attacks = {
            side: PlainTextAttack(folder, recipe, padding, SEED) for side, padding in PLAIN.items()
        }
        sides = [*PLAIN, *DTYPES]
        seconds: dict[str, list[float]] = {side: [] for side in sides}
        found: dict[str, list] = {}
        with progress_bar(repeats * len(sides), f"{dataset_name} {recipe}", "run") as bar:
            for repeat in range(repeats):
                for side in sides[repeat:] + sides[:repeat]:
                    run = ours[side].prepare() if side in ours else plain(attacks[side])
                    run([warm])
                    if side in ours:
                        ours[side].asked = {"victim": {}, "encoder": {}}
                    began = time.perf_counter()
                    found[side] = run(examples)
                    seconds[side].append(time.perf_counter() - began)
                    bar.update()
        floors = {
            dtype: measure_floor(
                folder, Asked(**{k: tuple(v) for k, v in own.asked.items()}), dtype
            )
            for dtype, own in ours.items()
        }
    return {
        "dataset": dataset_name,
        "recipe": recipe,
        "n": n,
        "seed": SEED,
        "queries": {side: sum(o[2] for o in outcomes) for side, outcomes in found.items()},
        "seconds": {side: [round(s, 3) for s in times] for side, times in seconds.items()},
        "ratios": {
            f"{dtype} to {side}": spread(
                [a / b for a, b in zip(seconds[side], seconds[dtype], strict=True)]
            )
            for side in PLAIN
            for dtype in DTYPES
        },
        "same": {
            dtype: {
                what: sum(
                    a[i] == b[i] for a, b in zip(found[dtype], found["textattack"], strict=True)
                )
                for i, what in enumerate(("status", "text", "queries"))
            }
            for dtype in DTYPES
        },
        "floor": {
            dtype: {
                **{name: round(value, 3) for name, value in asdict(floor).items()},
                "attack_to_bare": spread([s / floor.bare for s in seconds[dtype]]),
                "forward_to_peak": round(floor.victim / floor.victim_at_peak, 3),
            }
            for dtype, floor in floors.items()
        },
        "environment": capture_environment("cpu").model_dump(),
    }


def victim_of(dataset_name: str, dataset, dtype: str = "float32"):
    """The plain MiniLM of the dataset's suite."""
    from robustbert.bench import load_suite, make_plan
    from robustbert.bench.victims import prepare_victim

    cells = make_plan(load_suite(SUITES[dataset_name])).cells
    spec = next(c.victim for c in cells if c.victim.name == "minilm" and not c.victim.defense)
    return prepare_victim(spec, dataset, seed=SEED, dtype=dtype).classifier


def spread(values: Sequence[float]) -> dict[str, float]:
    """Least, median and greatest."""
    found = {"min": min(values), "median": statistics.median(values), "max": max(values)}
    return {name: round(value, 2) for name, value in found.items()}


def table() -> str:
    """The files of ``results/speed``, a row each, in Markdown."""
    rows = []
    for path in sorted(RESULTS.glob("*.json")):
        got = json.loads(path.read_text(encoding="utf-8"))
        ratios = [got["ratios"][f"{dtype} to {side}"] for side in PLAIN for dtype in DTYPES]
        floors = [got["floor"][dtype] for dtype in DTYPES]
        rows.append(
            [
                f"{got['dataset']} {got['recipe']} (n={got['n']})",
                *(f"{r['median']:.1f} ({r['min']:.1f}–{r['max']:.1f})" for r in ratios),
                *(f"{floor['attack_to_bare']['median']:.2f}" for floor in floors),
                *(f"{floor['forward_to_peak']:.2f}" for floor in floors),
            ]
        )
    headers = ["", *(f"{d}, to {s}" for s in PLAIN for d in DTYPES)]
    headers += [f"{d}, attack to bare forward" for d in DTYPES]
    headers += [f"{d}, forward to peak" for d in DTYPES]
    return tabulate(rows, headers=headers, tablefmt="github")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="rotten_tomatoes", choices=SUITES)
    parser.add_argument("--recipes", default="deepwordbug,pwws,textfooler,textbugger")
    parser.add_argument("-n", "--num-examples", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--table", action="store_true", help="only print what was measured before")
    options = parser.parse_args()
    for recipe in () if options.table else options.recipes.split(","):
        got = measure(options.dataset, recipe, options.num_examples, options.repeats)
        RESULTS.mkdir(parents=True, exist_ok=True)
        path = RESULTS / f"{options.dataset}-{recipe}.json"
        path.write_text(json.dumps(got, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(table())


if __name__ == "__main__":
    main()
