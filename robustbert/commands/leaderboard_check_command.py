"""``robustbert leaderboard check``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import add_command, integer
from robustbert.commands.strict_option import add_strict, published_marks_fail
from robustbert.commands.terminal import print_error, print_report
from robustbert.console import printable
from robustbert.errors import InputError

if TYPE_CHECKING:
    from robustbert.leaderboard.checks.problem import Problem
    from robustbert.leaderboard.recomputation import Recomputation
    from robustbert.records import PublishedCell

_RECOMPUTING = ("row", "recipe", "model", "seed")


def add_check(actions: Any) -> Any:
    """Add the action ``check``, and return its parser."""
    action = add_command(
        actions,
        "check",
        check,
        "check every file of the published results, and list all problems",
    )
    action.add_argument(
        "--recompute",
        type=integer,
        metavar="N",
        help="also attack N examples again, and compare their outcomes: of one recipe of each row "
        "whose model can be trained again here, or as the next options say",
    )
    action.add_argument(
        "--row", metavar="ROW", help="recompute all recipes of this row: its folder or its label"
    )
    action.add_argument("--recipe", metavar="NAME", help="recompute only this recipe")
    action.add_argument(
        "--model", metavar="MODEL", help="a folder or hub:NAME with the model of the row"
    )
    action.add_argument(
        "--seed",
        type=integer,
        metavar="S",
        help="draw the examples with this seed; default: the first N",
    )
    add_strict(action, "a published cell")
    return action


def check(options: Any) -> int:
    """Run ``robustbert leaderboard check``."""
    from robustbert.leaderboard.checks.check_results import check_results
    from robustbert.reports.wording import counted

    _check_options(options)
    checked = check_results(options.results)
    found = counted(len(checked.problems), "problem") if checked.problems else "no problems"
    summary = f"{options.results}: {counted(len(checked.cells), 'valid cell')}, {found}"
    _print([*_lines(checked.problems, options.results), summary])
    passed = not checked.problems
    if options.strict:
        passed = not published_marks_fail((o.record, o.outcomes) for o in checked.cells) and passed
    if options.recompute is None:
        return 0 if passed else 1
    recomputation = _recompute(options, checked.cells)
    _print(_recomputation_lines(recomputation, options.results))
    if not recomputation.cells:
        print_error("no model could be trained again here; choose a row with --row and --model")
        return 2
    return 0 if passed and not recomputation.problems else 1


def _check_options(options: Any) -> None:
    given = [name for name in _RECOMPUTING if getattr(options, name) is not None]
    if options.recompute is None and given:
        raise InputError(f"--{given[0]} is given without --recompute; add, say, --recompute 20")
    if options.recompute is not None and options.recompute < 1:
        raise InputError(f"--recompute is {options.recompute}; it must be at least 1")
    if options.model is not None and options.row is None:
        raise InputError("--model is given without --row; say whose model it is")


def _recompute(options: Any, cells: Sequence[PublishedCell]) -> Recomputation:
    from robustbert.leaderboard.cell_selection import one_per_row, select_published
    from robustbert.leaderboard.recomputation import recompute

    chosen = select_published(cells, options.results, row=options.row, recipe=options.recipe)
    if options.row is None:
        chosen = one_per_row(chosen)
    return recompute(
        chosen,
        options.recompute,
        model=options.model,
        seed=options.seed,
        leave_out=options.row is None,
        trusted=options.recipe,
    )


def _recomputation_lines(recomputation: Recomputation, results: Path) -> Iterator[str]:
    """Each difference, each cell that was left out, and a summary."""
    from robustbert.reports.wording import counted

    yield from _lines(recomputation.problems, results)
    for cell in recomputation.cells:
        if cell.problems and cell.difference is not None:
            yield f"{results / cell.path}: this machine or its packages differ in {cell.difference}"
    yield from _lines(recomputation.left_out, results)
    examples = counted(sum(cell.num_examples for cell in recomputation.cells), "example")
    left_out = recomputation.left_out
    different = len(recomputation.problems)
    yield (
        f"recomputed {examples} of {counted(len(recomputation.cells), 'cell')}: "
        f"{different or 'none'} {'differs' if different == 1 else 'differ'}"
        f"{f', {len(left_out)} not recomputed' if left_out else ''}"
    )


def _lines(problems: Sequence[Problem], results: Path) -> Iterator[str]:
    return (problem.line(str(results)) for problem in problems)


def _print(lines: Sequence[str] | Iterator[str]) -> None:
    print_report("".join(f"{printable(line)}\n" for line in lines))
