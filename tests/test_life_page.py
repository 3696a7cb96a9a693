"""docs/life-of-a-victim.md: its commands can be given, and each finds the files that it reads."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from robustbert.cli import _parser

PAGE = Path(__file__).parents[1] / "docs" / "life-of-a-victim.md"
TEXT = PAGE.read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(command.replace("\\\n", " "))
    for command in re.findall(r"^robustbert ((?:.*\\\n)*.*)$", TEXT, re.MULTILINE)
]


def test_commands_can_be_parsed():
    assert [command[0] for command in COMMANDS] == [
        *("data", "pretrain", "tune", "train", "curve", "attack")
    ]
    for command in COMMANDS:
        _parser().parse_args(command)
    inline = re.findall(r"`robustbert ([a-z]+ \w+/.*|[a-z]+ --model .*)`", TEXT)
    assert [command.split()[0] for command in inline] == ["explore", "explain", "card"]
    for command in inline:
        _parser().parse_args(shlex.split(command))


def test_the_report_on_the_data_is_that_of_the_page_on_data():
    report = TEXT.partition("--examples 0\n```\n\n```\n")[2].partition("```")[0]
    lines = [line for line in report.splitlines() if line and line != "[...]"]
    assert len(lines) > 15
    expected = (PAGE.parent / "data.md").read_text(encoding="utf-8").splitlines()
    assert not set(lines) - set(expected)


def test_folders_are_written_before_they_are_read():
    written: set[str] = set()
    for command in COMMANDS:
        folders = {
            folder
            for argument in command
            for folder in re.findall(r"(?:bases|studies|models|curves|runs)/\w+", argument)
        }
        made = {_parser().parse_args(command).out} if command[0] != "data" else set()
        made = {str(folder) for folder in made}
        assert folders - made <= written, command
        written |= made
    assert len(written) == 5
