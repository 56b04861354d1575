"""The objects of a run in the cluster: nothing more than a shard needs, and known again by their labels."""

from __future__ import annotations

import json

import pytest

from harness.kubernetes.asked import asked
from harness.kubernetes.guard import ForeignRequestError, Guard
from harness.kubernetes.kinds import kind_of
from harness.kubernetes.namespaces import INSTALLED, MANAGED_BY
from harness.stack.in_cluster import job
from harness.stack.in_cluster.joined import JoinedRun
from tests.stack.in_cluster.conftest import JOB, RUN, pod


def test_a_shard_that_ends_otherwise_than_by_itself_is_not_run_again() -> None:
    spec = JOB.body()["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 2, 2)
    assert (spec["backoffLimitPerIndex"], spec["podReplacementPolicy"]) == (0, "Failed")
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert spec["activeDeadlineSeconds"] == 900
    assert spec["ttlSecondsAfterFinished"] > 0
    # With a limit for all of them, one that failed would end the others.
    assert "backoffLimit" not in spec


def test_a_shard_has_the_generated_account_and_no_rights_on_its_node() -> None:
    spec = JOB.body()["spec"]["template"]["spec"]
    assert spec["serviceAccountName"] == "chaos-harness"
    assert spec["securityContext"]["runAsNonRoot"]
    (container,) = spec["containers"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert not container["securityContext"]["allowPrivilegeEscalation"]
    assert not {"hostPath", "hostNetwork", "hostPID"} & {
        *spec,
        *(key for volume in spec["volumes"] for key in volume),
    }
    assert container["resources"]["limits"]["memory"]
    assert spec["volumes"][0]["emptyDir"]["sizeLimit"]


def test_its_token_lasts_longer_than_the_job() -> None:
    volumes = JOB.body()["spec"]["template"]["spec"]["volumes"]
    (token,) = [
        source["serviceAccountToken"]
        for volume in volumes
        for source in volume.get("projected", {}).get("sources", ())
        if "serviceAccountToken" in source
    ]
    assert token["expirationSeconds"] >= 900 + job.GRACE_SECONDS
    assert token["expirationSeconds"] >= 600  # what the API server takes


def test_the_number_of_a_shard_goes_on_from_one_job_to_the_next() -> None:
    later = job.ShardJob(RUN, 3, 1, "image", 900, "identity")
    environment = later.body()["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": job.FIRST, "value": "3"} in environment
    assert later.name != JOB.name


def test_all_of_it_bears_the_labels_by_which_it_is_removed(run: JoinedRun) -> None:
    body = JOB.body()
    for metadata in (
        body["metadata"],
        body["spec"]["template"]["metadata"],
        job.config_map(run, "identity")["metadata"],
    ):
        wanted = {job.LABEL: RUN, INSTALLED: "identity", MANAGED_BY: "chaos-harness"}
        assert wanted.items() <= metadata["labels"].items()


def test_on_a_cluster_of_others_the_guard_lets_pass_what_bears_its_identity(run: JoinedRun) -> None:
    guard = Guard("", "", "chaos-mesh", cluster="identity")
    for body in (JOB.body(), job.config_map(run, "identity")):
        path = kind_of(body["kind"]).path("chaos-harness")
        guard.check(asked("POST", path), lambda *_: None, body=body)
        guard.check(asked("DELETE", f"{path}/x"), lambda *_, body=body: body)
        with pytest.raises(ForeignRequestError):
            guard.check(asked("DELETE", f"{path}/x"), lambda *_: {"metadata": {"labels": {}}})


def test_the_run_is_told_in_a_config_map(run: JoinedRun) -> None:
    text = job.config_map(run, "identity")["data"][job.RUN_FILE]
    assert json.loads(text)["run"] == RUN
    assert JoinedRun.model_validate_json(text) == run


def test_which_shard_a_pod_is() -> None:
    assert job.index_of(pod(1)) == 1
    assert job.index_of({"metadata": {"name": "another"}}) is None
