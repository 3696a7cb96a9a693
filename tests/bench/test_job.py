"""Jobs: pickling, equality and order."""

from __future__ import annotations

import pickle
from pathlib import Path

from robustbert.bench import Overrides, RunOptions, load_suite, make_plan
from robustbert.bench.job import make_jobs
from robustbert.data import DatasetSource

PLAN = make_plan(load_suite("quick"), Overrides(training_seeds=[0, 1]))
OPTIONS = RunOptions(out=Path("out"), dtype="float32", lanes=2, command="robustbert bench")


def test_unpickled_job_is_equal() -> None:
    jobs = make_jobs(PLAN, OPTIONS)
    assert any(spec.params for job in jobs for spec in job.cell.victim.defenses), (
        "one has a defense with parameters"
    )
    for job in jobs:
        copy = pickle.loads(pickle.dumps(job))
        assert copy == job
        assert hash(copy) == hash(job)


def test_there_is_one_job_per_cell_in_execution_order() -> None:
    jobs = make_jobs(PLAN, OPTIONS)
    assert tuple(job.cell for job in jobs) == PLAN.in_execution_order()
    assert len(set(jobs)) == len(PLAN.cells)


def test_a_job_has_the_source_of_its_dataset(reviews: Path, svm: Path) -> None:
    given = Overrides(datasets=[f"file:{reviews}"], models=[str(svm)], text_column="review")
    plan = make_plan(load_suite("quick"), given)
    assert {job.dataset for job in make_jobs(plan, OPTIONS)} == {
        DatasetSource(f"file:{reviews}", text_column="review")
    }
