"""The exceptions of robustbert: one tree under :class:`RobustbertError`.

Every message is one line that says what was wrong and what to do about it. The command line prints
it and exits with :attr:`RobustbertError.exit_code`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class RobustbertError(Exception):
    """The root of every error that robustbert raises deliberately."""

    #: The exit code of the command line.
    exit_code = 2


class UnknownNameError(RobustbertError):
    """An unknown name; the message gives its new name, or suggests similar ones."""

    def __init__(
        self, kind: str, name: str, known: Iterable[str], place: str = "", renamed: str = ""
    ) -> None:
        known = sorted(known)
        suggestions = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = (
            f"did you mean {' or '.join(suggestions)}?"
            if suggestions
            else f"known: {', '.join(known)}"
        )
        if renamed:
            hint = f"it is now {renamed}"
        where = f"{place}: " if place else ""
        super().__init__(f"{where}unknown {kind} {name!r}; {hint}")
        self._arguments = (kind, name, tuple(known), place, renamed)
        self.kind = kind
        self.name = name
        self.known = tuple(known)
        self.suggestions = tuple(suggestions)

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[Any, ...]]:
        """Pickle the arguments, not the message, which is what exceptions do by default."""
        return type(self), self._arguments


class DuplicateNameError(RobustbertError):
    """Two entries of a registry with the same name."""


class InputError(RobustbertError):
    """An invalid argument, or a text that cannot be classified."""


class DatasetError(RobustbertError):
    """A dataset that cannot be read, or that has no usable rows."""


class ModelError(RobustbertError):
    """A model that cannot be loaded or used."""


class TrainingDivergedError(ModelError):
    """A training whose loss became NaN or infinite."""


class SuiteError(RobustbertError):
    """An invalid suite file."""


class MissingAssetError(RobustbertError):
    """A file that a recipe, a model or a dataset needs is missing or broken."""


class OutputError(RobustbertError):
    """A file or folder that cannot be written."""


class RecordError(RobustbertError):
    """A stored record or outcome that violates the schema."""


class AttackError(RobustbertError):
    """An attack that cannot be built or run."""


class ExecutorError(RobustbertError):
    """A cluster that cannot be reached or used, or workers that keep failing."""


class RobustbertWarning(UserWarning):
    """The root of every warning of robustbert; the command line prints warnings as one line."""


class BatchInvarianceWarning(RobustbertWarning):
    """A text's scores depend on the other texts of its batch."""


def describe_error(error: BaseException) -> str:
    r"""Format an exception as one line: type, message and location.

    >>> describe_error(ValueError("two\nlines"))
    'ValueError: two lines'
    """
    place = ""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is not None:
        code = trace.tb_frame.f_code
        module = trace.tb_frame.f_globals.get("__name__", "?")
        place = f" (in {module}.{code.co_name}, line {trace.tb_lineno})"
    return f"{type(error).__name__}: {' '.join(str(error).split())}{place}"
