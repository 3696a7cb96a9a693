"""Capture the software versions and the hardware for a record."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

from robustbert.machine import processor_class, processor_name
from robustbert.packages import installed_version
from robustbert.records.schema import Environment


def capture_environment(device: str = "auto") -> Environment:
    """Capture the environment of this process; ``device`` is the device of the models."""
    import torch

    from robustbert.models.devices import choose_device

    checkout = Path(__file__).resolve().parents[2]
    return Environment(
        python=platform.python_version(),
        torch=installed_version("torch"),
        transformers=installed_version("transformers"),
        tokenizers=installed_version("tokenizers"),
        textattack=installed_version("textattack"),
        nltk=installed_version("nltk"),
        scikit_learn=installed_version("scikit-learn"),
        datasets=installed_version("datasets"),
        processor=processor_name(),
        processor_class=processor_class(),
        threads=torch.get_num_threads(),
        device=str(choose_device(device)),
        git_commit=_git(checkout, "rev-parse", "HEAD"),
        dirty=_is_dirty(checkout),
        batch_invariance=None,
    )


def _is_dirty(checkout: Path) -> bool | None:
    status = _git(checkout, "status", "--porcelain", "--untracked-files=no", empty=True)
    return None if status is None else bool(status)


def _git(checkout: Path, *arguments: str, empty: bool = False) -> str | None:
    """The output of a git command in the checkout; None if there is no checkout or no output."""
    if not (checkout / ".git").exists() or not (checkout / "pyproject.toml").is_file():
        return None  # installed from a wheel: an enclosing repository is unrelated
    try:
        result = subprocess.run(
            ["git", "-C", str(checkout), *arguments],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if result.returncode != 0:
        return None
    return result.stdout.strip() if result.stdout.strip() or empty else None
