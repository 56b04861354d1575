import pytest

from harness.oracles.base import OracleError
from harness.oracles.cgroups import CgroupMemory


def test_memory_is_read_of_each_container_by_one_exec_a_node(cluster, read, pod_named, target):
    cluster.put("Pod", pod_named("a"), pod_named("b"))
    cluster.exec_output = "id-of-a 98000000\nid-of-b 12000000\n"
    told = read(CgroupMemory, **{"in": [target("a"), target("b")]})
    assert told == {("n", "a", "c"): 98000000, ("n", "b", "c"): 12000000}
    assert len(cluster.executed) == 1


@pytest.mark.parametrize("told", ["", "id-of-a \n"])
def test_memory_that_is_not_told_is_not_0(cluster, read, pod_named, target, told):
    cluster.put("Pod", pod_named("a"))
    cluster.exec_output = told
    with pytest.raises(OracleError, match=r"no memory\.stat of a/c"):
        read(CgroupMemory, **{"in": [target("a")]})
