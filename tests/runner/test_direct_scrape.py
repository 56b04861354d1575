"""A look at a target that failed spoils no scrape of Prometheus, by which others are judged."""

import pytest

from harness.chaosmesh.catalogue import catalogue
from harness.kubernetes.client import Cluster
from harness.runner.direct_scrape import DirectScraper
from harness.runner.sampler import Sampler, Watch

TARGET = ("chaos-daemon", "chaos-daemon-1")


@pytest.fixture
def looker(prometheus, recorder, clock):
    watch = Watch(own_namespace="ns", narrow={"m"}, namespaces={"ns"}, jobs={TARGET[0]})
    sampler = Sampler(prometheus, watch, recorder, clock, 1.0)
    # Nothing is asked of the cluster here.
    cluster = object.__new__(Cluster)
    return DirectScraper(cluster, "chaos-mesh", recorder, sampler, clock, 1.0, catalogue())


def scraped(prometheus, duration):
    prometheus.target(*TARGET, 0.0, list, duration=duration)


@pytest.mark.parametrize("since", [0.05, 0.4, 0.95, 1.3])
def test_it_is_taken_when_the_scrape_before_has_ended_and_the_next_is_not_due(
    looker, prometheus, clock, since
):
    began = clock.now()
    scraped(prometheus, 0.3)
    clock.advance(1.0 + since)
    assert looker._not_to_be_read(TARGET) is None
    phase = (clock.now() - began) % 1.0
    assert 0.3 < phase < 0.7


def test_where_scrapes_leave_no_time_nothing_is_read(looker, prometheus, clock):
    scraped(prometheus, 0.6)
    clock.advance(1.5)
    assert looker._not_to_be_read(TARGET) == "not read: there is no time between two scrapes"


def test_a_target_that_is_scraped_no_longer_is_not_waited_for(looker, prometheus, clock):
    scraped(prometheus, 0.1)
    clock.advance(1.5)
    looker._sampler.fetch()
    assert looker._is_scraped(TARGET)
    prometheus.drop(*TARGET)
    clock.advance(5.0)
    looker._sampler.fetch()
    assert not looker._is_scraped(TARGET)
