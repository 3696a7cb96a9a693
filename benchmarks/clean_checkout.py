"""Refuse runs whose records could not be filed."""

from __future__ import annotations

from argparse import ArgumentParser

from robustbert.bench.environment import capture_environment


def require_clean_checkout(parser: ArgumentParser) -> None:
    """End with an error if the code has uncommitted changes, which records would name."""
    if capture_environment("auto").dirty:
        parser.error("the code has uncommitted changes, so its records could not be filed: commit")
