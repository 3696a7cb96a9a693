"""Benchmark robustbert against TextAttack on the same attacks.

    python benchmarks/speed/compare.py [--dataset rotten_tomatoes] [--recipes pwws] [-n 10]
    python benchmarks/speed/compare.py --device cuda
    python benchmarks/speed/compare.py --table

Four implementations attack the same examples of a dataset in turn, repeatedly, with rotated order.
The victim is the MiniLM of the suites (it is trained first if it is not cached):

- ``textattack``: unmodified TextAttack, every query padded to 512 tokens, float32;
- ``textattack-dynamic``: the same, padded to the longest text of the batch;
- ``float32`` and ``bfloat16``: robustbert; caches are cleared between repeats.

Each implementation first attacks a short warm-up text, so loading models, word lists and vectors is
not timed. Then robustbert alone attacks ``--floor-examples`` examples, which would take too long
with TextAttack, and its time is compared with the time of the bare forward passes over the same
texts (``floor.py``). One file per recipe is written to ``results/speed/PROCESSOR``: seconds of
every repeat, ratios with their range, the number of equal outcomes, and the floor. ``--table``
prints the contents of these files.

With ``--device cuda`` all models are on the GPU. The file then has the most GPU memory that was
allocated while each implementation ran, and no floor, which is that of a CPU.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from floor import Floor, QueriedTexts, measure_floor
from plain import PlainTextAttack
from speed_tables import DTYPES, PADDING, format_tables, processor_folder, summary

if TYPE_CHECKING:
    from robustbert.data import Example

#: For each dataset, the suite whose plain MiniLM is attacked.
SUITES = {"rotten_tomatoes": "results", "bbc_news": "results", "imdb": "imdb"}
SEED = 0
WARM_UP_WORDS = 20


class RobustbertAttack:
    """robustbert on a model folder, with caches cleared for each run."""

    def __init__(
        self,
        folder: Path,
        recipe: str,
        dtype: str,
        label_names: Sequence[str],
        device: str = "cpu",
    ) -> None:
        self.folder, self.recipe, self.dtype = folder, recipe, dtype
        self.label_names, self.device = label_names, device
        self.queried: dict[str, dict[str, None]] = {"victim": {}, "encoder": {}}

    def attack(self, warm_up_example: Example, examples: Sequence[Example]) -> TimedOutcomes:
        """Load everything, attack the warm-up example, then time the attack on ``examples``."""
        run = self.prepare()
        warm_up(run, warm_up_example)
        self.queried = {"victim": {}, "encoder": {}}
        return timed_attack(run, examples)

    def prepare(self) -> Callable:
        """Load the models with empty caches; return a function that attacks examples."""
        from robustbert.attacks import AttackRunner
        from robustbert.models import load_model
        from robustbert.models.inference.output_cache import OutputCache
        from robustbert.models.sentence_encoder import sentence_encoder

        sentence_encoder.cache_clear()
        victim = load_model(
            str(self.folder), dtype=self.dtype, label_names=self.label_names, device=self.device
        )

        def recorded(network: str, function: Callable, texts: Sequence[str]):
            self.queried[network].update(dict.fromkeys(texts))
            return function(texts)

        output_cache = OutputCache(lambda texts: recorded("victim", victim.predict_proba, texts))
        runner = AttackRunner(
            victim,
            self.recipe,
            track="published",
            seed=SEED,
            dtype=self.dtype,
            device=self.device,
            output_cache=output_cache,
        )
        encoder = runner.encoder
        encode = encoder.encode
        encoder.encode = lambda texts: recorded("encoder", encode, texts)  # type: ignore[method-assign]
        return lambda examples: [
            (o.status, o.adversarial_text if o.status == "broken" else None, o.queries)
            for o in runner.run(examples).outcomes
        ]


def textattack_runner(attack: PlainTextAttack) -> Callable:
    """A function that attacks examples with TextAttack."""
    return lambda examples: [(o.status, o.text, o.queries) for o in attack.outcomes(examples)]


@dataclass(frozen=True)
class TimedOutcomes:
    """Outcomes (status, adversarial text, queries), and the seconds of the attack."""

    outcomes: list[tuple[str, str | None, int]]
    seconds: float


def timed_attack(run: Callable, examples: Sequence[Example]) -> TimedOutcomes:
    """Time an attack on all examples."""
    began = time.perf_counter()
    outcomes = run(examples)
    return TimedOutcomes(outcomes, time.perf_counter() - began)


def warm_up(run: Callable, example: Example) -> None:
    """Attack an example that is labelled with the victim's prediction, so it is not skipped."""
    ((status, _, queries),) = run([example])
    if status == "skipped" or queries < 2:
        raise SystemExit(f"the warm-up example is {status}, so the models are not loaded")


def measure(
    dataset_name: str, recipe: str, n: int, floor_n: int, repeats: int, device: str
) -> dict:
    """Run the measurements for one file of ``results/speed``."""
    from robustbert.bench.environment import capture_environment
    from robustbert.data import load_dataset, select_examples
    from robustbert.machine import instruction_set
    from robustbert.models.devices import choose_device, describe_device

    dataset = load_dataset(dataset_name)
    first, *examples = select_examples(dataset, "test", max(n, floor_n) + 1, SEED).items
    victim = victim_of(dataset_name, dataset)
    text = " ".join(first.text.split()[:WARM_UP_WORDS])
    warm_up_example = replace(first, text=text, label=int(victim.predict_proba([text]).argmax()))
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "minilm"
        victim.save(folder)
        attacks = {
            dtype: RobustbertAttack(folder, recipe, dtype, dataset.label_names, device)
            for dtype in DTYPES
        }
        comparison = compare_implementations(
            attacks, folder, recipe, warm_up_example, examples[:n], repeats, device
        )
        floors = {
            dtype: measure_floor_ratios(attack, warm_up_example, examples[:floor_n], repeats)
            for dtype, attack in attacks.items()
            if device == "cpu"
        }
    return {
        "dataset": dataset_name,
        "recipe": recipe,
        "n": n,
        "seed": SEED,
        **comparison,
        "floor": floors,
        "instructions": instruction_set(),
        "gpu": None if device == "cpu" else describe_device(choose_device(device)),
        "environment": capture_environment(device).model_dump(),
    }


