"""``robustbert doctor``."""

from __future__ import annotations

import json
from typing import Any

from robustbert.commands.arguments import add_command


def add_doctor(subparsers: Any) -> None:
    """Add the command ``doctor``."""
    command = add_command(
        subparsers, "doctor", doctor, "check the installation and this machine for problems"
    )
    command.add_argument("--json", action="store_true", help="print the result as JSON")


def doctor(options: Any) -> int:
    """Run ``robustbert doctor``."""
    from robustbert.doctor import diagnose

    diagnosis = diagnose()
    print(json.dumps(diagnosis.as_dict(), indent=2) if options.json else diagnosis.as_text())
    return 1 if diagnosis.problems else 0
