import pytest

from harness.oracles.base import OracleError
from harness.oracles.events import EventObjects, Events, event_of

NANOS = 1795396336601220600


def event(uid, reason="Applied", component="records", event_type="Normal", namespace="n", name=None):
    return {
        "metadata": {
            "name": name or f"burn.{NANOS + int(uid) * 1000000:x}",
            "namespace": namespace,
            "uid": uid,
            "creationTimestamp": "2026-11-23T01:12:16Z",
        },
        "involvedObject": {"kind": "StressChaos", "name": "burn"},
        "source": {"component": component},
        "type": event_type,
        "reason": reason,
        "message": "m",
    }


def test_events_are_counted_by_type_reason_and_namespace(cluster, read):
    cluster.put("Event", event("1"), event("2"), event("3", "Failed", event_type="Warning"))
    assert read(Events) == {("Normal", "Applied", "n"): 2, ("Warning", "Failed", "n"): 1}
    assert read(Events, reason="Failed") == {("Warning", "Failed", "n"): 1}
    assert read(Events, type="Normal") == {("Normal", "Applied", "n"): 2}


def test_what_the_metric_does_not_count_is_left_out(cluster, read):
    cluster.put("Event", event("1", component="condition"), event("2", component="kubelet"))
    assert read(Events) == {}


def test_those_of_one_recorder_are_counted_whether_the_metric_does_or_not(cluster, read):
    cluster.put("Event", event("1"), event("2", component="podiochaos"))
    assert read(Events, component="podiochaos") == {("Normal", "Applied", "n"): 1}
    assert read(Events, component="records") == {("Normal", "Applied", "n"): 1}
    assert read(Events, component="desiredphase") == {}


def test_a_deleted_event_stays_counted_and_none_is_counted_twice(cluster, world, read):
    oracle = Events(world)
    cluster.put("Event", event("1"))
    oracle.start()
    cluster.tell("ADDED", event("2"))
    cluster.tell("MODIFIED", event("2"))
    cluster.tell("DELETED", event("1"))
    cluster.objects["Event"].clear()
    cluster.put("Event", event("3"))
    assert read(oracle) == {("Normal", "Applied", "n"): 3}
    oracle.stop()
    assert cluster.ended


def test_new_events_are_given_once_in_order(cluster, world, read):
    oracle = Events(world)
    cluster.put("Event", event("2"), event("1", component="kubelet"))
    read(oracle)
    assert [each.component for each in oracle.new_events()] == ["kubelet", "records"]
    assert oracle.new_events() == []


def test_the_time_is_in_the_name_when_it_can_be():
    assert event_of(event("0")).time == pytest.approx(NANOS / 1e9, abs=1e-6)
    plain = event("0", name="some.thing")
    assert event_of(plain).time == 1795396336
    misleading = event("0", name="pod.ab")
    assert event_of(misleading).time == 1795396336


def test_no_cluster_is_no_answer(cluster, read):
    cluster.down = True
    with pytest.raises(OracleError):
        read(Events)


def test_the_objects_that_events_are_about_are_counted_once(cluster, read):
    other = event("4")
    other["involvedObject"] = {"kind": "StressChaos", "name": "other"}
    cluster.put("Event", event("1"), event("2"), event("3", "Updated"), other)
    assert read(EventObjects) == {("Normal", "Applied", "n"): 2, ("Normal", "Updated", "n"): 1}
    assert read(EventObjects, reason="Updated") == {("Normal", "Updated", "n"): 1}
