import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.chaosmesh import phases
from harness.kubernetes.kinds import EXPERIMENT_KINDS, FURTHER_KINDS, MAKERS
from harness.recording.model import KubernetesEvent
from harness.scenario.model import Step
from harness.scenario.phases import EXPERIMENT_PHASES, lasting_phases, phases_of

CREATED = "2026-11-23T00:00:00Z"
CREATED_AT = 1795392000.0


def experiment(kind="StressChaos", *, conditions=(), records=(), desired="Run", spec=None, deleted=False):
    metadata: dict[str, Any] = {"name": "burn", "creationTimestamp": CREATED}
    if deleted:
        metadata |= {"deletionTimestamp": CREATED, "finalizers": ["chaos-mesh/records"]}
    return {
        "kind": kind,
        "metadata": metadata,
        "spec": spec or {},
        "status": {
            "conditions": [{"type": name, "status": "True"} for name in conditions],
            "experiment": {
                "desiredPhase": desired,
                "containerRecords": [
                    {"id": f"n/p{at}/c", "phase": phase} for at, phase in enumerate(records)
                ],
            },
        },
    }


RUNNING = ("Selected", "AllInjected")


@pytest.mark.parametrize(
    ("found", "phase"),
    [
        (None, "gone"),
        (experiment(), "injecting"),
        (experiment(conditions=["Selected"]), "injecting"),
        (experiment(conditions=RUNNING, records=["Injected"]), "running"),
        (experiment(conditions=[*RUNNING, "Paused"], records=["Injected"]), "paused"),
        (experiment(conditions=RUNNING, records=["Injected"], deleted=True), "deleting"),
        # Paused and recovered, without a duration: never finished.
        (experiment(conditions=["Selected"], records=["Not Injected"], desired="Stop"), "injecting"),
        ({"kind": "StressChaos", "metadata": {"name": "new", "creationTimestamp": CREATED}}, "injecting"),
    ],
)
def test_phase_of_experiments(found, phase):
    assert phases.phase_of(found, CREATED_AT + 100) == phase


@pytest.mark.parametrize(
    ("kind", "action", "records", "phase"),
    [
        ("PodChaos", "pod-kill", ["Injected"], "finished"),
        ("PodChaos", "container-kill", ["Injected", "Injected"], "finished"),
        ("PodChaos", "container-kill", ["Injected", "Not Injected"], "injecting"),
        ("PodChaos", "pod-kill", [], "injecting"),
        ("PodChaos", "pod-failure", ["Injected"], "injecting"),
        ("AWSChaos", "ec2-restart", ["Injected"], "finished"),
        ("AWSChaos", "ec2-stop", ["Injected"], "injecting"),
    ],
)
def test_one_shots_are_finished_once_injected(kind, action, records, phase):
    assert phases.phase_of(experiment(kind, records=records, spec={"action": action})) == phase


def test_a_duration_ends_an_experiment_only_when_it_is_over_and_recovered():
    over = experiment(
        conditions=["Selected"], records=["Not Injected"], desired="Stop", spec={"duration": "6s"}
    )
    assert phases.phase_of(over, CREATED_AT + 7) == "finished"
    assert phases.phase_of(over, CREATED_AT + 6) == "injecting"
    recovering = experiment(records=["Injected"], desired="Stop", spec={"duration": "6s"})
    assert phases.phase_of(recovering, CREATED_AT + 7) == "injecting"


def test_a_paused_experiment_whose_time_is_up_is_paused():
    both = experiment(
        conditions=["Paused"], records=["Not Injected"], desired="Stop", spec={"duration": "6s"}
    )
    assert phases.phase_of(both, CREATED_AT + 7) == "paused"


def schedule(status=None, paused=False):
    annotations = {phases.PAUSE_ANNOTATION: "true"} if paused else {}
    return {"kind": "Schedule", "metadata": {"name": "s", "annotations": annotations}, "status": status or {}}


def workflow(status=None):
    return {"kind": "Workflow", "metadata": {"name": "w"}, "status": status or {}}


ACCOMPLISHED = {"startTime": CREATED, "conditions": [{"type": "Accomplished", "status": "True"}]}


@pytest.mark.parametrize(
    ("found", "phase"),
    [
        (schedule(), "waiting"),
        (schedule({"time": None, "active": []}), "waiting"),
        (schedule({"time": CREATED}), "spawned"),
        (schedule({"active": [{"name": "s-1"}]}), "spawned"),
        (schedule({"time": CREATED}, paused=True), "paused"),
        (workflow(), "waiting"),
        (workflow({"startTime": CREATED}), "running"),
        (workflow(ACCOMPLISHED), "accomplished"),
    ],
)
def test_phase_of_schedules_and_workflows(found, phase):
    assert phases.phase_of(found) == phase


def test_reached_allows_what_comes_after_a_short_phase():
    assert phases.reached(None, "gone")
    assert not phases.reached(None, "running")
    assert phases.reached(workflow(ACCOMPLISHED), "running")
    assert not phases.reached(workflow({"startTime": CREATED}), "accomplished")
    assert phases.reached(schedule({"time": CREATED}), "running")
    assert not phases.reached(schedule(paused=True), "running")
    assert not phases.reached(experiment(conditions=[*RUNNING, "Paused"]), "running")


def event(time, reason="Failed", event_type="Warning", message="rpc error: netem", name="burn"):
    return KubernetesEvent(
        time=time,
        namespace="n",
        kind="NetworkChaos",
        object=name,
        component="records",
        event_type=event_type,
        reason=reason,
        message=message,
    )


