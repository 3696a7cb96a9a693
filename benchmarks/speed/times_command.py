"""The command line that measurements of times with defenses share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from speed_tables import processor_folder

from robustbert.leaderboard.relative_times import RelativeTimes, read_times, write_times

if TYPE_CHECKING:
    from robustbert.bench import Suite

Times = TypeVar("Times", bound=RelativeTimes)


def run_measurement(
    kind: type[Times],
    measure: Callable[[Suite, str, int], Times],
    format_table: Callable[[Times], str],
    *,
    description: str,
    suite: str,
    results: Path,
) -> None:
    """Measure, unless ``--table`` is given, write the times, and print all of the dataset.

    Args:
        kind: what is measured.
        measure: measures a suite on a dataset, given the number of batches.
        format_table: formats the times of a processor.
        description: for ``--help``.
        suite: the default of ``--suite``.
        results: the folder of the processors' folders.
    """
    from robustbert.bench import load_suite

    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--suite", default=suite, help="a name or a file")
    parser.add_argument("--dataset", default="rotten_tomatoes")
    parser.add_argument("--batches", type=int, default=20, help="batches that are counted")
    parser.add_argument("--table", action="store_true", help="only print existing measurements")
    options = parser.parse_args()
    if options.batches < 2:
        parser.error(f"--batches is {options.batches}; give at least 2, for quartiles")
    if not options.table:
        times = measure(load_suite(options.suite), options.dataset, options.batches)
        write_times(times, results / processor_folder(times.model_dump()).name)
    found = read_times(kind, results, options.dataset)
    print("\n\n".join(format_table(times) for times in found))
