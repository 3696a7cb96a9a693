"""``robustbert assets``."""

from __future__ import annotations

from typing import Any

from robustbert.commands.arguments import add_command
from robustbert.commands.terminal import print_error
from robustbert.errors import MissingAssetError


def add_assets(subparsers: Any) -> None:
    """Add the command ``assets``."""
    command = add_command(subparsers, "assets", assets, "list the assets and build missing ones")
    command.add_argument("--check", action="store_true", help="only list, build nothing")


def assets(options: Any) -> int:
    """Run ``robustbert assets``; a missing package does not keep other assets from being built."""
    from robustbert.assets import asset_names, asset_status, ensure_assets
    from robustbert.reports.wording import counted

    if not options.check:
        for name in asset_names():
            try:
                ensure_assets([name])
            except MissingAssetError:
                continue  # listed as missing below, with how to obtain it
    rows = asset_status()
    for row in rows:
        print(f"{row.name}: {row.note}")
        if row.present:
            print(f"    from    {row.source}\n    in      {row.path}\n    sha256  {row.sha256}")
    missing = sum(not row.present for row in rows)
    if missing:
        print_error(f"{counted(missing, 'asset')} missing; the list above says how to obtain them")
    return 1 if missing else 0
