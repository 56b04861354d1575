"""What is asked of the API server, and what is said when the garbage collector does not come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.base import process
from harness.stack import garbage
from harness.stack.kubectl import Kubectl


class ApiServer:
    """Takes what is applied; the garbage collector comes, or does not."""

    def __init__(self, *, collects: bool) -> None:
        self.collects = collects
        self.applied: list[dict[str, Any]] = []
        self.waited_for: list[str] = []

    def __call__(self, name: str, argv: list[str | Path], **options: Any) -> process.Result:
        if "apply" in argv:
            self.applied.append(json.loads(options["input_text"]))
        else:
            assert "--for=delete" in argv
            self.waited_for.append(next(str(each) for each in argv if "/" in str(each)))
            if not self.collects:
                raise process.CommandError(f"cannot {name}: exit code 1", details=["timed out"])
        return process.Result(0, "", "", 0.1)


def wait(monkeypatch: pytest.MonkeyPatch, server: ApiServer) -> None:
    monkeypatch.setattr(process, "run", server)
    garbage.wait_ready(Kubectl(Path("kubectl"), Path("kubeconfig")))


def test_an_object_of_chaos_mesh_whose_owner_is_not_there_has_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ApiServer(collects=True)
    wait(monkeypatch, server)
    wait(monkeypatch, server)
    orphan, again = server.applied
    assert orphan["apiVersion"] == "chaos-mesh.org/v1alpha1"
    kind, name = server.waited_for[0].split("/")
    assert kind == orphan["kind"].lower() + "s.chaos-mesh.org"
    assert name == orphan["metadata"]["name"]
    # The same owner twice would be one that the garbage collector knows to be absent.
    assert orphan["metadata"]["ownerReferences"] != again["metadata"]["ownerReferences"]


def test_a_garbage_collector_that_does_not_come_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(process.CommandError, match="wait for the garbage collector") as caught:
        wait(monkeypatch, ApiServer(collects=False))
    assert "kube-controller-manager" in caught.value.details[-1]
