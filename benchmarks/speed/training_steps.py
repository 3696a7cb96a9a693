"""Measure the CPU time of a training step with each defense relative to plain training.

    python benchmarks/speed/training_steps.py [--suite defense_selection] [--batches 20]
    python benchmarks/speed/training_steps.py --table

The steps are those of MiniLM in ``robustbert train``, on one thread: same batches, dtype and
optimizer. Each batch is done by plain training and by every defense of the suite that changes the
training loss, one after the other, in rotated order; so what else runs on the machine affects all
alike. The first batch is not counted. All steps are of the same network, whose weights move on.

Defenses that attack training texts have plain steps on more texts, so they are left out. The CPU
time of every step is written to ``results/training-speed/PROCESSOR/steps-DATASET.json``, which the
tables of ``docs/defenses.md`` use. ``--table`` prints the median ratio to plain training of these
files, with quartiles over batches, beside the declared number of passes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import torch
import transformers
from a2t_epoch import TRAINING_RESULTS
from tabulate import tabulate
from times_command import run_measurement

from robustbert.leaderboard.relative_times import (
    STEP_SETTINGS,
    MeasuredDefenses,
    StepTimes,
)
from robustbert.leaderboard.row_settings import RowSettings
from robustbert.reports.conditions import canonical

if TYPE_CHECKING:
    from robustbert.bench import Suite
    from robustbert.data import TextDataset
    from robustbert.defenses import Composition
    from robustbert.training import TrainingConfig

BASE = "minilm"
SEED = 0


def losses_of_suite(suite: Suite) -> list[Composition]:
    """Plain training, and the defenses of a suite that change its loss; each list once."""
    from robustbert.bench import make_plan
    from robustbert.defenses import compose

    found = {(): compose(())}
    for _, victim in make_plan(suite).victims():
        defenses = compose(victim.defenses)
        changes_loss = any(one.has_training_loss for one in defenses.defenses)
        own = victim.base != BASE or STEP_SETTINGS & victim.training.keys()
        if changes_loss and not own:
            found[defenses.defenses] = defenses
    return list(found.values())


class StepTimer(transformers.TrainerCallback):
    """Takes several training steps on each batch of a training, and measures their CPU time.

    It is a callback and a training loss, so the Trainer decides about batches, dtype and optimizer.

    Args:
        compositions: the defenses of each step.

    Attributes:
        cpu_seconds: the seconds of each step on each batch.
    """

    def __init__(self, compositions: Sequence[Composition]) -> None:
        self._compositions = compositions
        self.cpu_seconds: list[list[float]] = [[] for _ in compositions]

    def on_step_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Store what the Trainer gives to callbacks."""
        self._event, self._given = (args, state, control), given

    def loss(self, model: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Take all steps on a batch; the plain loss."""
        count = len(self._compositions)
        first = len(self.cpu_seconds[0])
        for i in range(first, first + count):
            composition = self._compositions[i % count]
            self.cpu_seconds[i % count].append(self._take_step(composition, model, inputs))
        return plain_loss(model, inputs)

    def _take_step(
        self, composition: Composition, model: Any, inputs: Mapping[str, torch.Tensor]
    ) -> float:
        defenses = composition.defenses
        loss = next((one.training_loss for one in defenses if one.has_training_loss), plain_loss)
        callbacks = [callback for one in defenses for callback in one.callbacks()]
        for callback in callbacks:
            callback.on_init_end(*self._event, **self._given)
        # The Trainer leaves autocast, and with it the cast weights, after every loss.
        torch.clear_autocast_cache()
        began = time.process_time()
        value = loss(model, inputs)
        with torch.autocast(value.device.type, enabled=False):
            value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), self._event[0].max_grad_norm)
        self._given["optimizer"].step()
        model.zero_grad()
        for callback in callbacks:
            callback.on_step_end(*self._event, **self._given)
        seconds = time.process_time() - began
        for callback in callbacks:
            callback.on_train_end(*self._event, **self._given)
        torch.clear_autocast_cache()
        return seconds


def plain_loss(model: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The loss of plain training, which the network computes."""
    loss: torch.Tensor = model(**inputs).loss
    return loss


def measure_steps(
    compositions: Sequence[Composition],
    dataset: TextDataset,
    base: str,
    config: TrainingConfig,
    batches: int,
) -> list[list[float]]:
    """The CPU seconds of the step of each list of defenses on each batch, after a warm-up."""
    from robustbert.training import train

    sizes = {"train": (1 + batches) * config.batch_size}
    splits = {
        name: split.shuffle(seed=SEED).select(range(sizes.get(name, config.batch_size)))
        for name, split in dataset.splits.items()
    }
    timer = StepTimer(compositions)
    config = replace(config, epochs=1, evals_per_epoch=1, device="cpu", seed=SEED)
    with TemporaryDirectory() as folder:
        out = Path(folder) / "model"
        part = replace(dataset, splits=splits)
        train(part, base, config, out, loss=timer.loss, callbacks=[timer])
    return [seconds[1:] for seconds in timer.cpu_seconds]


def measure(suite: Suite, dataset_name: str, batches: int) -> StepTimes:
    """Run the measurement for a file of results."""
    from robustbert.bench.environment import capture_environment
    from robustbert.data import load_dataset
    from robustbert.machine import instruction_set
    from robustbert.training import TrainingConfig

    torch.set_num_threads(1)
    config = TrainingConfig()
    compositions = losses_of_suite(suite)
    dataset = load_dataset(dataset_name)
    environment = capture_environment("cpu")
    steps = measure_steps(compositions, dataset, BASE, config, batches)
    return StepTimes(
        model=BASE,
        dataset=dataset_name,
        batch_size=config.batch_size,
        seed=SEED,
        instructions=instruction_set(),
        environment=environment,
        rows=[
            MeasuredDefenses(
                defenses=list(defenses.refs()),
                cpu_seconds=[round(seconds, 4) for seconds in of_defenses],
            )
            for defenses, of_defenses in zip(compositions, steps, strict=True)
        ],
    )


def format_table(times: StepTimes) -> str:
    """Format a file as a Markdown table, one row per list of defenses."""
    rows = []
    for row in times.rows:
        settings = RowSettings(
            times.model, canonical([ref.model_dump() for ref in row.defenses]), canonical({})
        )
        passes = settings.step_cost
        rows.append(
            [
                settings.title,
                f"{passes.forward} + {passes.backward}" if passes else "n/a",
                f"{1000 * sum(row.cpu_seconds) / len(row.cpu_seconds):.0f}",
                times.ratio(settings),
            ]
        )
    title = f"**{times.environment.processor}, {times.instructions}, {times.dataset}**"
    headers = ["model", "forward + backward passes", "CPU ms per step", "relative to plain"]
    align = ["left", *["right"] * 3]
    return f"{title}\n\n{tabulate(rows, headers=headers, tablefmt='github', colalign=align)}"


def main() -> None:
    run_measurement(
        StepTimes,
        measure,
        format_table,
        description=__doc__.splitlines()[0],
        suite="defense_selection",
        results=TRAINING_RESULTS,
    )


if __name__ == "__main__":
    main()
