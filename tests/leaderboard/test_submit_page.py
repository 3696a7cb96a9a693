"""docs/submit.md and the template of pull requests say what the commands do."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from robustbert.attacks.recipes import CORE_RECIPES
from robustbert.bench import load_suite
from robustbert.cli import _parser
from robustbert.leaderboard.checks.check_results import CHECKS
from robustbert.leaderboard.claims import parse_claims
from robustbert.leaderboard.recomputation import COMPARED_FIELDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "submit.md").read_text(encoding="utf-8")
TEMPLATE = (ROOT / ".github" / "pull_request_template.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)


COMMANDS = [line for block in blocks("bash") for line in block.splitlines()]


@pytest.mark.parametrize("command", [*COMMANDS, *re.findall(r"`(robustbert [^`]+)`", TEMPLATE)])
def test_every_command_parses(command: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "robustbert"
    assert _parser().parse_args(arguments).run


def test_the_command_of_the_page_makes_a_row_that_ranks() -> None:
    options = _parser().parse_args(shlex.split(COMMANDS[0])[1:])
    assert set(options.recipes) == set(CORE_RECIPES)
    assert options.track == ["unified"]
    assert options.datasets[0] in load_suite(options.suite).datasets


def test_the_page_names_every_check() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE) == [c.name for c in CHECKS]


def test_the_page_names_what_is_compared() -> None:
    sentence = PAGE[PAGE.index("attacks the first 20") : PAGE.index("it exits with 1 if one\ndiff")]
    for field in ("status", "queries", "words_changed", "seed"):
        assert field in COMPARED_FIELDS
        assert field.replace("_", " ") in sentence.replace("\n", " ")


def test_the_example_of_claims_is_valid() -> None:
    [example] = blocks("json")
    [claim] = parse_claims(example.encode(), "example")
    assert claim.about == "accuracy under textfooler"
