"""``robustbert leaderboard add``."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import add_command
from robustbert.console import printable

if TYPE_CHECKING:
    from robustbert.leaderboard.filing import FiledCell

_DONE = {"added": "Added", "replaced": "Replaced", "unchanged": "Already there, not changed:"}


def add_add(actions: Any) -> Any:
    """Add the action ``add``, and return its parser."""
    action = add_command(
        actions,
        "add",
        add,
        "check the cells of a run and file them in the published results, without texts",
    )
    action.add_argument(
        "run_folder", type=Path, metavar="RUN", help="output folder of bench or attack"
    )
    action.add_argument("--dataset", metavar="NAME", help="file only the cells of this dataset")
    action.add_argument(
        "--model", metavar="ROW", help="file only this model, or row as tables label it"
    )
    action.add_argument(
        "--replace",
        action="store_true",
        help="replace cells that are there with other content; default: refuse them",
    )
    return action


def add(options: Any) -> int:
    """Run ``robustbert leaderboard add``."""
    from robustbert.leaderboard.filing import file_run

    results = options.results
    filed = file_run(
        options.run_folder,
        results,
        dataset=options.dataset,
        model=options.model,
        replace=options.replace,
    )
    for line in _lines(filed, results):
        print(printable(line))
    return 0


def _lines(filed: Sequence[FiledCell], results: Path) -> Iterator[str]:
    """What was done with each row, and what to do next."""
    recipes: defaultdict[tuple[str, PurePosixPath], list[str]] = defaultdict(list)
    for cell in filed:
        recipes[cell.state, cell.path.parent].append(cell.path.stem)
    for (state, row), names in recipes.items():
        yield f"{_DONE[state]} {PurePosixPath(results) / row}: {', '.join(names)}"
    if any(cell.state != "unchanged" for cell in filed):
        yield f"Next: robustbert leaderboard check --results {shlex.quote(str(results))}"
