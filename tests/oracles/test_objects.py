import pytest

from harness.oracles.base import OracleError
from harness.oracles.experiments import Experiments, ExperimentTargets, Schedules, WorkflowNodes, Workflows
from harness.oracles.pods import ContainerRestarts, ContainerStarted, Images, Pods, PodUids, is_image


def chaos(kind, name, namespace="n", running=True):
    conditions = [{"type": "Selected", "status": "True"}, {"type": "AllInjected", "status": str(running)}]
    return {
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "creationTimestamp": "2026-11-23T00:00:00Z"},
        "spec": {},
        "status": {"conditions": conditions, "experiment": {"desiredPhase": "Run"}},
    }


def test_experiments_are_counted_by_kind_and_phase(cluster, read):
    cluster.unserved.add("PhysicalMachineChaos")
    cluster.put("StressChaos", chaos("StressChaos", "a"), chaos("StressChaos", "b"))
    cluster.put("StressChaos", chaos("StressChaos", "c", running=False), chaos("StressChaos", "x", "other"))
    cluster.put("PodChaos", chaos("PodChaos", "a"))
    cluster.put("PodNetworkChaos", chaos("PodNetworkChaos", "p"))
    assert read(Experiments) == {
        ("n", "StressChaos", "running"): 2,
        ("n", "StressChaos", "injecting"): 1,
        ("n", "PodChaos", "running"): 1,
    }
    assert read(Experiments, kind="StressChaos", phase="injecting") == {("n", "StressChaos", "injecting"): 1}
    assert read(Experiments, kind="PodChaos", phase="paused") == {("n", "PodChaos", "paused"): 0}


def test_none_is_an_empty_vector(read):
    assert read(Experiments) == read(Schedules) == read(Workflows) == {}


def test_schedules_and_workflows_are_counted(cluster, read):
    cluster.put("Schedule", chaos("Schedule", "a"), chaos("Schedule", "b"), chaos("Schedule", "c", "other"))
    cluster.put("Workflow", chaos("Workflow", "a"))
    assert read(Schedules) == {("n",): 2}
    assert read(Workflows) == {("n",): 1}


def test_no_cluster_is_no_answer(cluster, read):
    cluster.down = True
    for oracle in (Experiments, Schedules, Pods):
        with pytest.raises(OracleError):
            read(oracle)


def test_pods_are_counted_by_readiness(cluster, read, pod_named):
    cluster.put("Pod", pod_named("a"), pod_named("b", ready=False))
    assert read(Pods) == {(): 2}
    assert read(Pods, ready=True) == read(Pods, ready=False) == {(): 1}
    assert read(Pods, phase="Pending") == {(): 0}


def test_restarts_are_summed(cluster, read, pod_named, target):
    cluster.put("Pod", pod_named("a", restarts=2), pod_named("b", restarts=3))
    assert read(ContainerRestarts) == {(): 5}
    assert read(ContainerRestarts, **{"in": [target("b")]}) == {(): 3}


@pytest.mark.parametrize(("oracle", "more"), [(ContainerRestarts, {}), (Images, {"image": "pause"})])
def test_of_a_container_that_is_not_there_nothing_is_known(cluster, read, pod_named, target, oracle, more):
    cluster.put("Pod", pod_named("a"))
    with pytest.raises(OracleError, match="there is no container gone/c"):
        read(oracle, **{"in": [target("a"), target("gone")]}, **more)


def test_the_start_of_a_container_is_told_while_it_runs(cluster, read, pod_named, target):
    runs, waits = pod_named("a"), pod_named("b", state="waiting")
    runs["status"]["containerStatuses"][0]["state"] = {"running": {"startedAt": "2026-01-01T00:00:07Z"}}
    cluster.put("Pod", runs, waits)
    assert read(ContainerStarted, **{"in": [target("a"), target("b"), target("gone")]}) == {
        ("n", "a", "c"): 1767225607.0
    }


def test_a_pod_that_took_the_name_of_another_is_not_it(cluster, read, pod_named):
    cluster.put("Pod", pod_named("a"))
    assert read(PodUids, since=["uid-a", "uid-of-its-predecessor"]) == {(): 1}


def test_images_are_counted(cluster, read, pod_named, target):
    pause = "registry.local:5000/chaos/pause:v1"
    cluster.put("Pod", pod_named("a", image=pause, state="waiting"), pod_named("b"))
    both = [target("a"), target("b")]
    assert read(Images, image="pause", **{"in": both}) == {(): 1}
    assert read(Images, image=pause, **{"in": both}) == {(): 1}
    assert read(Images, image="paus", **{"in": both}) == {(): 0}


@pytest.mark.parametrize(
    ("reference", "wanted", "same"),
    [
        ("a/pause@sha256:abc", "pause", True),
        ("pause", "pause", True),
        ("pause:1", "pause:1", True),
        ("a/pause:1", "pause:2", False),
        ("pause/other:1", "pause", False),
    ],
)
def test_an_image_is_known_by_reference_or_name(reference, wanted, same):
    assert is_image(reference, wanted) == same


def test_those_that_a_schedule_or_a_workflow_made_can_be_left_out(cluster, read):
    by_schedule, by_workflow = chaos("TimeChaos", "s-1"), chaos("TimeChaos", "w-1")
    by_schedule["metadata"]["labels"] = {"managed-by": "s"}
    by_workflow["metadata"]["labels"] = {"chaos-mesh.org/controlled-by": "n", "chaos-mesh.org/workflow": "w"}
    cluster.put("TimeChaos", chaos("TimeChaos", "a"), by_schedule, by_workflow)
    assert read(Experiments) == {("n", "TimeChaos", "running"): 3}
    assert read(Experiments, by_hand=True) == {("n", "TimeChaos", "running"): 1}


def test_targets_of_experiments_are_counted_by_their_records(cluster, read):
    two, none = chaos("TimeChaos", "a"), chaos("PodChaos", "b")
    two["status"]["experiment"]["containerRecords"] = [{"id": "n/p/c"}, {"id": "n/q/c"}]
    cluster.put("TimeChaos", two)
    cluster.put("PodChaos", none)
    assert read(ExperimentTargets) == {("n", "TimeChaos", "running"): 2, ("n", "PodChaos", "running"): 0}


def test_schedules_and_workflows_are_counted_by_what_they_do(cluster, read):
    paused, done = chaos("Schedule", "a"), chaos("Workflow", "a")
    paused["metadata"]["annotations"] = {"experiment.chaos-mesh.org/pause": "true"}
    done["status"]["conditions"] = [{"type": "Accomplished", "status": "True"}]
    cluster.put("Schedule", paused, chaos("Schedule", "b"), chaos("Schedule", "c"))
    cluster.put("Workflow", done, chaos("Workflow", "b"), chaos("Workflow", "c"))
    assert read(Schedules, paused=True) == read(Workflows, accomplished=True) == {("n",): 1}
    assert read(Schedules, paused=False) == read(Workflows, accomplished=False) == {("n",): 2}


def test_nodes_of_workflows_are_counted(cluster, read):
    cluster.put("WorkflowNode", chaos("WorkflowNode", "a"), chaos("WorkflowNode", "b"))
    assert read(WorkflowNodes) == {("n",): 2}
    cluster.objects.clear()
    assert read(WorkflowNodes) == {}
