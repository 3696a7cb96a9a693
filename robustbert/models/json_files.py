"""Read JSON files of untrusted model folders: sizes are limited, and content is validated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from robustbert.errors import ModelError

#: Default maximum size of a file, in bytes.
SMALL_FILE = 4 * 2**20
#: Maximum number of lists and objects in a file. This limits memory: an empty list takes 2 bytes on
#: disk but 56 bytes in memory.
MAX_CONTAINERS = 100_000
ADVICE = "the model folder is broken: train or download it again"

_Schema = TypeVar("_Schema", bound=BaseModel)


class StoredModel(BaseModel):
    """Base of the models of JSON files: types are strict, unknown fields are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False, extra="ignore")


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("contains a control character")
    return text


#: A printable string of one line, without control characters.
Line = Annotated[str, StringConstraints(min_length=1, max_length=4096), AfterValidator(_printable)]


def read_json(path: Path, *, limit: int = SMALL_FILE, advice: str = ADVICE) -> dict[str, object]:
    """Read a JSON object of at most ``limit`` bytes; error messages end with ``advice``.

    Raises:
        ModelError: the path is not a regular file, or the file is too large, is not UTF-8 JSON, is
            nested too deeply, or contains no object.
    """
    try:
        if not path.is_file():
            raise ModelError(f"cannot read {path}: no such file; {advice}")
        if path.stat().st_size > limit:
            raise ModelError(f"{path} is larger than {limit} bytes; {advice}")
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}; {advice}") from error
    if content.count(b"[") + content.count(b"{") > MAX_CONTAINERS:
        raise ModelError(f"{path} contains more than {MAX_CONTAINERS} lists and objects; {advice}")
    try:
        value = json.loads(content.decode("utf-8"))
    except RecursionError as error:
        raise ModelError(f"{path} is nested too deeply; {advice}") from error
    except ValueError as error:
        raise ModelError(f"cannot read {path}: {error}; {advice}") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path} is not a JSON object; {advice}")
    return value


def read_checked(
    path: Path, schema: type[_Schema], *, limit: int = SMALL_FILE, advice: str = ADVICE
) -> _Schema:
    """Read a JSON object and validate it with ``schema``.

    Raises:
        ModelError: as in :func:`read_json`, or a field is missing or wrong; the message names it.
    """
    content = read_json(path, limit=limit, advice=advice)
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        reason = _first_error(error)
        raise ModelError(f"{path} is incomplete or wrong ({reason}); {advice}") from error


def _first_error(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    # The location can contain a key of the file, so it is escaped and truncated.
    place = ".".join(ascii(str(part))[1:-1][:40] for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
