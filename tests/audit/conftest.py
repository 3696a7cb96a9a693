"""Fixtures of the tests of audits."""

from __future__ import annotations

import pytest

from robustbert.audit import rater_agreement


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """Thousands of resamples would take seconds."""
    monkeypatch.setattr(rater_agreement, "RESAMPLES", 200)
