"""``robustbert baseline``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.commands.arguments import add_command
from robustbert.commands.gate_options import add_policy_options, gate_settings
from robustbert.commands.output_files import check_output_files
from robustbert.commands.terminal import print_error, print_report
from robustbert.console import printable, terminal_width

if TYPE_CHECKING:
    from robustbert.gate.baseline_update import BaselineUpdate

#: The file that holds the baseline, unless an option or the ``[gate]`` table names another one.
BASELINE_FILE = "robustbert-baseline.json"
_REJECTED = (
    "the baseline is kept, because the run does not pass; to replace it anyway, give the reason: "
    '--accept "..."'
)


def add_baseline(subparsers: Any) -> None:
    """Add the command ``baseline``."""
    command = subparsers.add_parser(
        "baseline",
        help="save the results of a run in a small file to commit",
        description="Save the results of a run in a small file to commit.",
        allow_abbrev=False,
    )
    save = add_command(
        command.add_subparsers(title="actions", metavar="ACTION", required=True),
        "save",
        save_baseline,
        "write the baseline of a run; one that exists is replaced only if the run passes the "
        "comparison with it",
    )
    save.add_argument(
        "run_path",
        type=Path,
        metavar="RUN",
        help="output folder of bench or attack, or a record (records/CELL.json)",
    )
    save.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=f"the baseline; default: that of the [gate] table, else {BASELINE_FILE}",
    )
    save.add_argument(
        "--row", metavar="ROW", help="save only this row, as tables label it; default: all rows"
    )
    save.add_argument(
        "--accept",
        metavar="REASON",
        help="replace the baseline although the run does not pass; the baseline keeps the reason",
    )
    add_policy_options(save)


def save_baseline(options: Any) -> int:
    """Run ``robustbert baseline save``."""
    from robustbert.gate import read_gate_run
    from robustbert.gate.baseline_update import update_baseline
    from robustbert.gate.gate_run import check_finished
    from robustbert.records import read_baseline, write_baseline

    settings = gate_settings(options)
    out = options.out or Path(settings.config.baseline or BASELINE_FILE)
    check_output_files({"--out": out}, [options.run_path])
    check_finished(options.run_path, settings.allow)
    run = read_gate_run(options.run_path)
    if options.row is not None:
        run = run.only_row(options.row)
    update = update_baseline(
        read_baseline(out) if out.exists() else None,
        run,
        settings.policy,
        place=str(out),
        allow=settings.allow,
        accept=options.accept,
    )
    if update.decision not in ("unchanged", "rejected"):
        write_baseline(update.baseline, out)
    _report(update, out, reason_given=options.accept is not None)
    return update.exit_code


def _report(update: BaselineUpdate, out: Path, *, reason_given: bool) -> None:
    """Print what was compared and what was done."""
    from robustbert.reports.wording import counted

    if update.comparison is not None:
        from robustbert.gate.comparison.comparison_text import comparison_text

        print_report(f"{comparison_text(update.comparison, terminal_width())}\n")
    if update.decision == "rejected":
        print_error(_REJECTED)
        return
    cells = counted(len(update.baseline.cells), "cell")
    done = {
        "new": f"Saved {cells} to {out}.",
        "unchanged": f"{out} has these results already; nothing was changed.",
        "passed": f"Replaced {out}: {cells}.",
        "accepted": f"Replaced {out}: {cells}; the reason is kept in it.",
    }
    print(printable(done[update.decision]))
    if reason_given and update.decision != "accepted":
        print("The reason of --accept is not kept, because nothing had to be accepted.")
