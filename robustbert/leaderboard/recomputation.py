"""Attack examples of published cells again, and compare the outcomes with the stored ones."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from robustbert.attacks.protocol import PROTOCOL_REVISION
from robustbert.bench.attack_progress import AttackProgress
from robustbert.bench.job import LoadedJob
from robustbert.data import DATASETS
from robustbert.defenses import DEFENSES
from robustbert.errors import InputError, RobustbertError
from robustbert.gate.repeated_cells import (
    LoadedVictim,
    RepeatedCells,
    condition_difference,
    named_code,
)
from robustbert.leaderboard.checks.problem import Problem
from robustbert.leaderboard.rebuilt_victims import rebuild_victim
from robustbert.records import (
    Outcome,
    PublishedCell,
    Record,
    published_outcomes_path,
    row_sha256,
)

_CHECK = "recompute"
_ADVICE = "install the package of its source in the version of the record"
#: Compared exactly. Probabilities and similarities are floats, which differ between processors.
COMPARED_FIELDS = (
    *("status", "retracted", "label", "clean_prediction", "adversarial_prediction"),
    *("queries", "words", "words_changed", "seed"),
)


@dataclass(frozen=True)
class RecomputedCell:
    """A published cell whose examples were attacked again.

    Args:
        path: the path of its record, relative to the results folder.
        num_examples: the number of examples that were attacked again.
        problems: the examples whose outcomes differ.
        difference: in what the conditions differ from those of the record; None if in nothing.
    """

    path: PurePosixPath
    num_examples: int
    problems: tuple[Problem, ...]
    difference: str | None


@dataclass(frozen=True)
class Recomputation:
    """The result of attacking examples of published cells again.

    Args:
        cells: the cells that were recomputed.
        left_out: why the other cells were not recomputed, with the path of their row.
    """

    cells: tuple[RecomputedCell, ...]
    left_out: tuple[Problem, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All examples whose outcomes differ."""
        return tuple(problem for cell in self.cells for problem in cell.problems)


def recompute(
    cells: Sequence[PublishedCell],
    num_examples: int,
    *,
    model: str | None = None,
    seed: int | None = None,
    leave_out: bool = False,
    trusted: str | None = None,
) -> Recomputation:
    """Attack examples of published cells again; nothing is written.

    Args:
        cells: the cells.
        num_examples: the number of examples of each cell; all of them if it has fewer.
        model: a folder or ``hub:NAME`` with the model of the cells; None to train it again.
        seed: draws the examples; None for the first ones.
        leave_out: leave out cells that cannot be recomputed, instead of raising an error.
        trusted: an import path that records may name; no record chooses what else is imported.

    Raises:
        RobustbertError: a cell cannot be recomputed; the message says why.
    """
    attacks = _RepeatedAttacks(model, trusted)
    done: list[RecomputedCell] = []
    left_out: list[Problem] = []
    for cell in cells:
        try:
            done.append(attacks.recomputed(cell, _chosen(cell, num_examples, seed)))
        except RobustbertError as error:
            if not leave_out:
                raise
            left_out.append(Problem(cell.path.parent, str(error), "not recomputed"))
    return Recomputation(tuple(done), tuple(left_out))


class _RepeatedAttacks:
    """Attacks cells again; each dataset and each model is loaded once.

    Args:
        model: the model of the cells; None to train it again.
        trusted: an import path that records may name; None if they may name none.
    """

    def __init__(self, model: str | None, trusted: str | None) -> None:
        self._model = model
        self._trusted = trusted
        self._loaders: dict[str, RepeatedCells] = {}
        self._rebuilt: dict[tuple[str, str], LoadedVictim | RobustbertError] = {}

    def recomputed(self, cell: PublishedCell, lines: Sequence[int]) -> RecomputedCell:
        """Attack the examples in some lines of a cell's outcomes again."""
        job = self._job(cell)
        stored = [cell.outcomes[line] for line in lines]
        examples = {example.example_id: example for example in job.examples}
        unknown = [one.example_id for one in stored if one.example_id not in examples]
        if unknown:
            raise InputError(f"the example {unknown[0]} is not one of the protocol's")
        with AttackProgress(len(stored), f"recomputing {cell.path}") as progress:
            run = job.runner.run(
                [examples[one.example_id] for one in stored], progress.add, progress.show_queries
            )
        again = {outcome.example_id: outcome for outcome in run.outcomes}
        return RecomputedCell(
            cell.path,
            len(stored),
            tuple(
                Problem(
                    published_outcomes_path(cell.path), f"line {line + 1}: {difference}", _CHECK
                )
                for line, one in zip(lines, stored, strict=True)
                if (difference := ", ".join(_differences(one, again[one.example_id])))
            ),
            condition_difference(job.header, cell.record),
        )

    def _job(self, cell: PublishedCell) -> LoadedJob:
        record = cell.record
        _check_imports(record, self._trusted)
        _check_repeatable(record)
        loader = self._loader(record)
        if self._model is None:
            victim = self._rebuild(record, loader)
        else:
            victim = loader.victim(self._model, record, same=True)
        return loader.job(victim, record, n=record.protocol.n, seed=record.protocol.seed)

    def _loader(self, record: Record) -> RepeatedCells:
        device = _device(record)
        return self._loaders.setdefault(device, RepeatedCells(device=device, advice=_ADVICE))

    def _rebuild(self, record: Record, loader: RepeatedCells) -> LoadedVictim:
        """The model of a record, trained once; so that a failure is not repeated, it is kept."""
        key = record.dataset.sha256, row_sha256(record)
        if key not in self._rebuilt:
            try:
                victim = rebuild_victim(record, loader.dataset(record), _device(record))
                self._rebuilt[key] = victim
            except RobustbertError as error:
                self._rebuilt[key] = error
        found = self._rebuilt[key]
        if isinstance(found, RobustbertError):
            raise found
        return found


def _check_imports(record: Record, trusted: str | None) -> None:
    """Refuse names that would import code which a record chose, and not the user."""
    for name in named_code(record):
        if name != trusted:
            raise InputError(
                f"it names code, {name}; if that is a recipe that you trust, give it with --recipe"
            )


def _check_repeatable(record: Record) -> None:
    """Refuse a record that this version of robustbert cannot repeat."""
    unknown = [defense.name for defense in record.defenses if defense.name not in DEFENSES]
    if unknown:
        raise InputError(f"this version of robustbert has no defense {unknown[0]}")
    if record.dataset.name not in DATASETS:
        raise InputError(f"the data of {record.dataset.name} are not built in; run bench instead")
    if record.protocol.revision != PROTOCOL_REVISION:
        raise InputError(
            f"it has revision {record.protocol.revision or 'unknown'} of the protocol, but this "
            f"version of robustbert has {PROTOCOL_REVISION}"
        )


def _chosen(cell: PublishedCell, num_examples: int, seed: int | None) -> Sequence[int]:
    """The lines to recompute, from 0: the first ones, or drawn with the seed."""
    lines = range(len(cell.outcomes))
    n = min(num_examples, len(lines))
    return lines[:n] if seed is None else sorted(random.Random(seed).sample(lines, n))


def _device(record: Record) -> str:
    return record.environment.device.partition(":")[0]


def _differences(stored: Outcome, again: Outcome) -> Iterator[str]:
    for field in COMPARED_FIELDS:
        before, now = getattr(stored, field), getattr(again, field)
        if before != now:
            yield f"{field} is {before}, but {now} when it is attacked again"
