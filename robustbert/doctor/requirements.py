"""Versions of installed packages, and requirements that are not met."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Any

from robustbert.packages import installed_version
from robustbert.version import __version__

#: Packages whose versions affect outcomes or speed.
PACKAGES = (
    *("torch", "transformers", "textattack", "datasets", "nltk", "numpy", "pandas"),
    *("scikit-learn", "flair", "greenlet", "safetensors"),
)


def installed_versions() -> dict[str, Any]:
    """Versions of robustbert, Python, the system and `PACKAGES`; None if not installed."""
    return {
        "robustbert": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "system": platform.platform(),
        **{name: installed_version(name) for name in PACKAGES},
    }


def unmet_requirements(distribution: str) -> tuple[list[str], list[str]]:
    """The requirements of an installed package that are not met.

    Returns:
        One message per package that is not installed, and one per package of another version; each
        says how to install it.
    """
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return ["packaging is not installed; install it: pip install packaging"], []
    try:
        lines = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return [
            f"{distribution} is not installed; run `pip install --editable .` in its repository"
        ], []
    missing, mismatched = [], []
    for requirement in map(Requirement, lines):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        version = installed_version(requirement.name)
        install = f"install it: pip install '{requirement.name}{requirement.specifier}'"
        if version is None:
            missing.append(f"{requirement.name} is not installed; {install}")
        elif not requirement.specifier.contains(version, prereleases=True):
            mismatched.append(f"{requirement.name} is version {version}; {install}")
    return missing, mismatched