def compare_implementations(
    robustbert_attacks: dict[str, RobustbertAttack],
    folder: Path,
    recipe: str,
    warm_up_example: Example,
    examples: Sequence[Example],
    repeats: int,
    device: str = "cpu",
) -> dict:
    """Run all implementations on the same examples, in rotated order."""
    from robustbert.progress import progress_bar

    textattack = {
        name: textattack_runner(PlainTextAttack(folder, recipe, padding, SEED, device))
        for name, padding in PADDING.items()
    }
    for run in textattack.values():
        warm_up(run, warm_up_example)
    names = [*PADDING, *DTYPES]
    results: dict[str, list[TimedOutcomes]] = {name: [] for name in names}
    memory = dict.fromkeys(names, 0)
    with progress_bar(repeats * len(names), f"{recipe}, all implementations", "run") as bar:
        for repeat in range(repeats):
            first = repeat % len(names)
            for name in names[first:] + names[:first]:
                reset_memory(device)
                results[name].append(
                    robustbert_attacks[name].attack(warm_up_example, examples)
                    if name in robustbert_attacks
                    else timed_attack(textattack[name], examples)
                )
                memory[name] = max(memory[name], allocated_memory(device))
                bar.update()
    seconds = {name: [run.seconds for run in runs] for name, runs in results.items()}
    outcomes = {name: runs[0].outcomes for name, runs in results.items()}
    for name, runs in results.items():
        if any(run.outcomes != outcomes[name] for run in runs):
            raise SystemExit(f"{recipe}, {name}: outcomes differ between repeats")
    return {
        "queries": {name: sum(o[2] for o in found) for name, found in outcomes.items()},
        "seconds": {name: [round(s, 3) for s in times] for name, times in seconds.items()},
        "ratios": {
            f"{dtype} to {name}": summary(
                [a / b for a, b in zip(seconds[name], seconds[dtype], strict=True)]
            )
            for name in PADDING
            for dtype in DTYPES
        },
        "same": {
            dtype: {
                field: sum(
                    a[i] == b[i]
                    for a, b in zip(outcomes[dtype], outcomes["textattack"], strict=True)
                )
                for i, field in enumerate(("status", "text", "queries"))
            }
            for dtype in DTYPES
        },
        "memory": memory if device != "cpu" else None,
    }


def reset_memory(device: str) -> None:
    """Forget how much memory of a GPU was allocated so far."""
    import torch

    if device != "cpu":
        torch.cuda.reset_peak_memory_stats(device)


def allocated_memory(device: str) -> int:
    """The most bytes of a GPU that were allocated since the last reset; 0 for the CPU."""
    import torch

    return 0 if device == "cpu" else int(torch.cuda.max_memory_allocated(device))


def measure_floor_ratios(
    attack: RobustbertAttack, warm_up_example: Example, examples: Sequence[Example], repeats: int
) -> dict[str, object]:
    """Time the attack and the bare forward passes over its queried texts, in alternation."""
    from robustbert.progress import progress_bar

    attack_seconds: list[float] = []
    floors: list[Floor] = []
    with progress_bar(repeats, f"{attack.recipe} {attack.dtype}, floor", "run") as bar:
        for _ in range(repeats):
            attack_seconds.append(attack.attack(warm_up_example, examples).seconds)
            queried = QueriedTexts(**{name: tuple(texts) for name, texts in attack.queried.items()})
            floors.append(measure_floor(attack.folder, queried, attack.dtype))
            bar.update()
    pairs = list(zip(attack_seconds, floors, strict=True))
    return {
        "n": len(examples),
        "attack": [round(seconds, 3) for seconds in attack_seconds],
        "victim": [round(floor.victim, 3) for floor in floors],
        "encoder": [round(floor.encoder, 3) for floor in floors],
        "gflops": [round(floor.gflops, 1) for floor in floors],
        "attack_to_bare": summary([seconds / floor.forward_seconds for seconds, floor in pairs]),
        "forward_to_peak": summary([floor.victim / floor.victim_at_peak for floor in floors]),
    }


def victim_of(dataset_name: str, dataset, dtype: str = "float32"):
    """The undefended MiniLM of the suite of the dataset."""
    from robustbert.bench import load_suite, make_plan
    from robustbert.bench.victims import prepare_victim

    cells = make_plan(load_suite(SUITES[dataset_name])).cells
    spec = next(c.victim for c in cells if c.victim.name == "minilm" and not c.victim.defenses)
    return prepare_victim(spec, dataset, seed=SEED, dtype=dtype).classifier


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="rotten_tomatoes", choices=SUITES)
    parser.add_argument("--recipes", default="deepwordbug,pwws,textfooler,textbugger")
    parser.add_argument("-n", "--num-examples", type=int, default=10)
    parser.add_argument("--floor-examples", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--table", action="store_true", help="only print existing measurements")
    options = parser.parse_args()
    for recipe in () if options.table else options.recipes.split(","):
        measured = measure(
            options.dataset,
            recipe,
            options.num_examples,
            options.floor_examples,
            options.repeats,
            options.device,
        )
        folder = processor_folder(measured)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{options.dataset}-{recipe}.json"
        path.write_text(json.dumps(measured, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(format_tables())


if __name__ == "__main__":
    main()
