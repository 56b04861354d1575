"""What is fetched, when, and what happens while Prometheus does not answer."""

from collections.abc import Iterator

import pytest

from harness.prometheus.prometheus import MalformedAnswerError, RawSeries
from harness.runner.sampler import PrometheusLostError, Sampler, Watch

MANAGER = "controller-manager"


def watch(**changes):
    fields = {"own_namespace": "ns", "narrow": {"m"}, "namespaces": {"ns"}, "jobs": {MANAGER}}
    return Watch(**(fields | changes))


@pytest.fixture
def sampler(prometheus, recorder, clock):
    return Sampler(prometheus, watch(), recorder, clock, 1.0)


def sampled(recorder, name):
    """(instance, time) of all recorded samples of a metric."""
    return [
        (series.labels["instance"], round(time, 3))
        for series in recorder.recording.by_name.get(name, [])
        for time in series.times
    ]


def test_narrow_metrics_come_with_the_scenarios_namespaces_and_those_without_one():
    assert watch(narrow={"b", "a"}, namespaces={"ns", "other"}).selectors() == [
        '{__name__=~"a|b|scrape_duration_seconds|up", namespace=~"|ns|other"}'
    ]


def test_wide_metrics_come_whole():
    assert watch(wide={"w", "v"}).selectors() == [
        '{__name__=~"m|scrape_duration_seconds|up", namespace=~"|ns"}',
        '{__name__=~"v|w"}',
    ]


def test_names_are_escaped_for_the_expression_and_for_the_string_around_it():
    assert watch(narrow={"a.b"}, wide={"c+"}, namespaces={"n.s"}).selectors() == [
        '{__name__=~"a\\\\.b|scrape_duration_seconds|up", namespace=~"|n\\\\.s"}',
        '{__name__=~"c\\\\+"}',
    ]


def test_an_escaped_name_selects_itself_alone(prometheus, recorder, clock):
    for name in ("a.b", "axb"):
        prometheus.put({"__name__": name, "job": MANAGER, "instance": "i"}, clock.now(), 1.0)
    Sampler(prometheus, watch(narrow={"a.b"}), recorder, clock, 1.0).fetch()
    assert list(recorder.recording.by_name) == ["a.b"]


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        ({"job": MANAGER, "instance": "any"}, True),
        ({"job": "daemon", "instance": "any"}, False),
        ({"instance": "any"}, False),
        ({"job": "workload", "instance": "ns/pod-0"}, True),
        ({"job": "workload", "instance": "ns-2/pod-0"}, False),
        ({"job": "workload"}, False),
    ],
)
def test_only_targets_of_the_scenario_count(labels, wanted):
    assert watch().wants(labels) is wanted


def test_samples_of_other_workloads_and_of_jobs_that_are_not_watched_are_dropped(
    prometheus, sampler, recorder, clock
):
    for job, instance in (
        (MANAGER, "one"),
        ("daemon", "n1"),
        ("workload", "ns/pod-0"),
        ("workload", "another/pod-0"),
    ):
        prometheus.target(job, instance, 0.1, lambda: [("m", {}, 1.0)])
    clock.advance(0.2)
    assert sampler.fetch() == 6
    assert sorted(sampled(recorder, "m")) == [("ns/pod-0", 1000000.1), ("one", 1000000.1)]
    assert {target for target, _ in recorder.recording.targets()} == {
        (MANAGER, "one"),
        ("workload", "ns/pod-0"),
    }


def test_series_of_other_namespaces_are_not_even_fetched(prometheus, sampler, recorder, clock):
    own, other = {"namespace": "ns"}, {"namespace": "kube-system"}
    none: dict[str, str] = {}
    prometheus.target(MANAGER, "one", 0.1, lambda: [("m", labels, 1.0) for labels in (own, none, other)])
    clock.advance(0.2)
    sampler.fetch()
    assert [s.labels.get("namespace") for s in recorder.recording.by_name["m"]] == ["ns", None]


def test_samples_from_long_before_the_scenario_are_left_out(prometheus, sampler, recorder, clock):
    labels = {"__name__": "m", "job": MANAGER, "instance": "one"}
    for ago in (2.5, 1.5, 0.5):
        prometheus.put(labels, clock.now() - ago, ago)
    assert sampler.fetch() == 2
    assert recorder.recording.by_name["m"][0].values == [1.5, 0.5]


