"""Run the models of suites, two at a time with one thread each, and file their records.

    python benchmarks/run_rows.py SUITE=RESULTS ... [--processes 2] [--recheck SUITE ...]

Each model is a run of its own, ``robustbert bench --suite SUITE --models MODEL``, in the folder
``runs/SUITE/MODEL``, with its output in ``runs/SUITE/MODEL.log``. A free process takes the next
model, the costliest training first, so that both finish at about the same time; one suite is run
after the other. Do not change the checkout meanwhile: each process reads the code when it starts.

When a model is finished, its records are filed in ``RESULTS``. The runs of the suites of
``--recheck`` are attacked again first, by ``robustbert recheck``. The same command resumes what was
interrupted. A model whose records are in ``RESULTS`` is not run, whichever machine has made them:
remove them to run it again.

Models are shared through the cache, whose locks make a second process wait instead of training the
same model again.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from clean_checkout import require_clean_checkout

from robustbert.bench import Overrides, Suite, load_suite, make_plan
from robustbert.bench.victim_spec import VictimSpec
from robustbert.cli import main as robustbert
from robustbert.commands.terminal import INTERRUPTED
from robustbert.defenses import compose
from robustbert.errors import RobustbertError
from robustbert.leaderboard.planned_cells import PlannedCell, cell_of_record, planned_cells
from robustbert.records import is_published, read_published
from robustbert.records.names import file_name_part
from robustbert.training import make_config

# A backward pass takes about as long as two forward passes.
BACKWARD = 2

# One run is filed at a time: the results are checked as they will be with it.
filing = threading.Lock()


@dataclass(frozen=True)
class Run:
    """The run of one model of a suite.

    Args:
        suite: a name or a file, as for ``--suite``.
        model: a model of the suite, as for ``--models``.
        out: the output folder.
        results: the folder in which its records are filed.
        recheck: whether its rows are attacked again before.
    """

    suite: str
    model: str
    out: Path
    results: Path
    recheck: bool = False

    @property
    def commands(self) -> list[list[str]]:
        """The arguments of ``robustbert``, in order."""
        options = {"--suite": self.suite, "--models": self.model, "--out": str(self.out)}
        bench = ["bench", *(word for option in options.items() for word in option)]
        return [bench, ["recheck", str(self.out)]] if self.recheck else [bench]


def runs_of_suite(name: str, runs: Path, results: Path, *, recheck: bool = False) -> list[Run]:
    """A run per model of a suite, the costliest training first."""
    suite = load_suite(name)
    models = sorted(dict.fromkeys(suite.models), key=lambda model: -passes(suite, model))
    folder = runs / file_name_part(suite.name)
    return [Run(name, model, folder / file_name_part(model), results, recheck) for model in models]


def unfiled(runs: Sequence[Run]) -> Iterator[Run]:
    """The runs of which a record is not filed yet; names the others."""
    filed: dict[Path, frozenset[PlannedCell]] = {}
    for run in runs:
        if run.results not in filed:
            filed[run.results] = filed_cells(run.results)
        plan = make_plan(load_suite(run.suite), Overrides(models=[run.model]))
        if planned_cells(plan) <= filed[run.results]:
            print(f"{run.out}: its records are in {run.results}", flush=True)
        else:
            yield run


def filed_cells(results: Path) -> frozenset[PlannedCell]:
    """The cells of which there is a record."""
    cells = read_published(results) if is_published(results) else ()
    return frozenset(cell_of_record(cell.record) for cell in cells)


def passes(suite: Suite, model: str) -> int:
    """The passes of a model's training over its data, in forward passes, without attacks."""
    victims = [victim for _, victim in make_plan(suite, Overrides(models=[model])).victims()]
    return max(map(_passes, victims))


def _passes(victim: VictimSpec) -> int:
    defenses = compose(victim.defenses)
    cost = defenses.step_cost
    epochs = defenses.training_config(make_config(victim.training, seed=0)).epochs
    return epochs * (cost.forward + BACKWARD * cost.backward)


def run_all(runs: Sequence[Run], start: Callable[[Run], int], processes: int) -> list[Run]:
    """Run and file all, ``processes`` at a time; return those that failed.

    Args:
        runs: what to run, in order.
        start: runs one to its end, and returns its exit code.
        processes: how many run at the same time, at least 1.
    """

    def timed(run: Run) -> int:
        began = time.perf_counter()
        print(f"{run.out}: started", flush=True)
        code = start(run) or file(run)
        outcome = f"failed with exit code {code}" if code else "finished"
        print(f"{run.out}: {outcome}, {time.perf_counter() - began:.0f} s", flush=True)
        return code

    executor = ThreadPoolExecutor(processes)
    try:
        codes = list(executor.map(timed, runs))
    finally:
        executor.shutdown(cancel_futures=True)  # after Ctrl-C, start no others
    return [run for run, code in zip(runs, codes, strict=True) if code]


def start(run: Run) -> int:
    """Run one with a single thread; its output is added to a file beside its folder."""
    run.out.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{run.out}.log").open("ab") as log:
        for arguments in run.commands:
            code = subprocess.run(
                [sys.executable, "-m", "robustbert", *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                check=False,
            ).returncode
            if code:
                return code
    return 0


def file(run: Run) -> int:
    """File the records of a finished run; the exit code."""
    with filing:
        add = ["leaderboard", "add", str(run.out), "--results", str(run.results), "--replace"]
        return robustbert(add)


def suite_and_results(argument: str) -> tuple[str, str]:
    """The parts of ``SUITE=RESULTS``."""
    suite, _, results = argument.rpartition("=")
    if not suite or not results:
        raise argparse.ArgumentTypeError(f"{argument} is not SUITE=RESULTS")
    return suite, results


def main() -> int:
    """Run what is missing of the suites; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suites", nargs="+", type=suite_and_results, metavar="SUITE=RESULTS")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--recheck", nargs="+", default=[], metavar="SUITE")
    options = parser.parse_args()
    require_clean_checkout(parser)
    if options.processes < 1:
        parser.error(f"--processes is {options.processes}; it must be at least 1")
    if unknown := set(options.recheck) - {suite for suite, _ in options.suites}:
        parser.error(f"--recheck: {', '.join(sorted(unknown))} is none of the suites to run")
    try:
        suites = [
            [*unfiled(runs_of_suite(suite, options.runs, Path(results), recheck=recheck))]
            for suite, results in options.suites
            for recheck in [suite in options.recheck]
        ]
    except RobustbertError as error:
        parser.error(str(error))
    for of_suite in suites:
        try:
            failed = run_all(of_suite, start, options.processes)
        except KeyboardInterrupt:
            print("interrupted; to resume, run the same command")
            return INTERRUPTED
        if failed:
            print(*(f"{run.out} failed: see above and {run.out}.log" for run in failed), sep="\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
