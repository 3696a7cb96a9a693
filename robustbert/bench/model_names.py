"""Models that are given with the name that tables show: ``NAME=PATH``."""

from __future__ import annotations

from robustbert.errors import InputError
from robustbert.paths import user_path


def split_name(model: str) -> tuple[str | None, str]:
    """Split ``NAME=MODEL``; the name is None if there is no name, or the whole is a folder.

    Raises:
        InputError: the name or the model is empty.

    >>> split_name("mine=models/svm"), split_name("models/svm")
    (('mine', 'models/svm'), (None, 'models/svm'))
    """
    name, separator, rest = model.partition("=")
    if not separator or user_path(model).exists():
        return None, model
    name, rest = name.strip(), rest.strip()
    if not name or not rest:
        raise InputError(f"{model!r} is not NAME=MODEL; give a name and a model folder")
    return name, rest
