"""``robustbert leaderboard check``."""

from __future__ import annotations

from typing import Any

from robustbert.commands.arguments import add_command
from robustbert.commands.terminal import print_report
from robustbert.console import printable


def add_check(actions: Any) -> Any:
    """Add the action ``check``, and return its parser."""
    return add_command(
        actions,
        "check",
        check,
        "check every file of the published results, and list all problems",
    )


def check(options: Any) -> int:
    """Run ``robustbert leaderboard check``."""
    from robustbert.leaderboard.checks import check_results
    from robustbert.reports.wording import counted

    checked = check_results(options.results)
    lines = [problem.line(str(options.results)) for problem in checked.problems]
    cells = f"{options.results}: {counted(checked.num_cells, 'valid cell')}"
    found = counted(len(lines), "problem") if lines else "no problems"
    print_report("".join(f"{printable(line)}\n" for line in [*lines, f"{cells}, {found}"]))
    return 1 if lines else 0
