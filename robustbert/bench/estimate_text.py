"""Format an :class:`~robustbert.bench.estimate.Estimate` as text for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from robustbert.assets.profiles import OFFLINE
from robustbert.bench.estimate import CellEstimate, Estimate
from robustbert.bench.meter import TrainingEstimate
from robustbert.bench.victim_spec import VictimSpec
from robustbert.console import printable
from robustbert.reports.escape import shorten
from robustbert.reports.wording import counted

_MAX_NAME_LENGTH = 32
_UNKNOWN = "n/a"


def estimate_text(estimate: Estimate) -> str:
    """Tables of training runs and cells, the totals, and a note on how they were estimated."""
    parts = []
    if estimate.training_runs:
        parts.append(_table(_TRAINING_COLUMNS, map(_training_row, estimate.training_runs), right=1))
    parts.append(_table(_CELL_COLUMNS, map(_cell_row, estimate.cells), right=3))
    parts.append("\n".join(_totals(estimate)))
    return "\n\n".join(parts)


_TRAINING_COLUMNS = ("dataset", "model", "defense", "training seed", "training hours")
_CELL_COLUMNS = (
    *("dataset", "model", "defense", "training seed", "track", "recipe"),
    *("examples", "queries", "attack hours"),
)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], *, right: int) -> str:
    """A text table whose last ``right`` columns are aligned to the right."""
    from tabulate import tabulate

    left = len(header) - right
    return str(
        tabulate(
            list(rows),
            headers=list(header),
            tablefmt="simple",
            disable_numparse=True,
            colalign=(*["left"] * left, *["right"] * right),
        )
    )


def _training_row(training: TrainingEstimate) -> list[str]:
    hours = "cached" if training.cached else _hours(training.seconds)
    return [_name(training.dataset), *_victim(training.victim), hours]


def _cell_row(estimate: CellEstimate) -> list[str]:
    cell = estimate.cell
    victim = _victim(cell.victim)
    columns = [_name(estimate.dataset), *victim, cell.track, cell.recipe, str(cell.n)]
    if estimate.done:
        return [*columns, "", "done"]
    return [*columns, _count(estimate.queries), _hours(estimate.seconds)]


def _victim(victim: VictimSpec) -> list[str]:
    name = f"{victim.name} v{victim.variant}" if victim.variant else victim.name
    seed = "" if victim.training_seed is None else str(victim.training_seed)
    defense = victim.defense_names or ""
    return [_name(name), _name(f"{defense} (adaptive)" if victim.adaptive else defense), seed]


def _totals(estimate: Estimate) -> list[str]:
    cells, training_runs = estimate.cells, estimate.training_runs
    done = sum(cell.done for cell in cells)
    attacks = [cell.seconds for cell in cells]
    training = [run.seconds for run in training_runs]
    queries = _sum(_count, [cell.queries for cell in cells])
    lines = [
        f"{counted(len(cells), 'cell')}, {done} done; {queries} queries",
        f"{_sum(_hours, [*attacks, *training])} hours: {_sum(_hours, training)} of training, "
        f"{_sum(_hours, attacks)} of attacks",
    ]
    if estimate.missing_assets:
        missing = ", ".join(estimate.missing_assets)
        is_offline = estimate.assets == OFFLINE
        first = "build first, which takes a few minutes" if is_offline else "download first"
        lines.append(f"assets to {first}: {missing}")
    lines.append(
        "Queries are estimated from committed records and text lengths, hours from a short speed "
        "measurement on this machine. Nothing was attacked or written."
    )
    return lines


def _sum(show: Callable[[float], str], numbers: Sequence[float | None]) -> str:
    """The sum of the known numbers, after ``more than`` if any is unknown."""
    known = [number for number in numbers if number is not None]
    shown = show(sum(known))
    return shown if len(known) == len(numbers) else f"more than {shown}"


def _count(queries: float | None) -> str:
    """A number of queries, rounded to two significant digits."""
    return _UNKNOWN if queries is None else f"{int(float(f'{queries:.2g}')):,}"


def _hours(seconds: float | None) -> str:
    if seconds is None:
        return _UNKNOWN
    hours = seconds / 3600
    return "<0.01" if 0 < hours < 0.01 else f"{hours:.2f}"


def _name(name: str) -> str:
    return shorten(printable(name), _MAX_NAME_LENGTH)
