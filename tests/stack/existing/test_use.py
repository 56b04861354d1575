"""A cluster of others is looked at before anything is created in it, and each refusal says what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.base.errors import HarnessError, InfrastructureError, UsageError
from harness.base.progress import Progress
from harness.chaosmesh.access import NotPermittedError
from harness.kubernetes.errors import RefusedError, from_answer
from harness.stack.existing import install as installation
from harness.stack.existing import own_prometheus, use
from harness.stack.existing.options import ExistingOptions
from harness.stack.existing.refusal import NotAllowedError, refusal
from harness.stack.options import UpOptions
from harness.stack.state import StateFolder
from tests.stack.existing.conftest import TheirCluster, node, write_kubeconfig


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path / "state"))
    # The client for exec is no part of what is looked at here.
    monkeypatch.setattr("harness.chaosmesh.daemons.Daemons.run", lambda *_, **__: "v2\n")
    return tmp_path / "state"


def options(tmp_path: Path, url: str, context: str = "staging", **more: Any) -> UpOptions:
    file = write_kubeconfig(tmp_path / "config", url)
    return UpOptions(existing=ExistingOptions(context, file, **more))


def used(
    wanted: UpOptions,
    installed: list[str] | None = None,
    *,
    disruption: bool = False,
    claimed: bool = False,
) -> Any:
    def install(*_: Any) -> None:
        assert installed is not None
        installed.append("chaos-mesh")

    def claim() -> None:
        if not claimed:
            raise AssertionError("nothing is claimed")

    with use.held(wanted, "run") as held:
        held.claim = lambda *_, **__: claim()  # type: ignore[method-assign]
        return use.use(
            wanted,
            Progress(),
            held,
            image_names=lambda _: {"workload": "w:1", "prometheus": "p:1"},
            install_chaos_mesh=install,
            disruption=disruption,
        )


def no_manager(theirs: TheirCluster) -> None:
    theirs.objects["deployments"], theirs.objects["daemonsets"] = [], []


def nothing(theirs: TheirCluster) -> None:
    no_manager(theirs)
    theirs.objects["customresourcedefinitions"] = []


def no_ready_node(theirs: TheirCluster) -> None:
    theirs.objects["nodes"] = [node("n1", ready=False), node("n2", ready=False)]


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (nothing, "there is no Chaos Mesh in the cluster of the context 'staging'"),
        (no_manager, "Chaos Mesh is half there"),
        (no_ready_node, "no node that is Ready has a chaos-daemon"),
    ],
)
def test_what_cannot_be_used_is_found_before_anything_is_created(
    theirs: TheirCluster,
    state: Path,
    tmp_path: Path,
    spoil: Callable[[TheirCluster], None],
    problem: str,
) -> None:
    spoil(theirs)
    with pytest.raises(HarnessError, match=problem) as caught:
        used(options(tmp_path, theirs.url))
    assert caught.value.next_step
    assert theirs.written == []


@pytest.mark.parametrize(
    ("unpermitted", "details"),
    [
        (("create", "namespaces"), "create namespaces in all namespaces: "),
        (("patch", "podchaos"), "patch podchaos.chaos-mesh.org in all namespaces: "),
        (("create", "leases"), "create leases.coordination.k8s.io in the namespace chaos-harness: "),
        (("create", "deployments"), "create deployments.apps in all namespaces: "),
    ],
)
def test_what_is_not_permitted_is_found_before_anything_is_created(
    theirs: TheirCluster, state: Path, tmp_path: Path, unpermitted: tuple[str, str], details: str
) -> None:
    theirs.unpermitted = {unpermitted}
    with pytest.raises(NotPermittedError) as caught:
        used(options(tmp_path, theirs.url))
    assert caught.value.details[0].startswith(details)
    assert theirs.written == []


def test_disruption_is_asked_for_where_it_is_wanted(
    theirs: TheirCluster, state: Path, tmp_path: Path
) -> None:
    theirs.unpermitted = {("patch", "daemonsets")}
    with pytest.raises(NotPermittedError):
        used(options(tmp_path, theirs.url), disruption=True)
    with pytest.raises(AssertionError, match="nothing is claimed"):
        used(options(tmp_path, theirs.url))


def test_chaos_mesh_is_installed_by_an_administrator_only(
    theirs: TheirCluster, state: Path, tmp_path: Path
) -> None:
    nothing(theirs)
    theirs.unpermitted = {("*", "*")}
    with pytest.raises(NotPermittedError, match="may not install Chaos Mesh"):
        used(options(tmp_path, theirs.url, install_chaos_mesh=True))
    assert theirs.written == []


def test_without_a_way_into_nodes_none_is_entered(
    theirs: TheirCluster,
    state: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    theirs.unpermitted = {("create", "pods/exec"), ("get", "pods/exec")}
    monkeypatch.setattr("harness.chaosmesh.daemons.Daemons.run", None)
    with pytest.raises(AssertionError, match="nothing is claimed"):
        used(options(tmp_path, theirs.url))
    said = capsys.readouterr().err
    assert "scenarios that need a node are skipped: the account may not get pods/exec" in said


@pytest.mark.parametrize(
    ("namespace", "deployment", "removed"),
    [
        (False, False, ["Chaos Mesh", "Prometheus"]),
        # `chaos-harness rbac` makes the namespace, too.
        (True, False, ["Chaos Mesh", "Prometheus"]),
        (True, True, []),
    ],
)
def test_what_was_installed_before_something_failed_is_removed(
    theirs: TheirCluster,
    state: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    namespace: bool,
    deployment: bool,
    removed: list[str],
) -> None:
    """Where nothing was made, as an administrator did all that is needed, nothing is removed."""
    gone: list[str] = []

    def fails(*_: Any) -> None:
        raise InfrastructureError("Prometheus is not ready")

    monkeypatch.setattr(own_prometheus, "make_namespace", lambda *_: not namespace)
    if deployment:
        there = {"metadata": {"name": "prometheus", "namespace": "chaos-harness"}}
        theirs.objects["deployments"].append(there)
    monkeypatch.setattr(own_prometheus, "remove", lambda *_: gone.append("Prometheus"))
    monkeypatch.setattr(installation, "remove", lambda *_: gone.append("Chaos Mesh"))
    monkeypatch.setattr(use._Look, "handle", fails)
    with pytest.raises(InfrastructureError, match="Prometheus is not ready"):
        used(options(tmp_path, theirs.url), claimed=True)
    assert gone == removed


def test_no_copy_of_the_kubeconfig_is_left(theirs: TheirCluster, state: Path, tmp_path: Path) -> None:
    nothing(theirs)
    wanted = options(tmp_path, theirs.url)
    with pytest.raises(HarnessError, match="no Chaos Mesh"):
        used(wanted)
    folder = StateFolder(wanted.place).folder
    assert sorted(path.name for path in folder.iterdir()) == ["logs", "run.lock"]


@pytest.mark.parametrize(
    ("verb", "collection", "asked"),
    [
        ("list", "deployments", "may not list deployments in the whole cluster"),
        ("list", "customresourcedefinitions", "may not list customresourcedefinitions in the whole cluster"),
        ("list", "nodes", "may not list nodes in the whole cluster"),
        ("list", "pods", "may not list pods in the namespace chaos-testing"),
        ("get", "namespaces", "may not get namespaces in the whole cluster"),
    ],
)
def test_what_is_not_allowed_is_named_by_verb_and_resource(
    theirs: TheirCluster, state: Path, tmp_path: Path, verb: str, collection: str, asked: str
) -> None:
    theirs.forbidden = {(verb, collection)}
    with pytest.raises(NotAllowedError) as caught:
        used(options(tmp_path, theirs.url))
    assert caught.value.problem == f"the user 'jane' of the context 'staging' {asked}"
    assert f"kubectl --context staging auth can-i {verb} {collection}" in caught.value.next_step
    assert theirs.written == []


def test_a_refusal_of_exec_names_the_subresource() -> None:
    message = (
        'pods "chaos-daemon-a" is forbidden: User "system:serviceaccount:ci:runner" cannot create resource '
        '"pods/exec" in API group "" in the namespace "chaos-mesh"'
    )
    error = RefusedError("cannot", status=403, message=message)
    said = refusal(error, "staging")
    assert "may not create pods/exec in the namespace chaos-mesh" in said.problem
    assert "create pods --subresource=exec --namespace chaos-mesh" in said.next_step


def test_credentials_that_are_not_known_are_told_apart() -> None:
    error = from_answer("ask for the version", 401, '{"reason": "Unauthorized", "message": "Unauthorized"}')
    assert isinstance(error, RefusedError)
    said = refusal(error, "staging")
    assert said.problem == "the API server does not accept the credentials of the context 'staging'"
    assert "log in again" in said.next_step


def test_an_api_server_that_does_not_answer_is_named(state: Path, tmp_path: Path) -> None:
    with pytest.raises(
        InfrastructureError, match=r"the API server http://127.0.0.1:1 of the context"
    ) as caught:
        used(options(tmp_path, "http://127.0.0.1:1"))
    assert "kubectl --context staging" in caught.value.next_step


def test_a_node_that_is_not_ready_is_left_out(
    theirs: TheirCluster, state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs.objects["nodes"] = [node("n1"), node("n2", ready=False)]
    with pytest.raises(AssertionError, match="nothing is claimed"):
        used(options(tmp_path, theirs.url))
    said = capsys.readouterr().err
    assert "left out, as not Ready: node n2" in said
    assert "controller-manager has 3 replicas" in said


def test_who_comes_second_is_told_the_context(state: Path, tmp_path: Path) -> None:
    wanted = options(tmp_path, "http://127.0.0.1:1")
    with (
        use.held(wanted, "run 1a2b3c4d"),
        pytest.raises(
            UsageError, match=r"the cluster of the context staging is in use by .*1a2b3c4d"
        ) as second,
        use.held(wanted, "up"),
    ):
        pass
    assert second.value.next_step == "wait for it to end, or use another cluster (--context NAME)"
