"""Native histograms are no numbers: a series of them is never absent, and never a pass."""

import pytest

from harness.judge.finding import Verdict
from tests.fakes.recordings import Timeline, found


def scraped(*, labels=None, scrapes=20, at=106.0):
    return Timeline().values([None] * scrapes).histogram(at, labels)


@pytest.mark.parametrize("spec", [{"absent": True}, {"present": True}, {"equals": 1}, {"at_most": 3}])
def test_a_selected_series_of_native_histograms_is_an_error_of_the_query(spec):
    finding = found(scraped(), **spec)
    assert (finding.verdict, finding.layer) == (Verdict.ERROR, "query")
    assert finding.reason == (
        'native histograms are no numbers: {__name__="things", instance="one", job="manager", node="n1"}'
    )


def test_one_that_comes_after_it_passed_takes_the_pass_back():
    assert found(scraped(at=115.0), absent=True).verdict is Verdict.ERROR


@pytest.mark.parametrize(
    ("labels", "at"),
    [({"phase": "other"}, 106.0), ({"phase": "wanted"}, 103.0), ({"phase": "wanted"}, 106.5)],
    ids=["not selected", "before the step", "in no scrape of a state"],
)
def test_others_do_not_matter(labels, at):
    timeline = scraped(labels=labels, at=at)
    assert found(timeline, absent=True, where={"phase": "wanted"}).verdict is Verdict.PASS


def test_another_metric_does_not_matter():
    timeline = Timeline().values([None] * 20).histogram(106.0, metric="others")
    assert found(timeline, absent=True).verdict is Verdict.PASS