def test_a_fetch_reaches_back_four_intervals_and_a_second(prometheus, sampler, clock):
    sampler.fetch()
    clock.advance(0.5)
    sampler.fetch()
    assert [seconds for _, seconds in prometheus.asked] == [5.0, 5.505]


def test_a_failed_fetch_is_noted_and_made_up_for_by_a_longer_range(prometheus, sampler, recorder, clock):
    prometheus.target(MANAGER, "one", 0.1, lambda: [("m", {}, 1.0)])
    clock.advance(0.2)
    sampler.fetch()
    prometheus.down = True
    clock.advance(4.0)
    failed = clock.now()
    assert sampler.fetch() == 0
    assert [(note.time, note.text) for note in recorder.recording.notes] == [
        (failed, "fetching samples failed: cannot query Prometheus: no answer")
    ]
    assert recorder.recording.notes[0].detail == {"fetch_failed": "cannot query Prometheus: no answer"}
    assert clock.slept == [0.25], "a pause before the next try"
    prometheus.down = False
    clock.advance(4.0)
    assert sampler.fetch() == 8 * 3
    assert prometheus.asked[-1][1] == pytest.approx(clock.now() - 0.005 - 1_000_000.2 + 5)
    assert [time for _, time in sampled(recorder, "m")] == [1_000_000.1 + n for n in range(9)]


def test_native_histograms_are_noted_once_and_before_the_samples_of_their_scrape(
    prometheus, sampler, recorder, clock
):
    prometheus.target(MANAGER, "one", 0.1, lambda: [("m", {}, "histogram")])
    clock.advance(1.2)
    assert sampler.fetch() == 4
    sampler.fetch()
    clock.advance(1.0)
    sampler.fetch()
    labels = {"__name__": "m", "job": MANAGER, "instance": "one", "node": "n1"}
    first, second = recorder.recording.notes
    assert first.text == "native histograms, which are no numbers: m"
    assert first.detail == {"native_histograms": [{"labels": labels, "times": [1_000_000.1, 1_000_001.1]}]}
    assert second.detail["native_histograms"][0]["times"] == [1_000_002.1]
    assert "m" not in recorder.recording.by_name


def test_a_scrape_is_never_recorded_in_part(prometheus, recorder, clock, monkeypatch):
    sampler = Sampler(prometheus, watch(wide={"w"}), recorder, clock, 1.0)
    prometheus.target(MANAGER, "one", 0.1, lambda: [("m", {}, 1.0), ("w", {"namespace": "any"}, 2.0)])
    clock.advance(0.2)
    whole = prometheus.raw

    def fails_for_wide(selector, seconds):
        prometheus.down = "w" in selector.split('"')[1].split("|")
        return whole(selector, seconds)

    monkeypatch.setattr(prometheus, "raw", fails_for_wide)
    assert sampler.fetch() == 0
    assert recorder.recording.series == {}, "`up` without the metrics would make them absent"
    monkeypatch.setattr(prometheus, "raw", whole)
    prometheus.down = False
    assert sampler.fetch() == 4


def test_an_answer_that_is_not_prometheus_own_is_a_failed_fetch_too(
    prometheus, sampler, recorder, monkeypatch
):
    def nonsense(selector, seconds):
        raise MalformedAnswerError("a range selector gave a vector, not a matrix")

    monkeypatch.setattr(prometheus, "raw", nonsense)
    assert sampler.fetch() == 0
    assert recorder.recording.notes[0].text == (
        "fetching samples failed: a range selector gave a vector, not a matrix"
    )


def test_prometheus_is_lost_when_nothing_came_for_more_than_five_seconds(prometheus, sampler, clock):
    prometheus.down = True
    assert sampler.fetch() == 0
    # What a failed fetch waits itself is a quarter of an interval.
    clock.advance(4.5)
    assert sampler.fetch() == 0, "not yet"
    with pytest.raises(PrometheusLostError) as lost:
        sampler.fetch()
    assert lost.value.problem == "Prometheus has not answered for 5 s"
    assert lost.value.details == ["cannot query Prometheus: no answer"]
    assert lost.value.next_step == "look at its pod: chaos-harness status; nothing was judged without it"


def test_one_failure_after_a_long_wait_for_something_else_is_made_up_for(
    prometheus, sampler, clock, recorder
):
    prometheus.target(MANAGER, "one", 0.1, lambda: [("m", {}, 1.0)])
    sampler.fetch()
    # As while a phase is waited for: nobody fetches.
    clock.advance(20.0)
    prometheus.down = True
    assert sampler.fetch() == 0
    prometheus.down = False
    sampler.fetch()
    assert len(sampled(recorder, "m")) == 21


