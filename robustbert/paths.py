"""The locations of the cache for assets and trained models, and of the built-in suites."""

from __future__ import annotations

import os
from pathlib import Path, PurePath


def cache_folder() -> Path:
    """The cache folder: ``$ROBUSTBERT_CACHE``, else ``robustbert`` in the user's cache folder."""
    chosen = os.environ.get("ROBUSTBERT_CACHE")
    if chosen:
        return user_path(chosen).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return user_path(base).absolute() / "robustbert"


def suites_folder() -> Path:
    """The folder of the built-in suites."""
    package = Path(__file__).resolve().parent
    packaged = package / "suites"
    return packaged if packaged.is_dir() else package.parent / "benchmarks" / "suites"


def suite_names() -> tuple[str, ...]:
    """The names of the built-in suites, sorted."""
    return tuple(sorted(path.stem for path in suites_folder().glob("*.toml")))


def report_path(path: str) -> str:
    """A path as reports show it: of an absolute one, which names folders of this machine, the end.

    >>> report_path("runs/new"), report_path("/home/me/runs/new")
    ('runs/new', 'new')
    >>> report_path("mine=/home/me/models/mine")
    'mine=mine'
    """
    start, equals, place = "", "", path
    if not PurePath(path).is_absolute():
        start, equals, place = path.rpartition("=")  # NAME=FOLDER
    if PurePath(place).is_absolute():
        place = PurePath(place).name or place
    return f"{start}{equals}{place}"


def user_path(path: str | os.PathLike[str]) -> Path:
    """A path with ``~`` replaced by the home folder.

    Unlike ``Path.expanduser``, it leaves ``~NAME`` as it is if there is no such user, so that the
    caller says that there is no such file.

    >>> user_path("~/runs") == Path.home() / "runs"
    True
    >>> print(user_path("~no-such-user/runs").as_posix())
    ~no-such-user/runs
    """
    return Path(os.path.expanduser(path))
