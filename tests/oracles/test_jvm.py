import pytest

from harness.oracles.base import OracleError
from harness.oracles.jvm import Jvm


def test_each_number_is_on_its_own_page(cluster, read, target):
    cluster.answers["a", "answer"] = (200, b'{"answer": 42, "failed": 0, "seconds": 0.25}')
    cluster.answers["a", "heap"] = (200, b'{"heap": 1048576}')
    for what, value in {"answer": 42, "failed": 0, "seconds": 0.25, "heap": 1048576}.items():
        assert read(Jvm, reads=what, **{"in": [target("a")]}) == {("n", "a", "c"): value}


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"busy": "much"}'])
def test_a_page_without_the_number_is_no_reading(cluster, read, target, body):
    cluster.answers["a", "busy"] = (200, body)
    with pytest.raises(OracleError, match="without a number busy"):
        read(Jvm, reads="busy", **{"in": [target("a")]})


def test_what_cannot_be_read_is_refused():
    with pytest.raises(ValueError, match="reads"):
        Jvm.parameters.model_validate({"in": [], "reads": "threads"})
