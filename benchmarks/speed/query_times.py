"""Measure the CPU time of predictions with each defense relative to the plain model.

    python benchmarks/speed/query_times.py [--suite defenses] [--batches 20]
    python benchmarks/speed/query_times.py --table

Attacks ask a classifier about many texts at once. Here MiniLM, and every list of defenses of the
suite that changes predictions, classify batches of training texts: each batch one after the other,
in rotated order, on one thread; so what else runs on the machine affects all alike. No text occurs
twice, and the first batch is not counted. The dtype is float32: in bfloat16, close predictions are
computed again in float32, and how many are close depends on the weights. So the plain model is used
for all, without training it with the defenses.

The CPU times are written to ``queries-DATASET.json`` in ``results/inference-speed/PROCESSOR``,
which the tables of ``docs/defenses.md`` use. ``--table`` prints the median ratio to the plain model
of these files, with quartiles over batches.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import compress
from typing import TYPE_CHECKING

import torch
from speed_tables import RESULTS
from tabulate import tabulate
from times_command import run_measurement

from robustbert.leaderboard.relative_times import (
    QUERY_SETTINGS,
    MeasuredDefenses,
    QueryTimes,
)
from robustbert.leaderboard.row_settings import RowSettings
from robustbert.reports.conditions import canonical

if TYPE_CHECKING:
    from robustbert.bench import Suite
    from robustbert.defenses import Composition
    from robustbert.models import Classifier

INFERENCE_RESULTS = RESULTS.parent / "inference-speed"
BASE = "minilm"
BATCH_SIZE = 64
SEED = 0


def wrappers_of_suite(suite: Suite) -> list[Composition]:
    """No defense, and the lists of those defenses of a suite that change predictions; each once."""
    from robustbert.bench import make_plan
    from robustbert.defenses import Composition, compose

    found = {(): compose(())}
    for _, victim in make_plan(suite).victims():
        if victim.base != BASE or QUERY_SETTINGS & victim.training.keys():
            continue
        defenses = compose(victim.defenses)
        wrapping = [one.overrides("wrap") for one in defenses.defenses]
        wrappers = tuple(compress(defenses.defenses, wrapping))
        found[wrappers] = Composition(tuple(compress(defenses.names, wrapping)), wrappers)
    return list(found.values())


def measure_queries(
    classifiers: Sequence[Classifier], batches: Sequence[Sequence[str]]
) -> list[list[float]]:
    """The CPU seconds of each classifier on each batch, except for the first batch."""
    seconds: list[list[float]] = [[] for _ in classifiers]
    for number, texts in enumerate(batches):
        for i in range(number, number + len(classifiers)):
            turn = i % len(classifiers)
            began = time.process_time()
            classifiers[turn].predict_proba(texts)
            seconds[turn].append(time.process_time() - began)
    return [of_classifier[1:] for of_classifier in seconds]


def measure(suite: Suite, dataset_name: str, batches: int) -> QueryTimes:
    """Run the measurement for a file of results."""
    from robustbert.bench.environment import capture_environment
    from robustbert.bench.victims import plain_model
    from robustbert.data import load_dataset
    from robustbert.machine import instruction_set
    from robustbert.models import load_model
    from robustbert.training import TrainingConfig

    torch.set_num_threads(1)
    dataset = load_dataset(dataset_name)
    folder = plain_model(BASE, dataset, TrainingConfig(seed=SEED)).folder
    plain = load_model(str(folder), dtype="float32", device="cpu", label_names=dataset.label_names)
    compositions = wrappers_of_suite(suite)
    texts = dataset.split("train").shuffle(seed=SEED)["text"][: (1 + batches) * BATCH_SIZE]
    parts = [texts[start : start + BATCH_SIZE] for start in range(0, len(texts), BATCH_SIZE)]
    full = [part for part in parts if len(part) == BATCH_SIZE]
    if len(full) < 3:
        raise SystemExit(f"{dataset_name} has too few texts for 3 batches of {BATCH_SIZE}")
    seconds = measure_queries([one.wrap(plain) for one in compositions], full)
    return QueryTimes(
        model=BASE,
        dataset=dataset_name,
        batch_size=BATCH_SIZE,
        seed=SEED,
        instructions=instruction_set(),
        environment=capture_environment("cpu"),
        rows=[
            MeasuredDefenses(
                defenses=list(defenses.refs()),
                cpu_seconds=[round(one, 4) for one in of_defenses],
            )
            for defenses, of_defenses in zip(compositions, seconds, strict=True)
        ],
    )


def format_table(times: QueryTimes) -> str:
    """Format a file as a Markdown table, one row per list of defenses."""
    rows = []
    for row in times.rows:
        refs = canonical([ref.model_dump() for ref in row.defenses])
        settings = RowSettings(times.model, refs, canonical({}))
        mean = sum(row.cpu_seconds) / len(row.cpu_seconds) / times.batch_size
        rows.append([settings.title, f"{1000 * mean:.2f}", times.ratio(settings)])
    title = f"**{times.environment.processor}, {times.instructions}, {times.dataset}**"
    headers = ["model", "CPU ms per text", "relative to plain"]
    table = tabulate(
        rows,
        headers=headers,
        tablefmt="github",
        colalign=["left", "right", "right"],
        disable_numparse=True,
    )
    return f"{title}\n\n{table}"


def main() -> None:
    run_measurement(
        QueryTimes,
        measure,
        format_table,
        description=__doc__.splitlines()[0],
        suite="defenses",
        results=INFERENCE_RESULTS,
    )


if __name__ == "__main__":
    main()
