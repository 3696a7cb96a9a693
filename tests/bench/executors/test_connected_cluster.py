"""Which workers a driver accepts."""

from __future__ import annotations

import pytest

from robustbert.bench.environment import capture_environment
from robustbert.bench.executors.connected_cluster import ConnectedCluster
from robustbert.errors import ExecutorError


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"torch": "0.0"}, "has torch 0.0, but the driver has .*; install the same versions"),
        ({"processor_class": "other"}, "has processor class other.*a node of the same kind"),
    ],
)
def test_a_worker_with_other_versions_or_hardware_is_refused(changes, message):
    cluster = object.__new__(ConnectedCluster)
    cluster._expected = capture_environment("cpu")
    cluster.check_environment(cluster._expected)
    with pytest.raises(ExecutorError, match=message):
        cluster.check_environment(cluster._expected.model_copy(update=changes))
