"""Read pickles of plain values: numbers, texts, lists, tuples, dicts and sets, and nothing else."""

from __future__ import annotations

import pickle
from typing import IO, Any

# Pickles of Python 2 use the first name.
_SET_NAMES = frozenset({("__builtin__", "set"), ("builtins", "set")})


def load_plain(file: IO[bytes], *, encoding: str = "ASCII") -> Any:
    """Unpickle a plain value; ``set`` is the only global that is allowed, so no code can run.

    Args:
        file: the pickle.
        encoding: the encoding of the strings of Python 2.

    Raises:
        pickle.UnpicklingError: the pickle refers to another global. A damaged pickle can raise
            exceptions of almost any type.
    """
    return _PlainUnpickler(file, encoding=encoding).load()


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _SET_NAMES:
            raise pickle.UnpicklingError(
                f"the pickle refers to {module}.{name}, which is not allowed"
            )
        return set
