"""The file of a study, with which an interrupted search is resumed.

It is optuna's journal, one JSON object per line; nothing in it is executed.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustbert.errors import InputError, MissingAssetError
from robustbert.io import output_errors, write_bytes
from robustbert.reports.conditions import readable

if TYPE_CHECKING:
    import optuna

STUDY_FILE = "study.journal"
_STUDY = "robustbert"
_CONFIGURATION = "configuration"
_MAX_SHOWN = 40


def check_optuna() -> None:
    """Check that optuna is installed.

    Raises:
        MissingAssetError: it is not.
    """
    if find_spec("optuna") is None:
        raise MissingAssetError("tune needs the package optuna; pip install 'robustbert[tune]'")


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """No messages of optuna below warnings, and none about its experimental parts, in the block."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)


def open_study(folder: Path, configuration: Mapping[str, Any], num_objectives: int) -> optuna.Study:
    """Open the study in a folder, or begin one; trials of a killed process are marked as failed.

    Call it under a lock of the folder.

    Args:
        folder: the folder; it exists.
        configuration: everything that determines the trials, as JSON.
        num_objectives: how many values are maximized.

    Raises:
        InputError: the study has another configuration, or the file is damaged.
        OutputError: the file cannot be written.
    """
    import optuna

    path = folder / STUDY_FILE
    with output_errors(f"to {folder}", "choose another output folder"):
        _remove_incomplete_line(path)
        study = _read(path, num_objectives)
        stored = study.user_attrs.get(_CONFIGURATION)
        if stored is None and not study.trials:
            study.set_user_attr(_CONFIGURATION, dict(configuration))
        else:
            _check_configuration(path, stored, configuration)
        for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def _read(path: Path, num_objectives: int) -> optuna.Study:
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    lock: Any = _Unlocked()
    try:
        storage = JournalStorage(JournalFileBackend(str(path), lock_obj=lock))
        if _STUDY in optuna.get_all_study_names(storage):
            return optuna.load_study(study_name=_STUDY, storage=storage)
        directions: list[Any] = ["maximize"] * num_objectives
        return optuna.create_study(storage=storage, study_name=_STUDY, directions=directions)
    except OSError:
        raise
    except Exception as error:  # a damaged file raises errors of many kinds
        raise InputError(
            f"{path} cannot be read as the file of a study ({type(error).__name__}); remove it, or "
            "choose another output folder"
        ) from error


def _check_configuration(path: Path, stored: Any, configuration: Mapping[str, Any]) -> None:
    if not isinstance(stored, Mapping):
        raise InputError(f"{path} is not a study of robustbert tune; choose another output folder")
    for name in (*configuration, *stored):
        before, now = stored.get(name), configuration.get(name)
        if before != now:
            raise InputError(
                f"{path} is a study of another configuration ({name} is {_shown(before)} there, "
                f"but {_shown(now)} here); give the same options, or another output folder"
            )


def _shown(value: Any) -> str:
    text = readable(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 1]}…"


def _remove_incomplete_line(path: Path) -> None:
    """Remove what a killed process wrote of the last line; optuna could not read the file."""
    if path.exists():
        content = path.read_bytes()
        end = content.rfind(b"\n") + 1
        if end < len(content):
            write_bytes(path, content[:end])


class _Unlocked:
    """A lock of the journal that is none: the folder has one, which a killed process releases."""

    def acquire(self) -> bool:
        """Succeed."""
        return True

    def release(self) -> None:
        """Do nothing."""
