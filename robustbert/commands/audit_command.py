"""``robustbert audit``: the actions, each in its own module."""

from __future__ import annotations

from typing import Any

from robustbert.commands.audit_export_command import add_export
from robustbert.commands.audit_import_command import add_import
from robustbert.commands.audit_measure_command import add_measure


def add_audit(subparsers: Any) -> None:
    """Add the command ``audit``."""
    command = subparsers.add_parser(
        "audit",
        help="judge the adversarial texts of a run, by human raters and automatically",
        description="Judge the adversarial texts of a run, by human raters and automatically.",
        allow_abbrev=False,
    )
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    for add in (add_export, add_import, add_measure):
        add(actions)
