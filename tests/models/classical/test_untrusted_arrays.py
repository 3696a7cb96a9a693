"""Untrusted array files: sizes, types and values are checked before memory is allocated."""

from __future__ import annotations

import os
import tracemalloc
import zipfile

import numpy as np
import pytest

from robustbert.models import load_model
from tests.models.classical.untrusted import load_error


def test_numbers_whose_sum_overflows_are_rejected(stored_svm, tmp_path):
    folder = stored_svm.write(
        tmp_path / "m", coefficients=stored_svm.arrays["coefficients"] * 0 + 1e308
    )
    assert "must contain numbers from -1e+09 to 1e+09" in load_error(folder)


def test_pickles_are_rejected(stored_svm, tmp_path):
    folder = stored_svm.write(tmp_path / "m", idf=stored_svm.arrays["idf"].astype(object))
    assert "idf must be float64" in load_error(folder)


def test_a_zip_bomb_is_rejected_before_it_is_unpacked(stored_svm, tmp_path):
    folder = stored_svm.write(tmp_path / "m")
    bomb = {**stored_svm.arrays, "coefficients": np.zeros((2, 2**23))}
    np.savez_compressed(folder / "arrays.npz", **bomb)
    tracemalloc.start()
    try:
        assert "coefficients has the shape" in load_error(folder)
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (10**9,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (True, 2)}",
        "{'descr': ('<f8', (2,)), 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': [], 'fortran_order': 1, 'shape': 'x'}",
        "(" * 900,
        "-" * 900 + "1",
        "{" * 900 + "'",
        "\0" * 100,
        " " * 60_000,
        "",
    ],
)
def test_forged_headers_are_rejected(stored_svm, tmp_path, header):
    folder = stored_svm.write(tmp_path / "m", intercepts=None)
    content = header.encode("latin-1") + b"\n"
    forged = b"\x93NUMPY\1\0" + len(content).to_bytes(2, "little") + content + b"\0" * 16
    with zipfile.ZipFile(folder / "arrays.npz", "a") as archive:
        archive.writestr("intercepts.npy", forged)
    assert "arrays.npz" in load_error(folder)


def test_arrays_that_take_too_much_memory_are_rejected(stored_forest, tmp_path, monkeypatch):
    """Sizes that model.json does not determine, such as the number of trees, are limited too."""
    folder = stored_forest.write(tmp_path / "m")
    size = sum(array.nbytes for array in stored_forest.arrays.values())
    monkeypatch.setattr("robustbert.models.classical.npz.MAX_ARRAY_BYTES", size)
    load_model(str(folder))
    roots = np.zeros(len(stored_forest.arrays["roots"]) + 1, dtype=int)
    assert "the arrays take more than" in load_error(stored_forest.write(folder, roots=roots))
    size = (folder / "arrays.npz").stat().st_size
    monkeypatch.setattr("robustbert.models.classical.npz.MAX_FILE_BYTES", size - 1)
    assert "is larger than" in load_error(folder)


def test_a_huge_list_of_members_is_rejected(stored_svm, tmp_path):
    folder = stored_svm.write(tmp_path / "m")
    with zipfile.ZipFile(folder / "arrays.npz", "a") as archive:
        for number in range(1500):
            archive.writestr(f"{number}.npy", b"")
    assert "not an archive of arrays" in load_error(folder)


def test_other_archives_are_rejected(stored_svm, tmp_path):
    folder = stored_svm.write(tmp_path / "m")
    path = folder / "arrays.npz"
    whole = path.read_bytes()
    for content in (b"", b"PK", b"PK\5\6" + b"\0" * 18, whole[:-5], whole[200:], whole + b"\0"):
        path.write_bytes(content)
        assert "arrays.npz" in load_error(folder)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name in stored_svm.arrays:
            archive.writestr(f"{name}.npy", b"")
    assert "unknown compression" in load_error(folder)
    path.unlink()
    assert "no such file" in load_error(folder)
    os.mkfifo(path)
    assert "no such file" in load_error(folder)
