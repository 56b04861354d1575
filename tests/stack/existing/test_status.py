"""`chaos-harness status --context`: what is there and who uses it, without a trace."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import cli
from harness.base.errors import ExitCode
from tests.stack.existing.conftest import TheirCluster, write_kubeconfig
from tests.stack.existing.test_use import no_manager, nothing

Said = Callable[..., dict[str, Any]]


@pytest.fixture
def said(
    theirs: TheirCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Said:
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path / "state"))
    file = write_kubeconfig(tmp_path / "config", theirs.url)

    def said() -> dict[str, Any]:
        words = ["status", "--context", "staging", "--kubeconfig", str(file), "--json"]
        assert cli.main(words) == ExitCode.OK
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert theirs.written == []
        assert not (tmp_path / "state").exists()
        return found

    return said


def test_what_is_there_is_told(said: Said) -> None:
    found = said()
    assert (found["cluster"], found["state"], found["problems"]) == ("staging", "up", [])
    assert found["answers"] == {"API server": True, "Chaos Mesh": True, "the harness' Prometheus": False}
    assert (found["holder"], found["limits"]) == (None, [])


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [(nothing, "there is no Chaos Mesh"), (no_manager, "Chaos Mesh is half there: no namespace has its")],
)
def test_what_is_wrong_is_a_problem(
    theirs: TheirCluster, said: Said, spoil: Callable[[TheirCluster], None], problem: str
) -> None:
    spoil(theirs)
    found = said()
    assert found["state"] == "damaged"
    assert found["problems"][0].startswith(problem)
    assert found["answers"]["Chaos Mesh"] is False


def test_what_the_account_may_not_is_told(theirs: TheirCluster, said: Said) -> None:
    theirs.unpermitted = {("create", "namespaces"), ("get", "pods/exec"), ("escalate", "clusterroles")}
    found = said()
    assert found["problems"][0].startswith("not permitted: create namespaces in all namespaces")
    assert [each.partition(" in ")[0] for each in found["limits"]] == [
        "the account may not get pods/exec",
        "the account may not escalate clusterroles.rbac.authorization.k8s.io, which is for an administrator",
    ]


def test_who_uses_it_is_told(theirs: TheirCluster, said: Said) -> None:
    lease: dict[str, Any] = {
        "metadata": {"name": "chaos-harness", "namespace": "chaos-harness"},
        "spec": {"holderIdentity": "by hand", "renewTime": "2999-01-01T00:00:00Z"},
    }
    theirs.objects["leases"] = [lease]
    assert said()["holder"] is None
    lease["spec"]["leaseDurationSeconds"] = 10**11
    assert said()["holder"]["doing"] == "by hand"
