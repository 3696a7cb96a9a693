"""Attacks on a real Ray cluster of two nodes: the outcomes of one process, whatever dies."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import robustbert as rb
from robustbert.bench import RayCluster, RunOptions, run_plan
from robustbert.bench.executors import ray_executor, shards
from robustbert.bench.store import RunStore
from robustbert.errors import ExecutorError, InputError
from robustbert.records import read_run
from tests.bench.executors.fragile import Fragile
from tests.bench.toy_runs import options, plan, without_times
from tests.tiny import toy_reviews

ROOT = Path(__file__).parents[3]
ray = pytest.importorskip("ray")
from ray.cluster_utils import Cluster  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("own_cache"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two nodes on this machine with two CPUs each, as far as Ray knows."""
    found = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False}
    )
    found.add_node(num_cpus=2)
    yield found
    found.shutdown()


def on_ray(out: Path, cluster: Cluster, workers: int) -> RunOptions:
    return replace(options(out), cluster=RayCluster(workers, cluster.address))


def without_workers(out: Path) -> list[object]:
    """The content of a run but for where it ran."""
    records, *others = without_times(out)
    for record in records:
        del record["engine"]["executor"], record["engine"]["workers"]
        del record["environment"]["threads"]
    return [records, *others]


@pytest.fixture(scope="module")
def local(reviews: Path, svm: Path, own_cache, tmp_path_factory) -> list[object]:
    out = tmp_path_factory.mktemp("local")
    run_plan(plan(reviews, svm, n=8), options(out))
    return without_workers(out)


def test_outcomes_are_those_of_one_process(reviews, svm, local, cluster, tmp_path):
    run_plan(plan(reviews, svm, n=8), on_ray(tmp_path, cluster, 4))
    assert without_workers(tmp_path) == local
    [record] = read_run(tmp_path).records
    assert record.engine.executor == "ray"
    assert 1 <= len(record.engine.workers) <= 4
    assert sum(worker.examples for worker in record.engine.workers) == 8
    assert {worker.threads for worker in record.engine.workers} == {1}


def test_a_killed_driver_is_resumed(reviews, svm, local, cluster, tmp_path):
    """One worker attacks until the driver is killed, and two do the rest."""
    script = [sys.executable, "-m", "tests.bench.executors.driver"]
    command = [*script, *map(str, [tmp_path, svm, reviews, cluster.address, 3])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == -signal.SIGKILL, done.stderr
    [journal] = tmp_path.rglob("*.partial")
    assert journal.read_bytes().count(b"\n") == 3
    run_plan(plan(reviews, svm, n=8), on_ray(tmp_path, cluster, 2))
    assert without_workers(tmp_path) == local
    [record] = read_run(tmp_path).records
    assert sum(worker.examples for worker in record.engine.workers) == 5


# before a node dies, which Ray counts for a while
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"workers": 99},
            InputError,
            "--workers is 99, but the cluster has 4 CPUs; give",
        ),
        ({"address": "localhost:1"}, ExecutorError, "cannot use a Ray cluster at localhost:1"),
        ({"address": "here"}, InputError, "--address is 'here'; give HOST:PORT, or auto"),
    ],
)
def test_a_cluster_that_cannot_be_used(changes, error, message, cluster, reviews, svm, tmp_path):
    chosen = RunOptions(
        tmp_path / "out", cluster=RayCluster(**{"address": cluster.address, **changes})
    )
    with pytest.raises(error, match=message):
        run_plan(plan(reviews, svm, n=8), chosen)
    assert not (tmp_path / "out").exists()


def attacked(texts: list[str], marker: Path, **given: object) -> rb.AttackResult:
    labels = [i % 2 for i in range(len(texts))]
    options = {"track": "published", "dtype": "float32", "device": "cpu"}
    return rb.attack(Fragile(marker), "deepwordbug", texts, labels, **options, **given)


def compared(result: rb.AttackResult) -> list[dict[str, object]]:
    return [outcome.model_dump(exclude={"seconds"}) for outcome in result.outcomes]


def test_dead_workers_and_a_dead_node_are_replaced(cluster, tmp_path, monkeypatch):
    """One worker kills itself, then a node with another one dies: no outcome differs."""
    texts = [*dict.fromkeys(toy_reviews(40)[0])][:16]
    texts[5] += " and fragile"
    marker = tmp_path / "marker"
    marker.touch()
    expected = compared(attacked(texts, marker))
    marker.unlink()
    node = cluster.add_node(num_cpus=2)
    append, seen = RunStore.append, []

    def append_and_kill_a_node(store, cell, outcome):
        append(store, cell, outcome)
        seen.append(outcome.example_id)
        if len(seen) == 8:
            cluster.remove_node(node, allow_graceful=False)

    monkeypatch.setattr(RunStore, "append", append_and_kill_a_node)
    result = attacked(texts, marker, cluster=RayCluster(3, cluster.address))
    assert marker.exists(), "a worker has died"
    assert compared(result) == expected
    assert len(seen) == len(set(seen)) == 16, "nothing is stored twice"


def test_poisoned_examples_become_errors(cluster, tmp_path, monkeypatch):
    """They kill the process, or exhaust its memory, whenever they are attacked."""
    monkeypatch.setattr(shards, "MAX_DEATHS", 1)  # each death costs the start of a worker
    texts = [*dict.fromkeys(toy_reviews(40)[0])][:5]
    expected = compared(attacked(texts, tmp_path))
    texts[1] += " and deadly"
    texts[3] += " and hungry"
    found = attacked(texts, tmp_path, cluster=RayCluster(2, cluster.address)).outcomes
    assert [outcome.status for outcome in found if outcome.error] == ["error", "error"]
    assert "the worker died while it attacked this example alone" in found[1].error
    assert "can't allocate memory" in found[3].error
    others = [outcome.model_dump(exclude={"seconds"}) for outcome in found]
    assert [others[i] for i in (0, 2, 4)] == [expected[i] for i in (0, 2, 4)]


def test_workers_that_keep_dying_end_the_run(cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(ray_executor, "MAX_DEATHS_IN_A_ROW", 2)
    texts = [f"{text} and deadly" for text in dict.fromkeys(toy_reviews(40)[0])][:4]
    stored = []
    monkeypatch.setattr(RunStore, "append", lambda *_: stored.append(1))
    with pytest.raises(ExecutorError, match="died 2 times in a row without finishing an example"):
        attacked(texts, tmp_path, cluster=RayCluster(1, cluster.address))
    assert not stored


def test_a_classifier_that_cannot_be_sent_is_refused(cluster, tmp_path):
    classifier = Fragile(tmp_path)
    classifier.lock = threading.Lock()
    texts = [*dict.fromkeys(toy_reviews(40)[0])][:4]
    on_cluster = {"cluster": RayCluster(1, cluster.address), "dtype": "float32", "device": "cpu"}
    with pytest.raises(InputError, match=r"fragile cannot be sent to other processes .*lock"):
        rb.attack(classifier, "deepwordbug", texts, [0, 1, 0, 1], track="published", **on_cluster)
