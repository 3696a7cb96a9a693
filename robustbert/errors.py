"""The exceptions of robustbert: one tree under :class:`RobustbertError`.

Every message is one line that says what was wrong and how to mend it; the command line prints it
and exits with :attr:`RobustbertError.exit_code`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RobustbertError(Exception):
    """The root of every error that robustbert raises on purpose."""

    exit_code = 2


class UnknownNameError(RobustbertError):
    """A name that no table holds; the message lists the near ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str], place: str = "") -> None:
        known = sorted(known)
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
        where = f"{place}: " if place else ""
        super().__init__(f"{where}unknown {kind} {name!r}; {hint}")
        self.kind = kind
        self.name = name
        self.near = tuple(near)


class DuplicateNameError(RobustbertError):
    """Two entries of one table with the same name."""


class InputError(RobustbertError):
    """An argument out of range, or a text that cannot be classified."""


class DatasetError(RobustbertError):
    """A dataset that cannot be read, or that has no usable rows."""


class ModelError(RobustbertError):
    """A model that cannot be loaded, or that cannot answer."""


class SuiteError(RobustbertError):
    """A suite file that does not say what to run."""


class MissingAssetError(RobustbertError):
    """Something a recipe or a model needs on disk is not there."""


class OutputError(RobustbertError):
    """A place that results cannot be written to."""


class RecordError(RobustbertError):
    """A stored record or outcome that does not follow the schema."""


class AttackError(RobustbertError):
    """An attack that cannot be built, or whose errors were not allowed."""


class RobustbertWarning(UserWarning):
    """The root of every warning of robustbert; the command line prints it as one line."""


class BatchInvarianceWarning(RobustbertWarning):
    """A text's scores depend on the other texts of its batch."""


def describe_error(error: BaseException) -> str:
    r"""An exception as one line: what it is, what it says, and where it was raised.

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
