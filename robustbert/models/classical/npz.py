"""Read arrays from an untrusted ``.npz`` file: sizes are checked before memory is allocated."""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np

from robustbert.errors import ModelError
from robustbert.models.huggingface_files import one_line

#: The maximum memory of all arrays of a file, in bytes.
MAX_ARRAY_BYTES = 2**30
#: The maximum file size. It is slightly larger, because incompressible data grows when deflated.
MAX_FILE_BYTES = MAX_ARRAY_BYTES + 2**20
#: The maximum size of the zip central directory, in bytes; ours takes a few hundred.
MAX_DIRECTORY_BYTES = 2**16
#: The maximum length of an array's header, in characters; NumPy writes 118.
MAX_HEADER = 1000


@dataclass(frozen=True)
class ArrayLayout:
    """The layout that a stored array must have.

    Args:
        kind: "float" (float64) or "integer" (signed, of any width; read as int64).
        shape: the size of each axis, as a number or a name. Axes of one name must have the same
            size; a size that is not known in advance is inferred and must be at least 1.
        low: the minimum value.
        high: the maximum value, or the name of a size for the largest valid index (the size minus
            one).
    """

    kind: Literal["float", "integer"]
    shape: tuple[int | str, ...]
    low: float
    high: float | str


def read_arrays(
    path: Path, layouts: Mapping[str, ArrayLayout], sizes: Mapping[str, int]
) -> dict[str, np.ndarray]:
    """Read exactly the arrays of ``layouts``, without pickles.

    All sizes are checked before the first array is decompressed, so that a small file cannot use up
    the memory.

    Args:
        path: a zip archive with one ``NAME.npy`` per array, stored or deflated.
        layouts: the layout of each array.
        sizes: the sizes that are known in advance, by name.

    Returns:
        The arrays by name: float64 or int64, finite, within their limits.

    Raises:
        ModelError: the file is not such an archive, or an array is missing, misshapen or out of
            range.
    """
    if not path.is_file():
        raise ModelError(f"cannot read {path}: no such file; train the model again")
    with _read_errors(path), path.open("rb") as stream:
        _check_end(path, stream)
        with zipfile.ZipFile(stream) as archive:
            members = _members(path, archive, layouts)
            known = _known_sizes(path, archive, members, layouts, sizes)
            arrays = {name: _read(archive, member) for name, member in members.items()}
    for name, array in arrays.items():
        _check_values(path, name, array, layouts[name], known)
    return arrays


@contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except ModelError:
        raise
    except Exception as error:  # errors of zipfile, zlib and NumPy have no other base class
        raise ModelError(
            f"cannot read {path} ({one_line(error)}); train the model again"
        ) from error


def _check_end(path: Path, stream: IO[bytes]) -> None:
    """Reject a huge file or a huge central directory, which zipfile would read into memory."""
    if stream.seek(0, os.SEEK_END) > MAX_FILE_BYTES:
        raise ModelError(f"{path} is larger than {MAX_FILE_BYTES} bytes; train a smaller model")
    # An archive without a comment ends with a record of 22 bytes. In a zip64 archive, a locator of
    # 20 bytes precedes it, whose values would replace those of the record: zip64 is rejected.
    stream.seek(-min(42, stream.tell()), os.SEEK_END)
    tail = stream.read()
    end = tail[-22:]
    plain = end[:4] == b"PK\5\6" and end[20:] == b"\0\0" and tail[:4] != b"PK\6\7"
    if not plain or int.from_bytes(end[12:16], "little") > MAX_DIRECTORY_BYTES:
        raise ModelError(f"cannot read {path} (not an archive of arrays); train the model again")


def _members(
    path: Path, archive: zipfile.ZipFile, layouts: Mapping[str, ArrayLayout]
) -> dict[str, zipfile.ZipInfo]:
    members = archive.infolist()
    if sorted(member.filename for member in members) != sorted(f"{name}.npy" for name in layouts):
        raise ModelError(
            f"{path} must contain the arrays {', '.join(layouts)} and no others; "
            "train the model again"
        )
    if any(
        member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members
    ):
        raise ModelError(f"cannot read {path} (unknown compression); train the model again")
    return {member.filename.removesuffix(".npy"): member for member in members}


def _known_sizes(
    path: Path,
    archive: zipfile.ZipFile,
    members: Mapping[str, zipfile.ZipInfo],
    layouts: Mapping[str, ArrayLayout],
    sizes: Mapping[str, int],
) -> dict[str, int]:
    """All sizes by name, known or read from the headers of the arrays; checks every header."""
    known = dict(sizes)
    total = 0
    for name, layout in layouts.items():
        with archive.open(members[name]) as stream:
            shape, dtype = _header(stream)
            begins = stream.tell()
        _check_dtype(path, name, dtype, layout)
        _check_shape(path, name, shape, layout, known)
        if members[name].file_size != begins + math.prod(shape) * dtype.itemsize:
            raise ModelError(f"{path}: the array {name} is truncated; train the model again")
        total += math.prod(shape) * 8
    if total > MAX_ARRAY_BYTES:
        raise ModelError(
            f"{path}: the arrays take more than {MAX_ARRAY_BYTES} bytes; train a smaller model"
        )
    return known


def _check_dtype(path: Path, name: str, dtype: np.dtype[Any], layout: ArrayLayout) -> None:
    if layout.kind == "float" and (dtype.kind, dtype.itemsize) != ("f", 8):
        raise ModelError(f"{path}: the array {name} must be float64; train the model again")
    if layout.kind == "integer" and dtype.kind != "i":
        raise ModelError(f"{path}: the array {name} must contain integers; train the model again")


def _check_shape(
    path: Path, name: str, shape: tuple[int, ...], layout: ArrayLayout, known: dict[str, int]
) -> None:
    """Check a shape against the known sizes, and add the sizes that it defines."""
    if len(shape) == len(layout.shape):
        for axis, size in zip(layout.shape, shape, strict=True):
            if isinstance(axis, str) and size >= 1:
                known.setdefault(axis, size)
    expected = tuple(known.get(axis, 0) if isinstance(axis, str) else axis for axis in layout.shape)
    if shape != expected or not all(expected):
        axes = ", ".join(f"{known.get(str(axis), '')} {axis}".strip() for axis in layout.shape)
        raise ModelError(
            f"{path}: the array {name} has the shape {str(shape)[:60]}, but the other arrays and "
            f"model.json require ({axes}); train the model again"
        )


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"unsupported version {version} of the array format")
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream, max_header_size=MAX_HEADER)
    return shape, dtype


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as stream:
        array = np.lib.format.read_array(stream, allow_pickle=False, max_header_size=MAX_HEADER)
        stream.read()  # to the end, where the checksum is verified
    return array.astype(np.float64 if array.dtype.kind == "f" else np.int64, copy=False)


def _check_values(
    path: Path, name: str, array: np.ndarray, layout: ArrayLayout, known: Mapping[str, int]
) -> None:
    if layout.kind == "float" and not np.isfinite(array).all():
        raise ModelError(
            f"{path}: the array {name} contains NaN or infinity; train the model again"
        )
    high = known[layout.high] - 1 if isinstance(layout.high, str) else layout.high
    if array.min() < layout.low or array.max() > high:
        raise ModelError(
            f"{path}: the array {name} must contain numbers from {layout.low:g} to {high:g}; "
            "train the model again"
        )
