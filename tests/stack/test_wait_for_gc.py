"""What is asked of the API server, and what is said when the garbage collector does not come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.base import process
from harness.stack import wait_for_gc
from harness.stack.kubectl import Kubectl


class ApiServer:
    """Takes what is applied, and keeps a diary; `fails` are the calls that do not come right."""

    def __init__(self, *fails: str) -> None:
        self.fails = fails
        self.diary: list[str] = []
        self.applied: list[dict[str, Any]] = []

    def __call__(self, name: str, argv: list[str | Path], **options: Any) -> process.Result:
        self.diary.append(name)
        if name in self.fails and options.get("check", True):
            raise process.CommandError(f"cannot {name}: exit code 1", details=["timed out"])
        if "apply" in argv:
            self.applied.append(json.loads(options["input_text"]))
        return process.Result(0, "", "", 0.1)


def wait(monkeypatch: pytest.MonkeyPatch, server: ApiServer) -> None:
    monkeypatch.setattr(process, "run", server)
    wait_for_gc.wait_ready(Kubectl(Path("kubectl"), Path("kubeconfig")))


def test_the_orphan_is_of_a_kind_that_came_after_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ApiServer()
    wait(monkeypatch, server)
    assert server.diary == [
        "wait for the CRDs",
        "make a kind of orphans",
        "wait for the kind of orphans",
        "make an orphan",
        "wait for the garbage collector",
        "remove the kind of orphans",
    ]
    definition, orphan = server.applied
    spec = definition["spec"]
    assert orphan["apiVersion"] == f"{spec['group']}/{spec['versions'][0]['name']}"
    assert orphan["kind"] == spec["names"]["kind"]


def test_each_orphan_has_an_owner_that_nobody_can_know(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ApiServer()
    wait(monkeypatch, server)
    wait(monkeypatch, server)
    owners = [made["metadata"]["ownerReferences"][0]["uid"] for made in server.applied[1::2]]
    assert len(set(owners)) == 2


def test_a_garbage_collector_that_does_not_come_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ApiServer("wait for the garbage collector", "remove the kind of orphans")
    with pytest.raises(process.CommandError, match="wait for the garbage collector") as caught:
        wait(monkeypatch, server)
    assert "kube-controller-manager" in caught.value.details[-1]
    assert server.diary[-1] == "remove the kind of orphans"


def test_without_the_crds_no_kind_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ApiServer("wait for the CRDs")
    with pytest.raises(process.CommandError, match="wait for the CRDs"):
        wait(monkeypatch, server)
    assert server.applied == []
