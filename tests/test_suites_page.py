"""``docs/suites.md``: every key, its default and its example are those of the code."""

from __future__ import annotations

import re
import tomllib
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import PydanticUndefined

from robustbert.attacks import UnifiedLimits
from robustbert.bench import Suite, load_suite, make_plan
from robustbert.bench.suite_tables import DatasetTable, ModelTable
from robustbert.cli import main
from robustbert.records import read_run
from robustbert.training import TrainingConfig
from tests.news import news_files

PAGE = (Path(__file__).parents[1] / "docs" / "suites.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
BASE = {"name": "base", "models": ["tfidf-nb"], "recipes": ["pwws"], "datasets": ["imdb"]}
REQUIRED = object()


def defaults(kind: type) -> dict[str, Any]:
    """The default of each key of a table; ``REQUIRED`` for a key that has none."""
    if hasattr(kind, "model_fields"):
        found = {
            name: field.default_factory() if field.default_factory else field.default
            for name, field in kind.model_fields.items()
        }
    else:
        found = {field.name: field.default for field in fields(kind)}
    missing = (MISSING, PydanticUndefined)
    return {name: REQUIRED if one in missing else one for name, one in found.items()}


SECTIONS = {
    "Keys of a suite": defaults(Suite),
    "`[dataset.NAME]`: your own data": defaults(DatasetTable),
    "`[model.NAME]`: models with options": defaults(ModelTable),
    "`[model.NAME.training]`: training options": {
        name: value for name, value in defaults(TrainingConfig).items() if name != "seed"
    },
    "`[limits]`: the unified track": defaults(UnifiedLimits),
}


def rows(section: str) -> dict[str, list[str]]:
    """The cells of the rows of a section's table, keyed by its first cell."""
    text = PAGE.split(f"## {section}\n")[1].split("\n## ")[0]
    table = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {key.strip("`"): cells for key, *cells in table}


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models" / "mine").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)


def load(text: str) -> Suite:
    Path("suite.toml").write_text(text, encoding="utf-8")
    return load_suite("suite.toml")


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_is_described_with_its_default(section: str) -> None:
    found = {}
    for key, (default, _, meaning) in rows(section).items():
        assert meaning
        if default in ("required", "none"):
            found[key] = REQUIRED if default == "required" else None
        else:
            (value,) = tomllib.loads(f"key = {default.strip('`')}").values()
            found[key] = tuple(value) if isinstance(value, list) else value
    assert found == SECTIONS[section]


def example_suite(section: str, example: dict[str, Any]) -> dict[str, Any]:
    """A suite with the example of a key at its place."""
    if section.startswith("Keys"):
        trained = {"models": ["models/mine"]} if "labels" in example else {}
        return {**BASE, **trained, **example}
    if "dataset" in section:
        key = next(iter(example))
        source = {} if key in ("source", "train", "validation", "test") else {"test": "t.csv"}
        return {**BASE, "datasets": ["a"], "dataset": {"a": {**source, **example}}}
    if "training" in section:
        example = {"training": example}
    if "model" in section:
        table: dict[str, Any] = {"base": "minilm", **example}
        for key, defense in (("params", "augmentation"), ("adaptive", "safer")):
            table |= {"defense": defense} if key in example else {}
        return {**BASE, "models": ["a"], "model": {"a": table}}
    return {**BASE, "limits": example}


@pytest.mark.parametrize(
    ("section", "key"), [(section, key) for section in SECTIONS for key in SECTIONS[section]]
)
def test_the_example_of_each_key_is_valid(section: str, key: str) -> None:
    example = tomllib.loads(rows(section)[key][1].strip("`"))
    assert list(example) == [key]
    assert example[key] != SECTIONS[section][key]
    suite = Suite.model_validate(example_suite(section, example))
    assert make_plan(suite).cells


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split('"')[1])
def test_every_block_is_a_suite(block: str) -> None:
    assert load(block).name == block.split('"')[1]


def test_the_suite_with_files_runs(tmp_path: Path, own_cache: Path) -> None:
    (block,) = (block for block in BLOCKS if "train.csv" in block)
    (tmp_path / "data").mkdir()
    news_files(tmp_path / "data")
    load(block)
    assert main(["bench", "--suite", "suite.toml", "-n", "3", "--out", "out"]) == 0
    (record,) = read_run(Path("out")).records
    assert (record.suite, record.dataset.name) == ("news", "news")
    assert record.dataset.source == "files:train.csv,validation.csv,test.csv"


def test_every_option_of_the_page_exists(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["bench", "--help"])
    known = capsys.readouterr().out
    options = set(re.findall(r"--[a-z][a-z-]+", PAGE))
    assert len(options) > 8
    for option in options:
        assert option in known
