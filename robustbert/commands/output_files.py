"""Check the output files of a command before it works for minutes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from robustbert.errors import InputError, OutputError
from robustbert.io import is_special

_FOLDERS_OF_RUNS = ("records", "outcomes")
_FILES_OF_RUNS = ("configuration.json", "table.csv", "table.md", "table.tex")


def check_output_files(
    outputs: Mapping[str, Path | None], inputs: Iterable[Path | str] = ()
) -> None:
    """Check that output files are no folders, differ, and are not what the command reads.

    Args:
        outputs: the files, keyed by option; None if the option is not given.
        inputs: files and run folders that the command reads.

    Raises:
        InputError: one of them is a folder, the file of another option, an input, or a file that a
            run wrote into its folder.
    """
    read = [Path(os.path.realpath(place)) for place in inputs]
    options: dict[Path, str] = {}
    for option, path in outputs.items():
        if path is None:
            continue
        place = Path(os.path.realpath(path))
        if place.is_dir():
            raise InputError(f"{option}: {path} is a folder; give a file")
        if place in read or any(_is_of_run(place, folder) for folder in read):
            raise InputError(f"{option}: {path} is an input; give another file")
        if place in options and not is_special(path):
            raise InputError(f"{options[place]} and {option} are both {path}; give different files")
        options[place] = option


def check_writable(option: str, path: Path) -> None:
    """Check the folder of an output file, or the one in which its folders will be made.

    Raises:
        OutputError: nothing can be written there.
    """
    if is_special(path):
        return
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        reason = "it is not a folder"
    elif not os.access(above, os.W_OK | os.X_OK):
        reason = "permission denied"
    else:
        return
    raise OutputError(f"{option}: cannot write to {above} ({reason}); choose another folder")


def _is_of_run(place: Path, folder: Path) -> bool:
    """Whether it is a file that a run wrote into ``folder``, or a record or outcome of it."""
    if place.parent == folder:
        return folder.is_dir() and place.name in _FILES_OF_RUNS
    return place.parent in [folder / name for name in _FOLDERS_OF_RUNS]
