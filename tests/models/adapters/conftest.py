from __future__ import annotations

from tests.attacks.conftest import textattack

__all__ = ["textattack"]
