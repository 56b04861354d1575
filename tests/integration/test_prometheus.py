import math
import time

import pytest

from harness.prometheus.prometheus import (
    Prometheus,
    PrometheusUnreachableError,
    QueryRefusedError,
    WrongPrometheusError,
)

pytestmark = pytest.mark.integration


def names(prometheus, selector):
    return {series.labels["__name__"] for series in prometheus.raw(selector, 5)}


def test_raw_gives_every_sample_with_the_time_of_its_scrape(prometheus, exporter, eventually):
    exporter.body = 'wanted{rule="say \\"x\\""} 1\nother NaN\n'
    eventually(lambda: names(prometheus, "wanted") and names(prometheus, "other"), "the samples are there")
    ((labels, samples, _),) = prometheus.raw("wanted", 5)
    assert labels["rule"] == 'say "x"'
    assert (labels["job"], labels["node"]) == ("own", "here")
    assert all(value == 1.0 for _, value in samples)
    ((_, ups, _),) = prometheus.raw('up{job="own"}', 5)
    assert {when for when, _ in samples} <= {when for when, _ in ups}, "one scrape has one time"
    assert abs(samples[-1][0] - time.time()) < 5
    assert math.isnan(prometheus.raw("other", 5)[0][1][-1][1])


def test_raw_asks_once(prometheus, gateway):
    prometheus.raw("up", 5)
    assert gateway.requests == 1


def test_query_keeps_type_warnings_and_infos(prometheus, exporter, eventually):
    exporter.body = "wanted 1\n"
    eventually(lambda: names(prometheus, "wanted"), "the sample is there")
    assert prometheus.query("time()").result_type == "scalar"
    # A rate takes two samples. The info: the name does not end like a counter's.
    eventually(lambda: prometheus.query("rate(wanted[5s])").result, "there is a rate")
    answer = prometheus.query("rate(wanted[5s])")
    assert answer.result_type == "vector"
    assert any("wanted" in info for info in answer.infos), answer


def test_query_evaluates_at_the_given_time(prometheus):
    assert prometheus.query("time()", at=1_700_000_000.5).result == [1_700_000_000.5, "1700000000.5"]


def test_refused_query_has_the_servers_own_words_and_is_not_repeated(prometheus, gateway):
    answer = prometheus.query("sum(")
    assert (answer.error_type, answer.result) == ("bad_data", [])
    assert "parse error" in (answer.error or "")
    assert gateway.requests == 1
    with pytest.raises(QueryRefusedError) as caught:
        prometheus.raw("sum(", 1)
    assert caught.value.error_type == "bad_data"


def test_execution_errors_are_refusals_too(prometheus, exporter, eventually):
    exporter.body = 'twice{a="1"} 1\ntwice{a="2"} 1\n'
    eventually(lambda: len(prometheus.raw("twice", 5)) == 2, "both series are there")
    assert prometheus.query("twice * on(job) twice").error_type == "execution"


def test_targets_tell_health_and_error(prometheus, exporter, eventually):
    exporter.body = "wanted 1\n"

    def scraped():
        return all(target.last_scrape for target in prometheus.targets())

    eventually(scraped, "both targets were scraped")
    by_job = {target.job: target for target in prometheus.targets()}
    assert by_job["own"].health == "up"
    assert by_job["own"].node == "here"
    assert by_job["own"].scrape_interval == pytest.approx(0.2)
    assert by_job["nobody"].health == "down"
    assert "refused" in by_job["nobody"].last_error
    assert by_job["own"].last_scrape == pytest.approx(time.time(), abs=10)


def test_clock_offset_is_within_its_uncertainty_on_one_host(prometheus):
    offset, uncertainty = prometheus.clock()
    assert 0 < uncertainty < 1
    # time() is rounded to milliseconds.
    assert abs(offset) <= uncertainty + 0.001


def test_identity_is_read_from_the_configuration(prometheus):
    prometheus.check_identity("tests-own")
    with pytest.raises(WrongPrometheusError) as caught:
        prometheus.check_identity("another")
    assert "found: tests-own" in caught.value.details


def test_unreached_prometheus_is_named_at_once(gateway, prometheus):
    assert prometheus.ready()
    gateway.upstream = "http://127.0.0.1:1"
    assert not prometheus.ready()
    before = gateway.requests
    with pytest.raises(PrometheusUnreachableError) as caught:
        prometheus.raw("up", 5)
    assert "error trying to reach service" in caught.value.details[0]
    assert gateway.requests == before + 1, "a 503 must not be repeated in secret"


def test_missing_service_is_unreachable(gateway):
    with pytest.raises(PrometheusUnreachableError) as caught:
        Prometheus(gateway, "monitoring", "no-such", 9090).query("up")
    assert caught.value.details == ["services not found"]
