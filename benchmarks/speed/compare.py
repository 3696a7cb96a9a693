"""The same attacks by TextAttack as it comes and by robustbert, side by side.

    python benchmarks/speed/compare.py MODEL [--recipe pwws] [-n 10] [--dtype auto]

MODEL is the folder of a model fine-tuned on rotten_tomatoes. TextAttack's part is its own wrapper
(every query padded to the model's full length) and its own loop, one example at a time
(``plain.py``). Both are timed in one process, TextAttack first; outcomes are compared example by
example.
"""

from __future__ import annotations

import argparse
import time

from plain import plain_outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--recipe", default="pwws")
    parser.add_argument("-n", type=int, default=10)
    parser.add_argument("--dtype", default="auto")
    options = parser.parse_args()

    from robustbert.attacks import AttackRunner
    from robustbert.data import load_dataset, select_examples
    from robustbert.models import load_model

    dataset = load_dataset("rotten_tomatoes")
    examples = select_examples(dataset, "test", options.n, 0).items
    victim = load_model(options.model, dtype=options.dtype, label_names=dataset.label_names)
    runner = AttackRunner(victim, options.recipe, track="published", dtype=options.dtype)
    began = time.perf_counter()
    plain = list(plain_outcomes(options.model, options.recipe, examples, padding="full", seed=0))
    plain_seconds = time.perf_counter() - began
    run = runner.run(examples)
    queries = sum(p.queries for p in plain)
    same_status = sum(p.status == o.status for p, o in zip(plain, run.outcomes, strict=True))
    same_text = sum(
        p.text == (o.adversarial_text if o.status == "broken" else None)
        for p, o in zip(plain, run.outcomes, strict=True)
    )
    print(f"recipe {options.recipe}, {options.n} examples, {queries} queries")
    rows = (("TextAttack", plain_seconds), (f"robustbert {victim.info.dtype}", run.seconds))
    for name, seconds in rows:
        print(f"{name:<20} {seconds:8.1f} s  {1000 * seconds / queries:7.1f} ms a query")
    print(
        f"ratio {plain_seconds / run.seconds:.1f}; same status {same_status}/{options.n}, "
        f"same text {same_text}/{options.n}"
    )


if __name__ == "__main__":
    main()
