"""Files of earlier schema versions stay readable, keep their values and are validated."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from robustbert.errors import RecordError
from robustbert.metrics import counts, summarize
from robustbert.records import (
    OUTCOME_MIGRATIONS,
    RECORD_MIGRATIONS,
    SCHEMA_VERSION,
    read_outcomes,
    read_record,
    read_run,
    record_name,
    write_outcomes,
    write_record,
)
from tests.records.builders import make_outcome, make_record

# Files of version 1, which must never be rewritten.
FOLDER = Path(__file__).parent / "schema_1"
RECORD_1: dict[str, Any] = json.loads((FOLDER / "record.json").read_text(encoding="utf-8"))
LINES_1 = (FOLDER / "outcomes.jsonl").read_text(encoding="utf-8").splitlines()

# A file of version 2, and outcomes of the same cell.
FOLDER_2 = Path(__file__).parent / "schema_2"
RECORD_2: dict[str, Any] = json.loads((FOLDER_2 / "record.json").read_text(encoding="utf-8"))


# A file of version 3, and outcomes of the same cell.
FOLDER_3 = Path(__file__).parent / "schema_3"
RECORD_3: dict[str, Any] = json.loads((FOLDER_3 / "record.json").read_text(encoding="utf-8"))

# A file of version 4, and outcomes of the same cell.
FOLDER_4 = Path(__file__).parent / "schema_4"
RECORD_4: dict[str, Any] = json.loads((FOLDER_4 / "record.json").read_text(encoding="utf-8"))


def read_changed(folder: Path, content: dict[str, Any]):
    path = folder / "cell.json"
    path.write_text(json.dumps(content))
    return read_record(path)


def test_every_earlier_version_has_a_migration() -> None:
    versions = list(range(1, SCHEMA_VERSION))
    assert list(RECORD_MIGRATIONS) == list(OUTCOME_MIGRATIONS) == versions


def test_a_record_of_version_1_keeps_its_values() -> None:
    record = read_record(FOLDER / "record.json")
    assert record.schema_version == SCHEMA_VERSION
    content = record.model_dump()
    for name in ("suite", "counts", "assets", "recipe", "timing", "track"):
        assert content[name] == RECORD_1[name]
    content["environment"]["batch_invariance"].pop("answers_changed")
    for name in ("dataset", "model", "protocol", "metrics", "environment", "engine"):
        assert content[name].items() >= RECORD_1[name].items()


def test_a_record_of_version_1_gets_the_fields_of_version_2() -> None:
    record = read_record(FOLDER / "record.json")
    [defense] = record.defenses
    assert defense.model_dump() == {**RECORD_1["defense"], "revision": 1}
    assert (record.created_at, record.command, record.reliability) == (None, None, [])
    assert (record.dataset.length, record.dataset.label_names) == (None, None)
    assert (record.model.variant, record.environment.processor_class) == (None, None)
    assert record.protocol.revision == 1
    assert record.training_seed == RECORD_1["protocol"]["seed"] == 3
    assert record.metrics.textattack_queries_mean == RECORD_1["metrics"]["queries_mean"]
    assert record_name(record) == "reviews--minilm--adversarial-training--unified--pwws"


def test_version_1_queries_become_textattack_queries() -> None:
    outcomes = read_outcomes(FOLDER / "outcomes.jsonl")
    assert len(outcomes) == len(LINES_1) == 8
    for outcome, line in zip(outcomes, LINES_1, strict=True):
        before = json.loads(line)
        content = outcome.model_dump()
        assert content.items() >= before.items()
        assert content["textattack_queries"] == before["queries"]
        added = set(content) - set(before)
        assert {content[name] for name in added - {"textattack_queries"}} == {None}


def test_a_record_of_version_2_gets_the_field_of_version_3() -> None:
    content = read_record(FOLDER_2 / "record.json").model_dump()
    del content["engine"]["executor"], content["engine"]["workers"]
    del content["protocol"]["adaptive"], content["protocol"]["adaptive_votes"]
    assert content.pop("schema_version") == SCHEMA_VERSION
    assert content["environment"]["batch_invariance"].pop("answers_changed") is None
    assert content == {name: RECORD_2[name] for name in RECORD_2 if name != "schema_version"}


def test_a_record_of_version_3_gets_the_fields_of_version_4() -> None:
    content = read_record(FOLDER_3 / "record.json").model_dump()
    del content["engine"]["executor"], content["engine"]["workers"]
    assert content.pop("schema_version") == SCHEMA_VERSION
    assert [content["protocol"].pop(name) for name in ("adaptive", "adaptive_votes")] == [None] * 2
    assert content == {name: RECORD_3[name] for name in RECORD_3 if name != "schema_version"}


def test_a_record_of_version_4_gets_the_fields_of_version_5() -> None:
    content = read_record(FOLDER_4 / "record.json").model_dump()
    assert content.pop("schema_version") == SCHEMA_VERSION
    assert [content["engine"].pop(name) for name in ("executor", "workers")] == ["local", None]
    assert content == {name: RECORD_4[name] for name in RECORD_4 if name != "schema_version"}


@pytest.mark.parametrize("folder", [FOLDER_2, FOLDER_3, FOLDER_4])
def test_outcomes_since_version_2_are_unchanged(folder: Path) -> None:
    lines = (folder / "outcomes.jsonl").read_text(encoding="utf-8").splitlines()
    outcomes = read_outcomes(folder / "outcomes.jsonl")
    assert [outcome.model_dump() for outcome in outcomes] == [json.loads(line) for line in lines]


def test_a_record_of_version_2_has_no_field_of_version_3(tmp_path: Path) -> None:
    content = deepcopy(RECORD_2)
    content["environment"]["batch_invariance"]["answers_changed"] = 0
    with pytest.raises(RecordError, match="answers_changed: a field that this schema version"):
        read_changed(tmp_path, content)


def test_a_record_of_version_3_has_no_field_of_version_4(tmp_path: Path) -> None:
    content = deepcopy(RECORD_3)
    content["protocol"]["adaptive"] = True
    with pytest.raises(RecordError, match="adaptive: a field that this schema version"):
        read_changed(tmp_path, content)


def test_a_record_of_version_4_has_no_field_of_version_5(tmp_path: Path) -> None:
    content = deepcopy(RECORD_4)
    content["engine"]["executor"] = "local"
    with pytest.raises(RecordError, match="executor: a field that this schema version"):
        read_changed(tmp_path, content)


def test_a_migrated_record_follows_from_its_migrated_outcomes() -> None:
    record = read_record(FOLDER / "record.json")
    outcomes = read_outcomes(FOLDER / "outcomes.jsonl")
    assert counts(outcomes, truncated=1) == record.counts
    assert summarize(outcomes) == record.metrics


def test_migrated_files_are_written_in_the_current_version(tmp_path: Path) -> None:
    record = read_record(FOLDER / "record.json")
    write_record(record, tmp_path / "cell.json")
    assert json.loads((tmp_path / "cell.json").read_text())["schema_version"] == SCHEMA_VERSION
    assert read_record(tmp_path / "cell.json") == record
    outcomes = read_outcomes(FOLDER / "outcomes.jsonl")
    write_outcomes(outcomes, tmp_path / "o.jsonl")
    assert read_outcomes(tmp_path / "o.jsonl") == outcomes


def test_an_undefended_model_that_the_run_did_not_train(tmp_path: Path) -> None:
    content = deepcopy(RECORD_1) | {"defense": None}
    content["timing"]["train_seconds"] = None
    record = read_changed(tmp_path, content)
    assert (record.defenses, record.training_seed) == ([], None)


def test_the_first_records_lack_fields_that_version_1_added_later(tmp_path: Path) -> None:
    content = deepcopy(RECORD_1)
    del content["engine"]
    del content["environment"]["batch_invariance"]
    record = read_changed(tmp_path, content)
    assert record.engine is None
    assert record.environment.batch_invariance is None


def test_migrations_do_not_change_their_argument() -> None:
    before = deepcopy(RECORD_1)
    RECORD_MIGRATIONS[1](RECORD_1)
    assert before == RECORD_1
    before = deepcopy(RECORD_2)
    RECORD_MIGRATIONS[2](RECORD_2)
    assert before == RECORD_2
    before = deepcopy(RECORD_3)
    RECORD_MIGRATIONS[3](RECORD_3)
    assert before == RECORD_3
    line = json.loads(LINES_1[0])
    OUTCOME_MIGRATIONS[1](line)
    assert line == json.loads(LINES_1[0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"created_at": None}, "created_at: a field that this schema version does not have"),
        ({"defenses": []}, "defenses: a field that this schema version does not have"),
        ({"unknown": 1}, "unknown: Extra inputs"),
        ({"dataset": RECORD_1["dataset"] | {"length": "long"}}, "length: a field that this"),
        ({"protocol": RECORD_1["protocol"] | {"revision": 2}}, "revision: a field that this"),
        ({"defense": {"name": "a", "params": {}, "revision": 2}}, "revision: a field that this"),
        ({"defense": "a"}, r"defenses\.0: "),
        ({"dataset": None}, "dataset: "),
        ({"metrics": []}, "metrics: "),
        ({"protocol": "x"}, "protocol: "),
        ({"environment": 3}, "environment: "),
        ({"timing": None}, "timing: "),
        ({"counts": {}}, "counts.skipped: Field required"),
        ({"suite": 1}, "suite: "),
    ],
)
def test_a_damaged_record_of_version_1_is_rejected(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(RecordError, match=message) as caught:
        read_changed(tmp_path, RECORD_1 | changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("field", sorted(set(RECORD_1) - {"engine"}))
def test_a_record_of_version_1_needs_its_fields(tmp_path: Path, field: str) -> None:
    content = {name: value for name, value in RECORD_1.items() if name != field}
    with pytest.raises(RecordError, match=f"{field}"):
        read_changed(tmp_path, content)


def test_a_version_1_name_in_a_record_of_version_2_is_rejected(tmp_path: Path) -> None:
    content = make_record([make_outcome()]).model_dump() | {"defense": None}
    with pytest.raises(RecordError, match="defense: Extra inputs"):
        read_changed(tmp_path, content)


@pytest.mark.parametrize("field", sorted(json.loads(LINES_1[3])))
def test_a_line_of_version_1_needs_its_fields(tmp_path: Path, field: str) -> None:
    content = json.loads(LINES_1[3])
    del content[field]
    (tmp_path / "o.jsonl").write_text(json.dumps(content) + "\n")
    with pytest.raises(RecordError, match=f"line 1: {field}: Field required"):
        read_outcomes(tmp_path / "o.jsonl")


@pytest.mark.parametrize("field", ["textattack_queries", "label_probability"])
def test_an_outcome_with_only_some_new_fields_is_rejected(tmp_path: Path, field: str) -> None:
    content = make_outcome().model_dump()
    del content[field]
    (tmp_path / "o.jsonl").write_text(json.dumps(content) + "\n")
    with pytest.raises(RecordError, match=f"line 1: {field}: Field required"):
        read_outcomes(tmp_path / "o.jsonl")


def test_a_partial_file_may_contain_lines_of_both_versions(tmp_path: Path) -> None:
    new = json.dumps(make_outcome("new").model_dump())
    (tmp_path / "o.jsonl").write_text(f"{LINES_1[0]}\n{new}\n")
    assert [o.example_id for o in read_outcomes(tmp_path / "o.jsonl")] == ["e0", "new"]


def test_files_keep_the_names_that_an_earlier_version_gave_them(tmp_path: Path) -> None:
    """``minilm-seed1`` was a plain name in version 1."""
    stem = "reviews--minilm-seed1--none--unified--pwws"
    record = json.loads((FOLDER / "record.json").read_text(encoding="utf-8"))
    record["model"]["name"] = "minilm-seed1"
    for folder, suffix, content in (
        ("records", ".json", json.dumps(record)),
        ("outcomes", ".jsonl", (FOLDER / "outcomes.jsonl").read_text(encoding="utf-8")),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{stem}{suffix}").write_text(content, encoding="utf-8")
    run = read_run(tmp_path)
    (read,) = run.records
    assert record_name(read) != stem
    assert len(run.outcomes[record_name(read)]) == read.counts.total
