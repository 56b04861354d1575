"""What an expectation proves: what it would have noticed, and nothing that is only said."""

from __future__ import annotations

import pytest

from harness.audit.coverage.proven import proven
from harness.chaosmesh.catalogue.catalogue import Catalogue
from harness.recording.model import Mark
from tests.audit.coverage.test_transition import metric
from tests.fakes.mutations import END
from tests.fakes.recordings import EXPRESSION, Timeline, expected

GAUGE = {"labels": ("phase",), "values": {"phase": ("running", "paused")}}
RUNNING = {"phase": "running"}


def changes(timeline, *, end=END, facts=GAUGE, **spec):
    """Return the changes that one expectation proves, and whether by its known issue."""
    entries = [expected(**spec), *(entry for time, entry in timeline.timed() if time <= end)]
    entries.append(Mark(time=end, step=0, name="ended"))
    known = Catalogue([metric(**facts)])
    return {
        (each.label, each.value, each.change.value) + (("known issue",) if proof.known_issue else ())
        for each, proof in proven(entries, timeline.manifest, known)
    }


def grew(*values, labels=RUNNING):
    return Timeline().values(values, labels=labels)


APPEARS = grew(None, None, None, None, None, 1, 1, 1, 1, 1)
CHANGES = grew(1, 1, 1, 1, 1, 2, 2, 2, 2, 2)
GOES = grew(1, 1, 1, 1, 1, None, None, None, None, None)
STAYS = grew(1, 1, 1, 1, 1, 1, 1, 1, 1, 1)


@pytest.mark.parametrize(
    ("timeline", "spec", "change"),
    [
        (APPEARS, {"equals": 1}, "appears"),
        (APPEARS, {"series": [{**RUNNING, "value": 1}]}, "appears"),
        (APPEARS, {"present": True}, "appears"),
        (APPEARS, {"increases_by": 1}, "appears"),
        (CHANGES, {"equals": 2}, "changes"),
        (CHANGES, {"increases_by": 1}, "changes"),
        (CHANGES, {"at_least": 2}, "changes"),
        (GOES, {"absent": True}, "goes"),
    ],
)
def test_what_happened_and_was_claimed_is_proven(timeline, spec, change):
    assert changes(timeline, **spec) == {("phase", "running", change)}


@pytest.mark.parametrize(
    ("timeline", "spec"),
    [
        (CHANGES, {"present": True}),
        (CHANGES, {"at_least": 1}),
        (CHANGES, {"between": [0, 5]}),
        (STAYS, {"equals": 1}),
        (STAYS, {"unchanged": True}),
        (STAYS, {"increases_by": 0}),
        (grew(*[None] * 10), {"absent": True}),
        (CHANGES, {"equals": 2, "level": "should"}),
        (CHANGES, {"promql": EXPRESSION, "equals": 2}),
    ],
)
def test_what_would_have_passed_anyway_proves_nothing(timeline, spec):
    assert changes(timeline, **spec) == set()


def test_what_failed_proves_nothing():
    timeline = grew(1, 1, 1, 1, 1, *[2] * 20)
    assert changes(timeline, end=124.5, equals=3) == set()


def test_a_known_issue_is_told_apart():
    issue = {"id": "w", "shows": {"equals": 2}}
    found = changes(grew(1, 1, 1, 1, 1, *[2] * 7), end=111.5, equals=3, known_issue=issue)
    assert found == {("phase", "running", "changes", "known issue")}


def test_a_value_that_the_catalogue_does_not_know_is_no_transition():
    assert changes(grew(*[None] * 5, *[1] * 5, labels={"phase": "odd"}), equals=1) == set()


def test_a_metric_without_a_closed_label_counts_as_a_whole():
    assert changes(APPEARS, facts={"labels": ("phase",)}, equals=1) == {("", "", "appears")}


def test_a_counter_that_appears_has_changed():
    assert changes(APPEARS, facts={**GAUGE, "type": "counter"}, increases_by=1) == {
        ("phase", "running", "changes")
    }


def test_each_series_is_frozen_alone():
    timeline = Timeline()
    for second in range(10):
        now = 1 if second < 5 else 2
        timeline.scrape(100.0 + second, [(RUNNING, now), ({"phase": "paused"}, 1)])
    wanted = [{**RUNNING, "value": 2}, {"phase": "paused", "value": 1}]
    assert changes(timeline, series=wanted) == {("phase", "running", "changes")}
