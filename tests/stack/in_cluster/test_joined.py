"""A shard knows its run, and has the stack with the rights of its own account."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.base.errors import UsageError
from harness.chaosmesh.access import NotPermittedError
from harness.stack.in_cluster import joined
from harness.stack.in_cluster.joined import JoinedRun
from tests.kubernetes.conftest import ApiServer, Request


@pytest.fixture
def refused(api: ApiServer) -> set[tuple[str, str]]:
    """Return what the account may not: verb and resource."""
    found: set[tuple[str, str]] = set()

    def answer(request: Request) -> None:
        assert request.body is not None
        asked = request.body["spec"]["resourceAttributes"]
        resource = "/".join(filter(None, [asked["resource"], asked.get("subresource")]))
        request.answer(201, {"status": {"allowed": (asked["verb"], resource) not in found}})

    api.route = answer
    return found


@pytest.fixture
def account(kubeconfig: Path) -> Path:
    kubeconfig.write_text(kubeconfig.read_text().replace("own", joined.CONTEXT))
    return kubeconfig


def test_what_the_caller_writes_is_what_a_shard_reads(run: JoinedRun, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(run.model_dump_json())
    assert joined.of_environment({joined.VARIABLE: str(path)}) == run
    assert joined.of_environment({}) is None


@pytest.mark.parametrize("text", ["", "{}", '{"run": "x", "more": 1}'])
def test_what_another_version_wrote_is_not_guessed(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(UsageError, match="cannot read of what run this is a shard"):
        joined.read(tmp_path / "run.json")


@pytest.mark.usefixtures("refused")
def test_in_a_cluster_of_ours_too_a_shard_keeps_to_what_its_run_made(run: JoinedRun, account: Path) -> None:
    handle = joined.handle_here(run, account, disruption=False)
    assert handle.target.whose == "theirs"
    assert (handle.kubeconfig, handle.context) == (account, joined.CONTEXT)
    assert handle.identity == run.handle.identity
    assert (handle.target.node_refused, handle.target.roles_refused) == ("", "")


def test_what_its_account_may_not_is_known(
    run: JoinedRun, account: Path, refused: set[tuple[str, str]]
) -> None:
    refused |= {("create", "pods/exec"), ("escalate", "clusterroles")}
    target = joined.handle_here(run, account, disruption=False).target
    assert target.node_refused == "the account may not create pods/exec in all namespaces"
    assert "may not escalate clusterroles" in target.roles_refused


@pytest.mark.parametrize("disruption", [True, False])
def test_an_account_that_lacks_what_each_run_needs_is_an_error(
    run: JoinedRun, account: Path, refused: set[tuple[str, str]], *, disruption: bool
) -> None:
    refused.add(("patch", "deployments") if disruption else ("create", "namespaces"))
    with pytest.raises(NotPermittedError, match="lacks 1 of the permissions of a run"):
        joined.handle_here(run, account, disruption=disruption)
