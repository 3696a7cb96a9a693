"""The same attacks by TextAttack as it comes and by robustbert, side by side.

    python benchmarks/speed/compare.py MODEL [--recipe pwws] [-n 10] [--dtype auto]

MODEL is the folder of a model fine-tuned on rotten_tomatoes. TextAttack's part is its own wrapper
(every query padded to the model's full length) and its own loop, one example at a time, with the
same word lists and vectors on disk and the same seeds. Both are timed in one process, TextAttack
first; outcomes are compared example by example. Recipes that need a stand-in for a part of
TextAttack (textbugger, textfooler, a2t) have no such other side.
"""

from __future__ import annotations

import argparse
import random
import time

RECIPES = ("deepwordbug", "iga", "leap", "pruthi", "pwws")


def textattack_outcomes(folder, name, examples, seed):
    import numpy as np
    import torch
    from textattack.models.wrappers import HuggingFaceModelWrapper
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from robustbert.assets import no_downloads
    from robustbert.attacks.recipes import recipe
    from robustbert.seeds import derive_seed

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.model_max_length = min(512, model.config.max_position_embeddings)
    with no_downloads():
        attack = recipe(name).load().build(HuggingFaceModelWrapper(model, tokenizer))
    for example in examples:
        state = derive_seed(seed, name, "published", example.example_id)
        random.seed(state)
        np.random.seed(state)
        torch.manual_seed(state)
        result = attack.attack(example.text, example.label)
        status = type(result).__name__.replace("AttackResult", "").lower()
        status = {"successful": "broken", "failed": "robust"}.get(status, status)
        yield status, result.perturbed_text(), result.num_queries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--recipe", default="pwws", choices=RECIPES)
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
    plain = list(textattack_outcomes(options.model, options.recipe, examples, 0))
    plain_seconds = time.perf_counter() - began
    run = runner.run(examples)
    queries = sum(count for *_, count in plain)
    same_status = sum(p[0] == o.status for p, o in zip(plain, run.outcomes, strict=True))
    same_text = sum(
        p[1] == (o.adversarial_text or o.text) or o.status != "broken"
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