def test_explain_says_what_the_daemon_answered():
    found = experiment("NetworkChaos", conditions=["Selected"], records=["Not Injected"], deleted=True)
    found["status"]["experiment"]["containerRecords"][0]["events"] = [
        {"type": "Failed", "operation": "Apply", "message": "old"},
        {"type": "Failed", "operation": "Apply", "message": "Specified qdisc kind is unknown."},
        {"type": "Succeeded", "operation": "Recover"},
    ]
    events = [
        event(2.0),
        event(1.0),
        event(3.0, name="other", message="not mine"),
        event(3.0, event_type="Normal", reason="Updated", message="fine"),
    ]
    lines = phases.explain(found, events)
    assert "n/p0/c: Not Injected; apply failed: Specified qdisc kind is unknown." in lines
    assert "event Failed: rpc error: netem (2 times)" in lines
    assert "finalizers: chaos-mesh/records" in lines
    assert not any("not mine" in line or "fine" in line for line in lines)


def test_explain_names_a_selector_that_matches_nothing():
    assert "no target was selected" in phases.explain(experiment(), [])
    assert phases.explain(None, []) == ["the object does not exist"]
    assert "no target was selected" not in phases.explain(schedule(), [])


STATUS = st.fixed_dictionaries(
    {},
    optional={
        "time": st.sampled_from([None, CREATED]),
        "active": st.sampled_from([[], [{"name": "s-1"}]]),
        "startTime": st.sampled_from([None, CREATED]),
        "conditions": st.lists(
            st.builds(
                lambda name, status: {"type": name, "status": status},
                st.sampled_from(["Selected", "AllInjected", "AllRecovered", "Paused", "Accomplished"]),
                st.sampled_from(["True", "False"]),
            ),
            max_size=5,
        ),
        "experiment": st.fixed_dictionaries(
            {
                "desiredPhase": st.sampled_from(["Run", "Stop"]),
                "containerRecords": st.lists(
                    st.builds(
                        lambda phase: {"id": "n/p/c", "phase": phase},
                        st.sampled_from(["Injected", "Not Injected"]),
                    ),
                    max_size=2,
                ),
            }
        ),
    },
)
METADATA = st.fixed_dictionaries(
    {"name": st.just("it"), "creationTimestamp": st.just(CREATED)},
    optional={
        "deletionTimestamp": st.just(CREATED),
        "annotations": st.sampled_from([{}, {phases.PAUSE_ANNOTATION: "true"}]),
    },
)
SPEC = st.sampled_from([{}, {"action": "pod-kill"}, {"duration": "6s"}])


def of_kind(kind):
    objects = st.builds(
        lambda metadata, status, spec: {"kind": kind, "metadata": metadata, "status": status, "spec": spec},
        METADATA,
        STATUS,
        SPEC,
    )
    return st.one_of(st.none(), objects)


@pytest.mark.parametrize("kind", ["Schedule", "Workflow", "PodChaos"])
def test_an_object_is_in_one_of_the_phases_of_its_kind_and_in_each_of_them(kind):
    seen = set()

    @given(of_kind(kind))
    @settings(max_examples=400, derandomize=True)
    def every(found):
        phase = phases.phase_of(found, CREATED_AT + 100)
        assert phase in phases_of(kind)
        seen.add(phase)

    every()
    assert seen == set(phases_of(kind))


@pytest.mark.parametrize("kind", FURTHER_KINDS)
def test_what_is_no_experiment_is_in_a_phase_of_its_own_kind(kind):
    @given(of_kind(kind))
    @settings(max_examples=100, derandomize=True)
    def every(found):
        assert phases.phase_of(found, CREATED_AT + 100) in phases_of(kind)

    every()


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ({}, "waiting"),
        ({"startTime": CREATED}, "running"),
        ({"startTime": CREATED, "conditions": [{"type": "Completed", "status": "False"}]}, "running"),
        ({"startTime": CREATED, "conditions": [{"type": "Completed", "status": "True"}]}, "accomplished"),
    ],
)
def test_phase_of_status_checks(status, phase):
    found = {"kind": "StatusCheck", "metadata": {"name": "it"}, "spec": {}, "status": status}
    assert phases.phase_of(found) == phase
    assert phases.reached(found, "running") == (phase in ("running", "accomplished"))


def test_a_step_waits_for_no_phase_that_may_pass_unseen():
    assert lasting_phases("StatusCheck") == ("running", "accomplished", "gone")
    assert lasting_phases("PhysicalMachine") == ("there", "gone")
    assert lasting_phases("Schedule") == ("waiting", "spawned", "paused", "gone")
    assert lasting_phases("Workflow") == ("running", "accomplished", "gone")
    for kind in EXPERIMENT_KINDS:
        assert lasting_phases(kind) == phases_of(kind) == EXPERIMENT_PHASES


def test_what_chaos_mesh_calls_a_running_schedule_is_one_that_is_not_paused():
    """GetScheduleStatus in pkg/status/status.go: by the annotation alone."""
    for status in ({}, {"time": CREATED}, {"active": [{"name": "s-1"}]}):
        assert phases.reached(schedule(status), "running")
        assert not phases.reached(schedule(status, paused=True), "running")


def test_the_phases_in_the_description_of_a_step_are_those_that_it_can_wait_for():
    told = " ".join((Step.__doc__ or "").split())
    assert f"Experiments: {', '.join(EXPERIMENT_PHASES)};" in told
    for kind in MAKERS:
        assert re.search(f"{kind}: {', '.join(lasting_phases(kind))}[;.]", told), kind
