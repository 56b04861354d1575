"""When chaos was applied, injected and recovered, by the events of it."""

from harness.recording.model import KubernetesEvent
from harness.recording.reader import read
from harness.report.html.bands import bands, chaos_kinds
from tests.fakes.recordings import Timeline
from tests.fakes.run import RECORDINGS

END = 200.0


def recording(*events, kind="StressChaos", name="burn"):
    timeline = Timeline()
    for time, reason in events:
        timeline.at(
            time,
            KubernetesEvent(
                time=time,
                namespace="ns",
                kind=kind,
                object=name,
                component="records",
                event_type="Normal",
                reason=reason,
                message="",
            ),
        )
    return timeline.recording()


def spans(*events):
    (band,) = bands(recording(*events), END)
    return band.injected


def test_from_the_first_target_hit_to_the_last_recovered():
    events = [(110, "Started"), (111, "Applied"), (112, "Applied"), (120, "Deleted"), (121, "Recovered")]
    assert spans(*events, (122, "Recovered")) == ((111, 122),)


def test_paused_and_resumed_are_two_spans():
    events = [(111, "Applied"), (112, "Paused"), (113, "Recovered"), (115, "Started"), (116, "Applied")]
    assert spans(*events) == ((111, 113), (116, END))


def test_what_never_hit_anything_has_no_span():
    (band,) = bands(recording((110, "Started"), (111, "Failed")), END)
    assert (band.injected, band.began, band.ended) == ((), 110, END)


def test_what_was_deleted_ends_with_its_last_event():
    (band,) = bands(recording((110, "Applied"), (120, "Deleted"), (121, "Updated")), END)
    assert band.ended == 121
    assert band.injected == ((110, 121),)


def test_events_of_other_objects_are_no_chaos():
    assert bands(recording((110, "Applied"), kind="PodNetworkChaos"), END) == []


def test_a_real_partition():
    real, _ = read(RECORDINGS / "network-partition")
    (band,) = bands(real, END)
    ((began, ended),) = band.injected
    assert (band.kind, band.name) == ("NetworkChaos", "cut")
    assert round(ended - began, 2) == 3.29
    assert chaos_kinds(real) == ["NetworkChaos"]
