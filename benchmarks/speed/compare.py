"""The same attacks by TextAttack and by robustbert, side by side.

    python benchmarks/speed/compare.py [--dataset rotten_tomatoes] [--recipes pwws] [-n 10]
    python benchmarks/speed/compare.py --table

Four sides attack the same examples of a dataset on the MiniLM that the suites train (it is trained
first if it is not in the cache), one after the other, again and again in turned order:

- ``textattack``: TextAttack as it comes, every query padded to 512 tokens, float32;
- ``textattack-dynamic``: the same, padded to the longest text of a query;
- ``float32`` and ``bfloat16``: robustbert, which keeps no answer from one repeat to the next.

Every side first attacks another, short text, so that models, word lists and vectors are loaded
before the clock starts. Then robustbert alone attacks ``--floor-examples`` examples, more than one
would wait for TextAttack to finish, to compare that with the bare forward passes over the texts
that it asked (``floor.py``). One file per recipe is written to ``results/speed/PROCESSOR``: seconds
of every repeat, ratios with their spread, how many outcomes are the same, and the floor.
``--table`` prints what is in these files.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from floor import Asked, Floor, measure_floor
from plain import PlainTextAttack
from tabulate import tabulate

if TYPE_CHECKING:
    from robustbert.data import Example

RESULTS = Path(__file__).parents[2] / "results" / "speed"
#: The suite whose plain MiniLM is attacked.
SUITES = {"rotten_tomatoes": "results", "bbc_news": "results", "imdb": "imdb"}
DTYPES = ("float32", "bfloat16")
PLAIN = {"textattack": "full", "textattack-dynamic": "dynamic"}
#: How many times as fast as TextAttack as it comes robustbert sets out to be, on 2 cores.
WITHOUT_ENCODER = {"float32": 20, "bfloat16": 60}
WITH_ENCODER = {"float32": 15, "bfloat16": 40}
LONG = {"float32": 4, "bfloat16": 10}
TARGETS = {
    "rotten_tomatoes": {
        "deepwordbug": WITHOUT_ENCODER,
        "pwws": WITHOUT_ENCODER,
        "textfooler": WITH_ENCODER,
        "textbugger": WITH_ENCODER,
    },
    "imdb": {"pwws": LONG, "textfooler": LONG},
}
#: What is printed of the floor, and what it should be at most.
FLOOR = {
    "attack_to_bare": "attack to bare forward (1.25)",
    "forward_to_peak": "forward to peak (1.4)",
}
SEED = 0
WARM_WORDS = 20


class Ours:
    """robustbert on a model folder, as new each time it runs."""

    def __init__(self, folder: Path, recipe: str, dtype: str, label_names: Sequence[str]) -> None:
        self.folder, self.recipe, self.dtype = folder, recipe, dtype
        self.label_names = label_names
        self.asked: dict[str, dict[str, None]] = {"victim": {}, "encoder": {}}

    def attack(self, warm: Example, examples: Sequence[Example]) -> Attacked:
        """Load everything, attack ``warm``, then time the attack on ``examples``."""
        run = self.prepare()
        warm_up(run, warm)
        self.asked = {"victim": {}, "encoder": {}}
        return attack(run, examples)

    def prepare(self) -> Callable:
        from robustbert.attacks import AttackRunner
        from robustbert.models import load_model
        from robustbert.models.inference.answer_cache import AnswerCache
        from robustbert.models.sentence_encoder import sentence_encoder

        sentence_encoder.cache_clear()
        victim = load_model(str(self.folder), dtype=self.dtype, label_names=self.label_names)

        def note(who: str, function: Callable, texts: Sequence[str]):
            self.asked[who].update(dict.fromkeys(texts))
            return function(texts)

        answers = AnswerCache(lambda texts: note("victim", victim.predict_proba, texts))
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


@dataclass(frozen=True)
class Attacked:
    """Outcomes (status, adversarial text, queries), and the seconds that they took."""

    outcomes: list[tuple[str, str | None, int]]
    seconds: float


def attack(run: Callable, examples: Sequence[Example]) -> Attacked:
    began = time.perf_counter()
    outcomes = run(examples)
    return Attacked(outcomes, time.perf_counter() - began)


def warm_up(run: Callable, warm: Example) -> None:
    """Attack ``warm``, which has the label that the victim gives it, or nothing would happen."""
    ((status, _, queries),) = run([warm])
    if status == "skipped" or queries < 2:
        raise SystemExit(f"the warm-up's status is {status}: it loads nothing")


def measure(dataset_name: str, recipe: str, n: int, floor_n: int, repeats: int) -> dict:
    """Everything that a file of ``results/speed`` holds."""
    from robustbert.bench.environment import capture_environment
    from robustbert.data import load_dataset, select_examples
    from robustbert.machine import instruction_set

    dataset = load_dataset(dataset_name)
    first, *examples = select_examples(dataset, "test", max(n, floor_n) + 1, SEED).items
    victim = victim_of(dataset_name, dataset)
    text = " ".join(first.text.split()[:WARM_WORDS])
    warm = replace(first, text=text, label=int(victim.predict_proba([text]).argmax()))
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "minilm"
        victim.save(folder)
        ours = {dtype: Ours(folder, recipe, dtype, dataset.label_names) for dtype in DTYPES}
        sides = compare_sides(ours, folder, recipe, warm, examples[:n], repeats)
        floors = {
            dtype: measure_own_floor(own, warm, examples[:floor_n], repeats)
            for dtype, own in ours.items()
        }
    return {
        "dataset": dataset_name,
        "recipe": recipe,
        "n": n,
        "seed": SEED,
        **sides,
        "floor": floors,
        "instructions": instruction_set(),
        "environment": capture_environment("cpu").model_dump(),
    }


def compare_sides(
    ours: dict[str, Ours],
    folder: Path,
    recipe: str,
    warm: Example,
    examples: Sequence[Example],
    repeats: int,
) -> dict:
    """All sides on the same examples, in turns."""
    from robustbert.progress import progress_bar

    attacks = {
        side: plain(PlainTextAttack(folder, recipe, padding, SEED))
        for side, padding in PLAIN.items()
    }
    for run in attacks.values():
        warm_up(run, warm)
    names = [*PLAIN, *DTYPES]
    got: dict[str, list[Attacked]] = {side: [] for side in names}
    with progress_bar(repeats * len(names), f"{recipe}, all sides", "run") as bar:
        for repeat in range(repeats):
            turn = repeat % len(names)
            for side in names[turn:] + names[:turn]:
                own = ours.get(side)
                got[side].append(
                    own.attack(warm, examples) if own else attack(attacks[side], examples)
                )
                bar.update()
    seconds = {side: [one.seconds for one in runs] for side, runs in got.items()}
    found = {side: runs[0].outcomes for side, runs in got.items()}
    for side, runs in got.items():
        if any(run.outcomes != found[side] for run in runs):
            raise SystemExit(f"{recipe}, {side}: outcomes differ from repeat to repeat")
    return {
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
    }


def measure_own_floor(
    own: Ours, warm: Example, examples: Sequence[Example], repeats: int
) -> dict[str, object]:
    """The attack against the bare forward passes of its own texts, side by side each time."""
    from robustbert.progress import progress_bar

    attacks: list[float] = []
    floors: list[Floor] = []
    with progress_bar(repeats, f"{own.recipe} {own.dtype}, the floor", "run") as bar:
        for _ in range(repeats):
            attacks.append(own.attack(warm, examples).seconds)
            asked = Asked(**{who: tuple(texts) for who, texts in own.asked.items()})
            floors.append(measure_floor(own.folder, asked, own.dtype))
            bar.update()
    pairs = list(zip(attacks, floors, strict=True))
    return {
        "n": len(examples),
        "attack": [round(seconds, 3) for seconds in attacks],
        "victim": [round(floor.victim, 3) for floor in floors],
        "encoder": [round(floor.encoder, 3) for floor in floors],
        "gflops": [round(floor.gflops, 1) for floor in floors],
        "attack_to_bare": spread([seconds / floor.bare for seconds, floor in pairs]),
        "forward_to_peak": spread([floor.victim / floor.victim_at_peak for floor in floors]),
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


def processor_folder(got: dict) -> Path:
    """Where what was measured on one kind of processor belongs."""
    words = re.findall(
        r"[a-z0-9]+", f"{got['environment']['processor']} {got['instructions']}".lower()
    )
    return RESULTS / "-".join(words)


def table() -> str:
    """The files of ``results/speed``: for each processor, its name and its tables."""
    return "\n\n".join(
        processor_tables(sorted(folder.glob("*.json")))
        for folder in sorted(RESULTS.iterdir())
        if folder.is_dir()
    )


def processor_tables(paths: Sequence[Path]) -> str:
    """One row per file, in two Markdown tables: ratios, and floors."""
    ratios, floors = [], []
    for path in paths:
        got = json.loads(path.read_text(encoding="utf-8"))
        name = f"{got['dataset']} {got['recipe']}"
        targets = TARGETS.get(got["dataset"], {}).get(got["recipe"], {})
        cells = []
        for side in PLAIN:
            for dtype in DTYPES:
                cells.append(f"{shown(got['ratios'][f'{dtype} to {side}'])}×")
                if side == "textattack":
                    cells.append(f"{targets[dtype]}×" if targets else "none")
        ratios.append([name, got["n"], *cells])
        own = [got["floor"][dtype] for dtype in DTYPES]
        floors.append([name, own[0]["n"], *(shown(one[key], 2) for key in FLOOR for one in own)])
    heads = ["float32", "target", "bfloat16", "target", *(f"{d}, dynamic padding" for d in DTYPES)]
    own_heads = [f"{dtype}, {what}" for what in FLOOR.values() for dtype in DTYPES]
    title = f"**{got['environment']['processor']}, {got['instructions']}**"
    tables = [
        tabulate(
            rows,
            headers=["attack", "examples", *columns],
            tablefmt="github",
            colalign=["left", *["right"] * (len(columns) + 1)],
        )
        for rows, columns in ((ratios, heads), (floors, own_heads))
    ]
    return "\n\n".join([title, *tables])


def shown(found: dict[str, float], digits: int = 1) -> str:
    """The median, and the least and the greatest in brackets."""
    low, middle, high = (f"{found[key]:.{digits}f}" for key in ("min", "median", "max"))
    return f"{middle} ({low}–{high})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="rotten_tomatoes", choices=SUITES)
    parser.add_argument("--recipes", default="deepwordbug,pwws,textfooler,textbugger")
    parser.add_argument("-n", "--num-examples", type=int, default=10)
    parser.add_argument("--floor-examples", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--table", action="store_true", help="only print what was measured before")
    options = parser.parse_args()
    for recipe in () if options.table else options.recipes.split(","):
        got = measure(
            options.dataset,
            recipe,
            options.num_examples,
            options.floor_examples,
            options.repeats,
        )
        folder = processor_folder(got)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{options.dataset}-{recipe}.json"
        path.write_text(json.dumps(got, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(table())


if __name__ == "__main__":
    main()
