"""Looks between two scrapes: one that a scrape overlapped is thrown away."""

import pytest

from harness.audit.contract.capture import TRIES, capture
from harness.kubernetes.client import HttpAnswer
from harness.prometheus.prometheus import ScrapeTarget
from tests.fakes.clock import FakeClock

INTERVAL = 1.0


class FakeScraper:
    """One target, scraped at each full second plus `phase`, for `duration` seconds."""

    def __init__(self, clock, duration=0.1, phase=0.0):
        self.clock = clock
        self.duration = duration
        self.phase = phase
        self.health = "up"
        self.stopped = None
        self.gone = False

    def scrape_at(self, time):
        """The start of the newest scrape that has ended at a time."""
        if self.stopped is not None:
            time = min(time, self.stopped)
        return (time - self.phase - self.duration) // INTERVAL * INTERVAL + self.phase

    def overlaps(self, began, ended):
        """Whether a scrape is under way at some time between."""
        time = (began - self.phase) // INTERVAL * INTERVAL + self.phase
        return any(
            start < ended and start + self.duration > began
            for start in (time - INTERVAL, time, time + INTERVAL)
        )

    def targets(self):
        self.clock.advance(0.002)
        if self.gone:
            return []
        other = self.made("workload", "w")
        return [other, self.made("chaos-daemon", "d")]

    def made(self, job, instance):
        return ScrapeTarget(
            job=job,
            instance=instance,
            node="n1",
            health=self.health,
            last_scrape=self.scrape_at(self.clock.now()),
            last_error="connection refused" if self.health == "down" else "",
            scrape_duration=self.duration,
            scrape_interval=INTERVAL,
            labels={},
            address="http://10.0.0.1:31766/metrics",
            namespace="chaos-mesh",
            pod=instance,
        )


class FakeProxy:
    """Takes `seconds` for each answer, one after the other; notes when it was asked."""

    def __init__(self, clock, seconds=(0.05,), status=200):
        self.clock = clock
        self.seconds = list(seconds)
        self.status = status
        self.asked = []

    def proxy_fetch(self, resource, namespace, name, port, path, *, timeout):
        began = self.clock.now()
        spent = self.seconds.pop(0) if len(self.seconds) > 1 else self.seconds[0]
        self.clock.advance(spent)
        self.asked.append((began, self.clock.now()))
        self.where = (resource, namespace, name, port, path)
        return HttpAnswer(self.status, b"body", "text/plain")


@pytest.fixture
def clock():
    return FakeClock(1_000_000.5)


def looked(clock, scraper, proxy):
    return capture(proxy, scraper, clock, ["chaos-daemon"])


def test_a_look_comes_between_two_scrapes(clock):
    scraper, proxy = FakeScraper(clock), FakeProxy(clock)
    captured, failed = looked(clock, scraper, proxy)

    assert failed == []
    (look,) = captured
    assert (look.job, look.instance, look.node, look.body, look.tries) == (
        "chaos-daemon",
        "d",
        "n1",
        "body",
        1,
    )
    assert proxy.where == ("pods", "chaos-mesh", "d", 31766, "/metrics")
    assert not scraper.overlaps(look.began, look.ended)


@pytest.mark.parametrize("start", [0.0, 0.05, 0.099, 0.3, 0.85, 0.93, 0.999])
@pytest.mark.parametrize("duration", [0.01, 0.2, 0.6])
def test_whenever_it_begins_no_scrape_overlaps(start, duration):
    clock = FakeClock(1_000_000.0 + start)
    scraper, proxy = FakeScraper(clock, duration), FakeProxy(clock)
    captured, failed = looked(clock, scraper, proxy)

    assert failed == []
    assert not scraper.overlaps(captured[0].began, captured[0].ended)


def test_a_look_that_a_scrape_overlapped_is_taken_again(clock):
    scraper, proxy = FakeScraper(clock), FakeProxy(clock, seconds=[0.7, 0.05])
    captured, _ = looked(clock, scraper, proxy)

    assert [scraper.overlaps(*each) for each in proxy.asked] == [True, False]
    assert captured[0].tries == 2
    assert (captured[0].began, captured[0].ended) == proxy.asked[1]


def test_a_target_without_room_between_its_scrapes_is_given_up(clock):
    scraper, proxy = FakeScraper(clock, duration=0.5), FakeProxy(clock, seconds=[0.6])
    captured, failed = looked(clock, scraper, proxy)

    assert captured == []
    assert len(proxy.asked) <= TRIES
    assert "scrape" in str(failed[0].error)
    assert failed[0].error.next_step


def test_a_target_that_is_down_is_not_asked(clock):
    scraper, proxy = FakeScraper(clock), FakeProxy(clock)
    scraper.health = "down"
    captured, failed = looked(clock, scraper, proxy)

    assert (captured, proxy.asked) == ([], [])
    assert str(failed[0].error) == "chaos-daemon d is down"
    assert failed[0].error.details == ["connection refused"]


def test_a_scrape_that_failed_once_is_waited_out(clock):
    scraper, proxy = FakeScraper(clock), FakeProxy(clock)
    scraper.health = "down"
    clock.after(2.2, lambda: setattr(scraper, "health", "up"))
    captured, failed = looked(clock, scraper, proxy)

    assert failed == []
    assert captured[0].began > 1_000_002.7
    assert not scraper.overlaps(captured[0].began, captured[0].ended)


def test_an_answer_that_is_none_is_told(clock):
    captured, failed = looked(clock, FakeScraper(clock), FakeProxy(clock, status=503))

    assert captured == []
    assert str(failed[0].error) == "chaos-daemon d: /metrics answered 503"


def test_without_targets_there_is_nothing_to_look_at(clock):
    scraper = FakeScraper(clock)
    scraper.gone = True

    assert looked(clock, scraper, FakeProxy(clock)) == ([], [])


def test_a_target_whose_pod_ends_meanwhile_is_left_out(clock):
    scraper = FakeScraper(clock)

    class Ending(FakeProxy):
        def proxy_fetch(self, *what, **options):
            scraper.gone = True
            return super().proxy_fetch(*what, **options)

    proxy = Ending(clock)
    assert looked(clock, scraper, proxy) == ([], [])
    assert len(proxy.asked) == 1
