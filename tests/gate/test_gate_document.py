"""docs/gate.md has the current tables, keys and numbers."""

from __future__ import annotations

import json
import re
import statistics
import tomllib
from pathlib import Path

from robustbert.gate import compare_runs, read_gate_run
from robustbert.gate.comparison.comparison_fields import MODELS
from robustbert.gate.comparison.comparison_json import comparison_json
from robustbert.gate.document_tables import TABLES, update_tables
from robustbert.gate.gate_config import GateTable
from robustbert.metrics import mcnemar_power
from tests.gate.gate_page import DOCUMENT, keys
from tests.gate.toy_comparisons import toy_comparison

ROOT = Path(__file__).parents[2]


def test_the_tables_are_current():
    assert update_tables(DOCUMENT) == DOCUMENT, "run python -m robustbert.gate docs/gate.md"
    assert set(re.findall(r"<!-- table of (\w+) -->", DOCUMENT)) == set(TABLES)


def test_every_key_of_the_json_is_in_a_table():
    documented = {field for model in MODELS for field in model.model_fields} | {"value", "n"}
    for comparison in (toy_comparison(), toy_comparison(seed=1)):
        assert keys(json.loads(comparison_json(comparison))) <= documented


def test_the_tables_of_power_are_those_of_the_test():
    row = next(line for line in DOCUMENT.splitlines() if line.startswith("| 1,000 |"))
    drop = float(row.split("|")[3].split()[0]) / 100
    assert mcnemar_power(1000, drop + 0.0005, 0.1, 0.05 / 6) > 0.8
    assert mcnemar_power(1000, drop - 0.0015, 0.1, 0.05 / 6) < 0.8


def test_every_key_of_the_gate_table_is_described_with_its_default():
    section = DOCUMENT.partition("\n## Settings\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \| .* \|$", section, re.MULTILINE))
    defaults = {"null": "none", "{}": "none"}
    for name, value in GateTable().model_dump(mode="json").items():
        shown = json.dumps(value)
        expected = "those of the model" if name == "labels" else defaults.get(shown, shown)
        assert rows[name].strip("`") == expected, name


def test_the_configuration_that_is_shown_is_valid():
    [example] = re.findall(r"```toml\n(.*?)```", DOCUMENT, re.DOTALL)
    table = GateTable.model_validate(tomllib.loads(example)["gate"])
    assert table.policy().max_drop_of("imdb", "unified", "worst_case") == 0.05


def test_the_share_of_flipped_examples_in_the_committed_results():
    run = read_gate_run(ROOT / "results" / "rotten_tomatoes")
    rows = (run.only_row(name) for name in ("minilm", "minilm + adversarial-training"))
    measures = compare_runs(*rows).measures
    shares = [(len(m.lost) + len(m.gained)) / m.n for m in measures]
    numbers = (statistics.median(shares), min(shares), max(shares))
    text = " ".join(DOCUMENT.split())
    assert (
        "{:.0%} lost or gained examples in the median of the measures, and {:.0%} to {:.0%} "
        "overall".format(*numbers)
    ) in text
