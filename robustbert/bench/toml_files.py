"""Read TOML files, with errors of one line that give the position and similar names."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from robustbert.errors import SuiteError


def read_toml(path: Path, kind: str) -> dict[str, Any]:
    """Read a TOML file.

    Args:
        path: the file.
        kind: what the file is, for the message of an error.

    Raises:
        SuiteError: it cannot be read, or is not valid TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SuiteError(
            f"cannot read {kind} {path}: {error.strerror}; give a TOML file"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SuiteError(f"{path} is not valid TOML: {error}; fix the file") from error


def describe_invalid(
    error: ValidationError, whole: type[BaseModel], tables: Mapping[object, type[BaseModel]]
) -> str:
    """The first error of a validation with its position and similar names, in one line.

    Args:
        error: the error.
        whole: the model that was validated.
        tables: the models of the tables in it, keyed by the key in which they are.
    """
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        table = tables.get(first["loc"][0], whole)
        return f"{place}: unknown key; {_similar(str(first['loc'][-1]), table)}"
    if first["type"] == "missing":
        return f"{place}: missing; add it"
    reason = first["msg"][0].lower() + first["msg"][1:]
    return f"{place}: {reason}, not {str(first['input'])[:60]!r}"


def _similar(name: str, table: type[BaseModel]) -> str:
    known = list(table.model_fields)
    similar = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
    return f"did you mean {' or '.join(similar)}?" if similar else f"known: {', '.join(known)}"