def test_the_five_seconds_begin_anew_with_each_answer(prometheus, sampler, clock):
    for _ in range(3):
        clock.advance(4.0)
        sampler.fetch()
        prometheus.down = True
        clock.advance(4.0)
        assert sampler.fetch() == 0
        prometheus.down = False


def test_the_pause_ends_when_the_next_scrape_is_due_to_be_complete(prometheus, sampler, clock):
    prometheus.target(MANAGER, "one", 0.1, lambda: [("m", {}, 1.0)], duration=0.03)
    clock.advance(0.2)
    sampler.fetch()
    sampler.pause()
    # Scraped at .100, for 0.030 s; asked at .205: the next is complete at 1.130, and 0.010 s for the commit.
    assert clock.slept == [0.935]
    assert sampler.fetch() == 3, "nothing more is waited for"


def test_the_pause_is_for_the_target_that_comes_first(prometheus, sampler, clock):
    prometheus.target(MANAGER, "one", 0.1, lambda: [])
    prometheus.target(MANAGER, "two", 0.6, lambda: [])
    clock.advance(0.7)
    sampler.fetch()
    sampler.pause()
    assert clock.slept == [pytest.approx(1.1 + 0.02 + 0.01 - 0.705)]


def test_the_pause_is_short_when_a_scrape_is_overdue(prometheus, sampler, clock):
    prometheus.target(MANAGER, "one", 0.1, lambda: [])
    clock.advance(0.2)
    sampler.fetch()
    clock.advance(1.5)
    sampler.pause()
    assert clock.slept == [0.02]


def test_the_pause_is_one_interval_when_nothing_is_known(sampler, clock):
    sampler.pause()
    assert clock.slept == [1.0]


def test_a_target_that_is_gone_does_not_make_the_pause_short(prometheus, sampler, clock):
    prometheus.put({"__name__": "up", "job": MANAGER, "instance": "one"}, clock.now(), 1.0)
    sampler.fetch()
    clock.advance(2.5)
    sampler.pause()
    assert clock.slept == [1.0]


def test_scrapes_are_counted_that_succeeded_and_began_later(prometheus, sampler, clock):
    answers: Iterator[list[RawSeries] | None] = iter([[], [], None, []])
    prometheus.target(MANAGER, "one", 0.1, lambda: next(answers))
    prometheus.target(MANAGER, "down", 0.2, lambda: None)
    clock.advance(3.5)
    sampler.fetch()
    assert sampler.scrapes_since(1_000_000.0) == {(MANAGER, "one"): 3, (MANAGER, "down"): 0}
    assert sampler.scrapes_since(1_000_000.1) == {(MANAGER, "one"): 2, (MANAGER, "down"): 0}


def test_targets_that_are_still_scraped(prometheus, sampler, clock):
    prometheus.put({"__name__": "up", "job": MANAGER, "instance": "gone"}, clock.now(), 1.0)
    prometheus.target(MANAGER, "down", 0.2, lambda: None)
    clock.advance(4.5)
    sampler.fetch()
    both = {(MANAGER, "gone"), (MANAGER, "down")}
    assert sampler.targets_at(1_000_004.9) == both
    assert sampler.targets_at(1_000_005.1) == {(MANAGER, "down")}


def test_a_target_that_was_gone_before_the_scenario_began_is_none_of_it(prometheus, sampler, recorder, clock):
    """A daemon that the scenario before has replaced: Prometheus still has its last samples."""
    prometheus.put({"__name__": "up", "job": MANAGER, "instance": "gone"}, clock.now() - 3, 1.0)
    sampler.fetch()
    assert prometheus.asked
    assert list(recorder.recording.targets()) == []
    assert sampler.instances_at(MANAGER, clock.now()) == set()


def test_the_daemon_of_a_node_that_is_left_out_does_not_count():
    """Its scrapes come seconds apart: whoever waited for them would wait for nothing."""
    seen = watch(jobs={MANAGER, "chaos-daemon"}, left_out=frozenset({"c-uml"}))
    assert seen.wants({"job": "chaos-daemon", "node": "c-control-plane"})
    assert not seen.wants({"job": "chaos-daemon", "node": "c-uml"})
    assert seen.wants({"job": MANAGER, "node": "c-uml"})
    assert watch(jobs={"chaos-daemon"}).wants({"job": "chaos-daemon", "node": "c-uml"})
