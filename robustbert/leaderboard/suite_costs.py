"""What training steps and queries of a suite's rows cost, as table cells and notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from robustbert.leaderboard.relative_times import (
    QueryTimes,
    RelativeTimes,
    StepTimes,
    times_of,
)
from robustbert.leaderboard.row_settings import RowSettings
from robustbert.leaderboard.suite_table import SuiteTable
from robustbert.reports.table_groups import Group
from robustbert.reports.wording import MISSING, counted, listed

#: The hooks by which a defense adds training texts.
_ROW_HOOKS = frozenset({"training_rows", "epoch_rows"})


@dataclass(frozen=True)
class Costs:
    """What training steps and queries cost on the dataset of a table; None if not measured."""

    steps: StepTimes | None
    queries: QueryTimes | None

    @classmethod
    def read(cls, group: Group, training_speed: Path, inference_speed: Path) -> Costs:
        """Read them, as measured on the processor of the table's rows."""
        return cls(
            times_of(StepTimes, group, training_speed), times_of(QueryTimes, group, inference_speed)
        )


def cost_cells(settings: RowSettings, costs: Costs) -> list[str]:
    """The relative time of a training step, its passes, and the relative time of a query."""
    step, query = (
        times.ratio(settings) if times else None for times in (costs.steps, costs.queries)
    )
    passes = settings.step_cost
    return [
        str(step) if step else MISSING,
        f"{passes.forward} + {passes.backward}" if passes else MISSING,
        str(query) if query else MISSING,
    ]


def cost_notes(table: SuiteTable, costs: Costs) -> Iterator[str]:
    """What the times are, and what the training of rows with more texts consists of."""
    if costs.steps is not None:
        yield (
            f"Step time: CPU time of a training step of {costs.steps.model} relative to plain "
            f"training, {_batches_of(costs.steps)}."
        )
    if costs.queries is not None:
        yield (
            f"Query time: CPU time of a float32 prediction of {costs.queries.model} relative to "
            f"the plain model, {_batches_of(costs.queries)}."
        )
    yield "Passes per step: forward + backward, without those that make training texts."
    defenses = dict(pair for line in table.lines for pair in line.settings.built_in.items())
    adding = [name for name, one in defenses.items() if _ROW_HOOKS.intersection(one.hooks)]
    if adding:
        yield (
            f"No step time for {listed(adding)}: training texts are attacked or changed at random, "
            "and the steps are plain ones with more texts."
        )
    after_plain = [name for name in adding if defenses[name].needs_plain_model]
    if after_plain:
        yield f"For {listed(after_plain)}, the plain model is trained first, to attack it."


def _batches_of(times: RelativeTimes) -> str:
    """What a ratio is computed from."""
    return (
        f"median and quartiles over {times.num_batches} batches of "
        f"{counted(times.batch_size, 'text')}, each done by all in turn on one thread "
        f"({times.environment.processor}, {times.instructions})"
    )
