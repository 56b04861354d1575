import pytest

from harness.oracles.daemon import DaemonRestarts


@pytest.fixture
def restarted(cluster):
    """Sets how often the daemon of a node was restarted, and gives its pod another uid if asked to."""

    def set_to(count, node="n1", uid="u"):
        pod = next(pod for pod in cluster.objects["Pod"] if pod["spec"]["nodeName"] == node)
        pod["metadata"]["uid"] = f"{uid}-{node}"
        pod["status"]["containerStatuses"][0]["restartCount"] = count

    return set_to


def test_only_restarts_since_the_start_are_counted(restarted, world, read):
    restarted(3)
    oracle = DaemonRestarts(world)
    oracle.start()
    assert read(oracle) == {(): 0}
    restarted(5)
    assert read(oracle, node="n1") == {(): 2}
    assert read(oracle, node="n2") == {(): 0}


def test_a_pod_that_was_replaced_is_no_restart(restarted, world, read):
    restarted(3)
    oracle = DaemonRestarts(world)
    oracle.start()
    restarted(0, uid="new")
    assert read(oracle) == {(): 0}
    restarted(1, uid="new")
    assert read(oracle) == {(): 1}
