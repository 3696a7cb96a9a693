"""Outcomes beyond the limits of their track, and outcomes that no attack can have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from robustbert.attacks.tracks import UnifiedLimits
from robustbert.cli import main
from robustbert.metrics import counts, reliability, summarize
from robustbert.records import (
    PublishedCell,
    published_outcomes_path,
    read_outcomes,
    read_record,
    write_outcomes,
    write_record,
)
from tests.leaderboard.published import write_published
from tests.leaderboard.valid_results import problem_lines, valid_cell

ROW = "rotten_tomatoes/unified/minilm-97f6e7cb"
NUM_WORDS = 20


def limited_cell(letters: str = "bbrrx", length: str = "short", **changes: Any) -> PublishedCell:
    """A cell with the limits of the unified track; ``changes`` are those of its first outcome."""
    cell = valid_cell(letters, length=length, track=changes.pop("track", "unified"))
    revision = changes.pop("revision", 2)
    outcomes = [
        outcome.model_copy(
            update={"words": NUM_WORDS, "queries": 1000 if outcome.status == "exhausted" else 10}
            | (changes if line == 0 else {})
        )
        for line, outcome in enumerate(cell.outcomes)
    ]
    limits = {"limits": UnifiedLimits().as_record(), "revision": revision}
    protocol = cell.record.protocol.model_copy(update=limits)
    record = cell.record.model_copy(
        update={
            "protocol": protocol,
            "metrics": summarize(outcomes),
            "counts": counts(outcomes),
            "reliability": list(reliability(outcomes, None)),
        }
    )
    return PublishedCell(cell.path, record, tuple(outcomes))


def problems(cell: PublishedCell, tmp_path: Path) -> list[str]:
    write_published([cell], tmp_path)
    return [line.partition(".jsonl: ")[2] or line for line in problem_lines(tmp_path)]


@pytest.mark.parametrize(
    ("length", "most"), [("short", 6), ("long", 2)], ids=["short texts", "long texts"]
)
def test_words_changed_have_the_limit_of_the_track(tmp_path: Path, length: str, most: int) -> None:
    assert UnifiedLimits().words_limit(NUM_WORDS, length) == most
    assert not problems(limited_cell("b", length, words_changed=most), tmp_path)
    assert problems(limited_cell("b", length, words_changed=most + 1), tmp_path) == [
        "limits: line 1: broken with more words changed than the limit"
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"similarity": 0.84}, []),
        ({"similarity": 0.8399}, ["limits: line 1: broken with less similarity than the limit"]),
        ({"similarity": None}, ["limits: line 1: broken with less similarity than the limit"]),
        ({"similarity": 0.5, "words": 14}, []),
        ({"queries": 1000}, []),
        ({"queries": 1001}, ["limits: line 1: more queries than the budget"]),
        ({"queries": 1001, "revision": 1}, []),
        ({"queries": 1001, "words_changed": 20, "track": "published"}, []),
        (
            {"label": 2, "clean_prediction": 2},
            ["outcomes: line 1: a class that there is not, because label_names has 2"],
        ),
        (
            {"label_probability": 0.4},
            ["outcomes: line 1: label_probability contradicts clean_prediction"],
        ),
        ({"label_probability": 0.5}, []),
        (
            {"adversarial_label_probability": 0.6},
            ["outcomes: line 1: adversarial_label_probability contradicts the status"],
        ),
    ],
)
def test_an_outcome_is_what_an_attack_can_give(
    tmp_path: Path, changes: dict[str, Any], expected: list[str]
) -> None:
    assert problems(limited_cell(**changes), tmp_path) == expected


def test_an_exhausted_attack_has_used_its_budget(tmp_path: Path) -> None:
    assert not problems(limited_cell("x"), tmp_path)
    assert problems(limited_cell("x", queries=999), tmp_path) == [
        "limits: line 1: exhausted with fewer queries than the budget"
    ]


def test_a_skipped_text_was_classified_as_another_class(tmp_path: Path) -> None:
    assert problems(limited_cell("s", label_probability=0.6), tmp_path) == [
        "outcomes: line 1: label_probability contradicts clean_prediction"
    ]


def test_texts_made_robust_by_hand_are_found(tmp_path: Path, capsys) -> None:
    write_published([limited_cell("bbrrx")], tmp_path)
    path = tmp_path / ROW / "pwws.json"
    nothing = ("adversarial_prediction", "words_changed", "similarity")
    outcomes = [
        outcome.model_copy(update={"status": "robust"} | dict.fromkeys(nothing))
        if outcome.status == "broken"
        else outcome
        for outcome in read_outcomes(published_outcomes_path(path))
    ]
    update = {
        "counts": counts(outcomes),
        "metrics": summarize(outcomes),
        "reliability": list(reliability(outcomes, None)),
    }
    write_record(read_record(path).model_copy(update=update), path)
    write_outcomes(outcomes, published_outcomes_path(path))
    assert main(["leaderboard", "check", "--results", str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines()[0] == (
        f"{tmp_path}/{ROW}/pwws.jsonl: outcomes: line 1: adversarial_label_probability contradicts "
        "the status (and 1 more line)"
    )
