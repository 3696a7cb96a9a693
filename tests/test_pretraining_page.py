"""docs/pretraining.md: its commands can be given, and its defaults are those of the code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from robustbert.cli import _parser
from robustbert.training import PretrainingConfig

PAGE = (Path(__file__).parents[1] / "docs" / "pretraining.md").read_text(encoding="utf-8")


def test_commands_can_be_parsed():
    commands = re.findall(r"^robustbert (.+)$", PAGE, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["pretrain", "train", "attack"]
    for command in commands:
        _parser().parse_args(shlex.split(command))


def test_defaults_are_those_of_the_settings():
    rows = re.findall(r"^\| `--([a-z-]+)` \| `?([\w.-]+)`? \|", PAGE, re.MULTILINE)
    settings = PretrainingConfig().as_dict()
    assert len(rows) == 10
    for option, default in rows:
        expected = settings[option.replace("-", "_")]
        if isinstance(expected, float):
            assert float(default) == expected
        else:
            assert default == (expected[0] if isinstance(expected, list) else str(expected))
