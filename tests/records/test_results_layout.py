"""The layout of published results: what a path says, and what is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from robustbert.errors import RecordError
from robustbert.records import (
    Record,
    is_published,
    published_outcomes_path,
    published_path,
    read_published,
    record_name,
    row_folder,
    row_sha256,
    run_of_published,
    write_outcomes,
    write_record,
)
from tests.records.builders import add_cell, make_outcomes, make_record

RUN = make_outcomes(robust=2, broken=1)


def publish(results: Path, *records: Record) -> Path:
    for record in records:
        path = results / published_path(record)
        write_record(record, path)
        write_outcomes(RUN, published_outcomes_path(path))
    return results


def with_model(record: Record, **changes: object) -> Record:
    return record.model_copy(update={"model": record.model.model_copy(update=changes)})


def test_the_path_says_what_the_record_is() -> None:
    record = make_record(RUN, defense="adversarial-training", recipe="my_attack:Swap")
    *folders, row, file = published_path(record).parts
    assert folders == ["rotten_tomatoes", "unified"]
    assert row == f"minilm+adversarial-training-{row_sha256(record)[:8]}"
    assert file.startswith("swap-"), "a name that is no plain file name is replaced by a slug"


def test_the_hash_is_that_of_weights_settings_and_defenses_alone() -> None:
    record = make_record(RUN)
    for same in (
        with_model(record, name="renamed", source="hub:other", variant="1" * 8),
        make_record(RUN, dataset="imdb", recipe="iga", track="published", training_seed=7),
    ):
        assert row_sha256(same) == row_sha256(record)
    others = [
        with_model(record, sha256="c" * 64),
        with_model(record, dtype="bfloat16"),
        with_model(record, max_length=128),
        make_record(RUN, defense="adversarial-training"),
    ]
    assert len({row_sha256(one) for one in (record, *others)}) == 5


def test_an_adaptive_attack_is_a_row_of_its_own() -> None:
    record = make_record(RUN, defense="safer")
    assert row_sha256(make_record(RUN, defense="safer", adaptive=False)) == row_sha256(record)
    others = [
        make_record(RUN, defense="safer", adaptive=True, adaptive_votes=votes)
        for votes in (None, 32, 64)
    ]
    assert len({row_sha256(one) for one in (record, *others)}) == 4
    assert row_folder(others[1]) == f"minilm+safer-adaptive-{row_sha256(others[1])[:8]}"
    assert published_path(record).parent.name.startswith("minilm+safer-")
    assert record_name(others[0]) == "rotten_tomatoes--minilm--safer--unified-adaptive--pwws"
    assert record_name(record) == "rotten_tomatoes--minilm--safer--unified--pwws"


def test_results_of_one_and_of_all_datasets_are_read(tmp_path: Path) -> None:
    records = [make_record(RUN, dataset=name) for name in ("imdb", "rotten_tomatoes")]
    publish(tmp_path, *records)
    assert [cell.record for cell in read_published(tmp_path)] == records
    [cell] = read_published(tmp_path / "imdb")
    assert (cell.path, cell.record, cell.outcomes) == (published_path(records[0]), records[0], RUN)
    assert cell.row_folder == row_folder(records[0])


def test_a_folder_of_runs_is_not_published(tmp_path: Path) -> None:
    for run in (tmp_path / "runs" / "first", tmp_path / "runs" / "second"):
        add_cell(run, RUN)
        assert not is_published(run)
    assert not is_published(tmp_path / "runs")
    assert not is_published(tmp_path)


def test_missing_outcomes_are_an_error(tmp_path: Path) -> None:
    publish(tmp_path, make_record(RUN))
    next(tmp_path.rglob("*.jsonl")).unlink()
    with pytest.raises(RecordError, match=r"has no outcomes; put pwws\.jsonl beside it"):
        read_published(tmp_path)
    with pytest.raises(RecordError, match="contains no published results"):
        read_published(tmp_path / "rotten_tomatoes" / "unified")
    with pytest.raises(RecordError, match="no such folder"):
        read_published(tmp_path / "missing")


def test_models_of_one_name_get_a_variant_in_a_run(tmp_path: Path) -> None:
    one, other, alone = (
        make_record(RUN, model_sha256="1" * 64),
        make_record(RUN, model_sha256="2" * 64),
        make_record(RUN, model="tfidf-nb"),
    )
    run = run_of_published(read_published(publish(tmp_path, one, other, alone)))
    variants = {record.model.sha256[0]: record.model.variant for record in run.records}
    assert variants == {"1": row_sha256(one)[:8], "2": row_sha256(other)[:8], "b": None}
    assert len(run.outcomes) == 3
