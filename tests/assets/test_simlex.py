from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from robustbert.assets import simlex
from robustbert.assets.vectors import WordVectors
from robustbert.errors import InputError

HEADER = "word1\tword2\tPOS\tSimLex999\n"


@pytest.fixture(autouse=True)
def on_a_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words one, two, three … at growing angles from the first."""
    angles = np.deg2rad([0, 10, 30, 60, 100])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    words = ("one", "two", "three", "four", "five")
    made = WordVectors(words, vectors, np.zeros((5, 1), np.int32))
    monkeypatch.setattr(simlex, "load_word_vectors", lambda: made)


def test_correlation_of_ranks(tmp_path: Path) -> None:
    path = tmp_path / "SimLex-999.txt"
    rated = ["one\ttwo\tN\t9", "one\tThree\tN\t7", "one\tfour\tN\t1", "one\tfive\tN\t2"]
    path.write_text(HEADER + "\n".join([*rated, "one\tunseen\tN\t5"]) + "\n")
    result = simlex.simlex_correlation(path)
    # ranks 4 3 2 1 against 4 3 1 2: 1 - 6 * (1 + 1) / (4 * 15)
    assert result == simlex.SimlexResult(pytest.approx(0.8), pairs=4, missing=1)


@pytest.mark.parametrize(
    "content",
    [
        "",
        HEADER + "one\ttwo\tN\t9\n",
        "a\tb\n1\t2\n",
        HEADER + "one\ttwo\tN\thigh\n",
        HEADER + "one\n",
    ],
)
def test_another_file_is_rejected(tmp_path: Path, content: str) -> None:
    path = tmp_path / "SimLex-999.txt"
    path.write_text(content)
    with pytest.raises(InputError, match=r"SimLex-999\.txt"):
        simlex.simlex_correlation(path)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        simlex.simlex_correlation(tmp_path / "none.txt")
