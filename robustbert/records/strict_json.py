"""JSON of the schema's models: encoding, and reading with errors that name the place."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from robustbert.errors import RecordError
from robustbert.records.migrations import RECORD_MIGRATIONS, Migrations, migrate
from robustbert.records.schema import SCHEMA_VERSION, Record

_Model = TypeVar("_Model", bound=BaseModel)
_SURROGATE = re.compile("[\ud800-\udfff]")
#: The oldest schema version that is read.
OLDEST_VERSION = min(RECORD_MIGRATIONS)


def _reject(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not allowed; use null for missing values")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} occurs twice")
    return found


# json.loads would make a new one for every line of a file
_DECODER = json.JSONDecoder(parse_constant=_reject, object_pairs_hook=_distinct)


def encode(model: BaseModel, **options: Any) -> bytes:
    """The JSON of a model, with a newline at the end; ``options`` are those of ``json.dumps``.

    Lone surrogates, which UTF-8 cannot encode, are written as JSON escapes.
    """
    text = json.dumps(model.model_dump(), ensure_ascii=False, allow_nan=False, **options)
    text = _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
    return text.encode("utf-8") + b"\n"


def read_file(path: Path) -> bytes:
    """The content of a file; raises ``RecordError`` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror or error}") from error


def parse_object(content: bytes, place: str) -> dict[str, Any]:
    """Parse a JSON object without NaN, infinity and repeated keys.

    Raises:
        RecordError: it is none; the message starts with ``place``.
    """
    try:
        value = _DECODER.decode(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{place}: not JSON in UTF-8: {error}") from error
    if not isinstance(value, dict):
        raise RecordError(f"{place}: expected a JSON object, not {type(value).__name__}")
    return value


def migrated(
    content: dict[str, Any], version: int, migrations: Migrations, place: str
) -> dict[str, Any]:
    """Apply the migrations; raises ``RecordError`` for a field that its version did not have."""
    try:
        return migrate(content, version, migrations)
    except ValueError as error:
        raise RecordError(f"{place}: {error}") from error


def validated(model: type[_Model], content: dict[str, Any], place: str) -> _Model:
    """Validate the content; raises ``RecordError`` with the first field that is wrong."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(repr(str(part))[1:-1] for part in first["loc"])
        message = f"{field}: {first['msg']}" if field else first["msg"]
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise RecordError(f"{place}: {message.replace('Value error, ', '')}{more}") from error


def check_version(content: dict[str, Any], field: str, version: int, place: str) -> None:
    """Check that a parsed file has the only version of its format.

    Raises:
        RecordError: it has another version or none.
    """
    found = content.get(field)
    if type(found) is not int or found != version:  # True equals 1
        newer = type(found) is int and found > version
        raise RecordError(
            f"{place}: {field}: {found!r}, but this robustbert reads "
            f"{version}{'; upgrade robustbert' if newer else ''}"
        )


def record_of(content: dict[str, Any], place: str) -> Record:
    """The record with this content; an earlier schema version is migrated to the current one.

    Raises:
        RecordError: it has a newer schema version, or a field violates the schema.
    """
    version = content.get("schema_version")
    if type(version) is not int or not OLDEST_VERSION <= version <= SCHEMA_VERSION:
        newer = type(version) is int and version > SCHEMA_VERSION
        raise RecordError(
            f"{place}: schema_version: {version!r}, but this robustbert reads {OLDEST_VERSION} to "
            f"{SCHEMA_VERSION}{'; upgrade robustbert' if newer else ''}"
        )
    content = migrated(content, version, RECORD_MIGRATIONS, place)
    return validated(Record, content, place)
