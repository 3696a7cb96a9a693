"""``robustbert audit import``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from robustbert.commands.arguments import add_command, integer
from robustbert.commands.report_format import add_format
from robustbert.commands.terminal import print_report
from robustbert.console import terminal_width


def add_import(actions: Any) -> None:
    """Add the action ``import``."""
    action = add_command(
        actions,
        "import",
        import_answers,
        "read the answers of human raters; report what they say and how much they agree",
    )
    action.add_argument(
        "folder", type=Path, metavar="FOLDER", help="output folder of audit export, or its run"
    )
    action.add_argument(
        "answers",
        nargs="+",
        type=Path,
        metavar="ANSWERS",
        help="CSV files of one or more raters, saved by the page or by a spreadsheet",
    )
    action.add_argument(
        "--seed", type=integer, default=0, metavar="N", help="seed of the bootstrap; default: 0"
    )
    add_format(action)


def import_answers(options: Any) -> int:
    """Run ``robustbert audit import``."""
    from robustbert.audit import read_key, read_ratings, report_audit
    from robustbert.audit.audit_tables import audit_as_dict, audit_markdown, render_audit

    key = read_key(options.folder)
    report = report_audit(key, read_ratings(options.answers, key), options.seed)
    if options.format == "json":
        print(json.dumps(audit_as_dict(report), indent=2))
    elif options.format == "markdown":
        print(audit_markdown(report), end="")
    else:
        print_report(render_audit(report, terminal_width()))
    return 0
