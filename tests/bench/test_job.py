"""Jobs: pickling, equality and order."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from robustbert.bench import Overrides, RunOptions, load_suite, make_plan
from robustbert.bench.job import DatasetSource, make_jobs
from robustbert.errors import InputError

PLAN = make_plan(load_suite("quick"), Overrides(training_seeds=[0, 1]))
OPTIONS = RunOptions(out=Path("out"), dtype="float32", lanes=2, command="robustbert bench")


def test_unpickled_job_is_equal() -> None:
    jobs = make_jobs(PLAN, OPTIONS)
    assert any(job.cell.victim.params for job in jobs), "one has a defense with parameters"
    for job in jobs:
        copy = pickle.loads(pickle.dumps(job))
        assert copy == job
        assert hash(copy) == hash(job)


def test_there_is_one_job_per_cell_in_execution_order() -> None:
    jobs = make_jobs(PLAN, OPTIONS)
    assert tuple(job.cell for job in jobs) == PLAN.in_execution_order()
    assert len(set(jobs)) == len(PLAN.cells)


def test_column_options_apply_only_to_file_datasets(reviews: Path, svm: Path) -> None:
    given = Overrides(datasets=[f"file:{reviews}", "rotten_tomatoes"], models=[str(svm)])
    plan = make_plan(load_suite("quick"), given)
    own = replace(OPTIONS, text_column="review", text_length="long")
    sources = {job.dataset.name: job.dataset for job in make_jobs(plan, own)}
    assert sources == {
        f"file:{reviews}": DatasetSource(f"file:{reviews}", "review", "label", "long"),
        "rotten_tomatoes": DatasetSource("rotten_tomatoes"),
    }


def test_column_options_without_a_file_dataset_raise() -> None:
    (job, *_) = make_jobs(PLAN, replace(OPTIONS, text_column="review"))
    with pytest.raises(InputError, match="has its own columns"):
        job.dataset.load()
