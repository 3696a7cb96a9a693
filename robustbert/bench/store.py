"""The folder of a run: one run at a time, of one configuration."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from robustbert.errors import RecordError
from robustbert.io import file_lock, output_errors, remove_temporary_files, write_text

#: Held by the run that writes to a folder.
LOCK_FILE = ".lock"
#: What the runs of a folder have in common.
CONFIGURATION_FILE = "configuration.json"


@dataclass(frozen=True)
class Configuration:
    """What the outcomes of a run depend on, beside its models.

    A later run in the same folder may add models, recipes and datasets; nothing may change.

    Args:
        settings: seed, split, number format and the unified limits, by their names.
        datasets: name to sha256.
        examples: dataset and recipe, with a space between, to how many examples.
    """

    settings: Mapping[str, Any]
    datasets: Mapping[str, str]
    examples: Mapping[str, int]


def check_configuration(out: Path, wanted: Configuration, *, keep: bool = True) -> None:
    """Check that a folder is of the wanted configuration, or of none yet.

    Args:
        out: the folder of the run.
        wanted: what the run needs.
        keep: write down what is wanted, for later runs.

    Raises:
        RecordError: the folder is of another configuration; the message says what differs.
    """
    path = out / CONFIGURATION_FILE
    kept = _read(path) if path.exists() else {}
    new = asdict(wanted)
    for part, values in new.items():
        for name, value in values.items():
            there = kept.get(part, {}).get(name, value)
            if there != value:
                what = f"{part} of {name}" if part != "settings" else name
                raise RecordError(
                    f"{out} is of another run: its {what} is {there}, not {value}; "
                    "choose another --out"
                )
    merged = {part: {**kept.get(part, {}), **values} for part, values in new.items()}
    if keep and merged != kept:
        write_text(path, json.dumps(merged, indent=2, sort_keys=True) + "\n")


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(path.read_bytes())
        if isinstance(content, dict) and all(isinstance(part, dict) for part in content.values()):
            return content
        reason = "it is not what a run writes"
    except (OSError, ValueError) as error:
        reason = str(error)
    raise RecordError(f"{path} cannot be read ({reason}); choose another --out")


@contextmanager
def output_folder(out: Path) -> Iterator[None]:
    """Make ``out``, prove that a file can be written there, and keep other runs out of it.

    What a killed run left half-written is gone; what was made of ``out``, parents too, is gone
    again if nothing was written there in the end.

    Raises:
        OutputError: it cannot be written to, or another run is writing to it.
    """
    place, advice = f"to {out}", "choose another --out"
    with output_errors(place, advice):
        new = [folder for folder in (out, *out.parents) if not folder.exists()]
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    busy = f"another run is writing to {out}; wait for it, or choose another --out"
    held = False
    try:
        with file_lock(out / LOCK_FILE, place=place, advice=advice, busy=busy):
            held = True
            with output_errors(place, advice):
                for folder in (out, out / "records", out / "outcomes"):
                    remove_temporary_files(folder)
            yield
    finally:
        if held:
            _remove_unused(out, new)


def _remove_unused(out: Path, new: Sequence[Path]) -> None:
    """Remove the ``new`` folders again if nothing was written there."""
    own = {LOCK_FILE, CONFIGURATION_FILE}
    if new and {path.name for path in out.iterdir()} <= own:
        for name in own:
            (out / name).unlink(missing_ok=True)
    with suppress(OSError):  # not empty, as it should be
        for folder in new:
            folder.rmdir()
