"""What a real Prometheus answers to expressions that no verdict can be made of."""

import math

import pytest

from harness.judge.expression import BadAnswerError, BadExpressionError, with_answer
from harness.judge.state import SeriesState
from harness.runner.answers import answer_of

pytestmark = pytest.mark.integration

HISTOGRAM = """\
# TYPE sizes histogram
sizes_bucket{le="1"} 2
sizes_bucket{le="+Inf"} 3
sizes_sum 4
sizes_count 3
"""


@pytest.fixture
def ask(prometheus):
    def asking(expression):
        return answer_of(expression, 1.0, 2.0, prometheus.query(expression))

    return asking


def judged(answer):
    return with_answer(SeriesState(1.0, {}, []), answer)


def test_a_vector_becomes_the_series_of_a_state(ask, exporter, eventually):
    exporter.body = 'pair{a="b"} 1\npair{a="c"} NaN\n'
    eventually(lambda: len(ask("pair").vector or []) == 2, "both series are there")
    first, second = sorted(judged(ask("pair")).samples, key=lambda sample: sample.labels["a"])
    assert (first.labels["a"], first.value) == ("b", 1.0)
    assert "__name__" not in first.labels
    assert math.isnan(second.value)


def test_nothing_is_an_empty_vector(ask):
    assert judged(ask("there_is_no_such_metric")).samples == []


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("1 + 1", "gives a scalar"),
        ("scalar(there_is_no_such_metric)", "gives a scalar"),
        ('"text"', "gives a string"),
        ("up[5s]", "gives a range vector"),
        ("sum(", "refused the expression: invalid parameter"),
        ("no_such_function(up)", "unknown function"),
    ],
)
def test_what_no_later_answer_can_mend(ask, expression, reason):
    with pytest.raises(BadExpressionError, match=reason):
        judged(ask(expression))


def test_a_warning(ask, exporter, eventually):
    exporter.body = "answered_one 1\n"
    eventually(lambda: ask("quantile(2, answered_one)").vector, "the sample is there")
    with pytest.raises(
        BadAnswerError, match=r"answered with a warning: .*quantile value should be between 0 and 1"
    ):
        judged(ask("quantile(2, answered_one)"))


def test_an_execution_that_fails(ask, exporter, eventually):
    exporter.body = 'doubled{a="1"} 1\ndoubled{a="2"} 1\n'
    eventually(lambda: len(ask("doubled").vector or []) == 2, "both series are there")
    with pytest.raises(BadAnswerError, match="duplicate series"):
        judged(ask("doubled * on(job) doubled"))


def test_native_histograms(ask, exporter, eventually):
    exporter.body = HISTOGRAM
    eventually(lambda: ask('sizes{job="converted"}').histograms, "the converted histogram is there")
    with pytest.raises(BadAnswerError, match="1 native histograms, which are no numbers"):
        judged(ask('sizes{job="converted"}'))
    (count,) = judged(ask('histogram_count(sizes{job="converted"})')).samples
    assert count.value == 3


def test_native_histograms_are_no_raw_samples_and_are_told(prometheus, exporter, eventually):
    exporter.body = HISTOGRAM
    eventually(lambda: prometheus.raw('sizes_sum{job="own"}', 5), "the plain one is there")
    eventually(
        lambda: prometheus.query('sizes{job="converted"}').result,
        "the converted one is there, as a histogram",
    )
    (found,) = prometheus.raw('sizes{job="converted"}', 5)
    assert found.samples == []
    assert found.histograms
