"""Why a pod hands out no report: what Kubernetes says of it, in a line."""

from __future__ import annotations

from typing import Any

import pytest

from harness.stack.in_cluster import endings
from tests.stack.in_cluster.conftest import pod


def container(**state: Any) -> dict[str, Any]:
    return {"containerStatuses": [{"state": state}]}


def ended(reason: str, code: int = 1, **more: Any) -> dict[str, Any]:
    return {"phase": "Failed", **container(terminated={"reason": reason, "exitCode": code, **more})}


PULLING = 'Back-off pulling image "x"'


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({}, ""),
        ({"phase": "Pending", "containerStatuses": []}, ""),
        (container(waiting={"reason": "ContainerCreating"}), ""),
        # It is tried again.
        (container(waiting={"reason": "ErrImagePull"}), ""),
        (ended("OOMKilled", 137), "OOMKilled: it needed more memory than its limit"),
        (
            container(terminated={"reason": "OOMKilled", "exitCode": 137}),
            "OOMKilled: it needed more memory than its limit",
        ),
        (
            {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."},
            "Evicted: The node was low on resource: memory.",
        ),
        (
            {
                "phase": "Failed",
                "reason": "DeadlineExceeded",
                "message": "Pod was active on the node longer than the specified deadline",
                **container(terminated={"reason": "Error", "exitCode": 137}),
            },
            "DeadlineExceeded: the time for all shards was over; "
            "Pod was active on the node longer than the specified deadline",
        ),
        (ended("Error", 1, message="Traceback\n\nImportError: no"), "exit code 1: ImportError: no"),
        (ended("Error", 137), "exit code 137"),
        (
            {
                **ended("Error", 143),
                "conditions": [
                    {"type": "DisruptionTarget", "status": "True", "message": "Taint manager: deleting"}
                ],
            },
            "exit code 143: Taint manager: deleting",
        ),
        ({"phase": "Succeeded", "containerStatuses": []}, "it ended before its report was fetched"),
        (
            container(waiting={"reason": "ImagePullBackOff", "message": PULLING}),
            f"ImagePullBackOff: {PULLING}",
        ),
        (container(waiting={"reason": "InvalidImageName"}), "InvalidImageName"),
        (container(waiting={"reason": "ErrImageNeverPull"}), "ErrImageNeverPull"),
    ],
)
def test_why_it_ended(status: dict[str, Any], why: str) -> None:
    assert endings.why_ended(pod(0, **status)) == why


@pytest.mark.parametrize(
    ("reason", "about"),
    [("ImagePullBackOff", True), ("InvalidImageName", True), ("CreateContainerConfigError", False)],
)
def test_what_is_about_the_image(reason: str, about: bool) -> None:
    assert endings.is_about_image(pod(0, **container(waiting={"reason": reason}))) is about


def test_why_it_has_not_started() -> None:
    unscheduled = {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/1 nodes",
    }
    assert endings.why_not_started(pod(0, conditions=[unscheduled])) == "Unschedulable: 0/1 nodes"
    pulling = pod(0, **container(waiting={"reason": "ContainerCreating"}))
    assert endings.why_not_started(pulling) == "ContainerCreating"
    assert not endings.has_started(pulling)
    assert endings.has_started(pod(0))
    assert endings.why_not_started({"metadata": {}}) == ""


def test_it_is_ready_once_its_report_can_be_fetched() -> None:
    assert endings.is_ready(pod(0, ready=True))
    assert not endings.is_ready(pod(0))
    assert not endings.is_ready({"metadata": {}})
