"""``robustbert assets``."""

from __future__ import annotations

from typing import Any

from robustbert.commands.arguments import add_command
from robustbert.commands.terminal import print_error
from robustbert.errors import MissingAssetError, UnknownNameError


def add_assets(subparsers: Any) -> None:
    """Add the command ``assets``."""
    command = add_command(
        subparsers, "assets", assets, "list the assets and build or download missing ones"
    )
    command.add_argument(
        "names", nargs="*", metavar="NAME", help="only these assets; default: all of the profile"
    )
    command.add_argument(
        "--profile",
        dest="assets_profile",
        metavar="PROFILE",
        help="offline, or canonical for the original assets, which are downloaded; default: "
        "ROBUSTBERT_ASSETS, or else offline",
    )
    command.add_argument(
        "--check", action="store_true", help="only list, build and download nothing"
    )


def assets(options: Any) -> int:
    """Run ``robustbert assets``; a missing asset does not keep others from being made."""
    from robustbert.assets import asset_names, asset_status, ensure_assets
    from robustbert.assets.asset_registry import find_asset
    from robustbert.assets.profiles import is_canonical
    from robustbert.reports.wording import counted

    for name in options.names:
        if name not in asset_names():
            if not is_canonical():
                find_asset(name)  # raises, and says so if it is an original asset
            raise UnknownNameError("asset", name, asset_names())
    chosen = options.names or asset_names()
    failed: dict[str, str] = {}
    if not options.check:
        for name in chosen:
            try:
                ensure_assets([name])
            except MissingAssetError as error:
                failed[name] = str(error)
    rows = [row for row in asset_status() if row.name in chosen]
    for row in rows:
        print(f"{row.name}: {failed.get(row.name, row.note)}")
        if row.present:
            print(f"    from    {row.source}\n    in      {row.path}\n    sha256  {row.sha256}")
        elif is_canonical():
            print(f"    from    {row.source}")
    missing = sum(not row.present for row in rows)
    if missing:
        print_error(f"{counted(missing, 'asset')} missing; the list above says how to obtain them")
    return 1 if missing else 0
