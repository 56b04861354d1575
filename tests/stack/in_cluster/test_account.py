"""The account of the shards is made in a cluster of ours, and only looked for in one of others."""

from __future__ import annotations

import pytest

from harness.kubernetes.client import Cluster
from harness.stack.in_cluster import account
from harness.stack.in_cluster.account import NoAccountError
from tests.kubernetes.conftest import ApiServer, Request


class Objects:
    """An API server that keeps what is created; `there` are the paths of what was there before."""

    def __init__(self, api: ApiServer, *there: str) -> None:
        self.there = {*there}
        self.made: list[str] = []
        self.deleted: list[str] = []
        api.route = self.answer

    def answer(self, request: Request) -> None:
        if request.method == "DELETE":
            self.deleted.append(request.path)
            request.answer(200, {})
            return
        if request.method == "GET":
            found = request.path in self.there
            request.answer(200 if found else 404, {"metadata": {}} if found else {"reason": "NotFound"})
            return
        assert request.body is not None
        path = f"{request.path}/{request.body['metadata']['name']}"
        if path in self.there:
            request.answer(409, {"reason": "AlreadyExists"})
            return
        self.made.append(path)
        metadata = {**request.body["metadata"], "uid": f"uid-{len(self.made)}"}
        request.answer(201, {**request.body, "metadata": metadata})


ACCOUNT = "/api/v1/namespaces/chaos-harness/serviceaccounts/chaos-harness"
NAMESPACE = "/api/v1/namespaces/chaos-harness"


def test_what_was_made_is_removed_and_what_was_there_is_kept(api: ApiServer, cluster: Cluster) -> None:
    objects = Objects(api, NAMESPACE)
    account.remove(cluster, account.make(cluster, "chaos-mesh"))
    assert ACCOUNT in objects.made
    assert NAMESPACE not in objects.made
    assert sorted(objects.deleted) == sorted(objects.made)
    uids = [request.body["preconditions"]["uid"] for request in api.requests if request.method == "DELETE"]
    assert sorted(uids) == sorted(f"uid-{number + 1}" for number in range(len(objects.made)))


def test_nothing_is_made_where_all_of_it_is_there(api: ApiServer, cluster: Cluster) -> None:
    first = Objects(api)
    account.make(cluster, "chaos-mesh")
    again = Objects(api, *first.made)
    assert account.make(cluster, "chaos-mesh") == []
    assert again.made == []


def test_in_a_cluster_of_others_an_administrator_makes_it(api: ApiServer, cluster: Cluster) -> None:
    Objects(api)
    with pytest.raises(NoAccountError, match="there is no ServiceAccount chaos-harness") as caught:
        account.check(cluster)
    assert "chaos-harness rbac" in caught.value.next_step
    Objects(api, ACCOUNT)
    account.check(cluster)
