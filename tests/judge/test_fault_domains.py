"""The fault domain of a failure, for every metric of the catalogue and every way in which it can be wrong.

Told apart in both directions: what the component does wrong is never the scrape's, the query's or the
cluster's, and what one of these does is never the component's.
"""

import math

import pytest

from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.prometheus.promql import selector
from tests.fakes.planted import RIGHT, WRONG, Planted, entry_of, plantable, untyped


def several_of(entry):
    """Return a label of which two values are right, if there is one."""
    free = [label for label in Planted(entry).labels if label not in ("le", "quantile", "namespace")]
    return next((label for label in free if len(entry.values.get(label, "ab")) > 1), None)


METRICS = pytest.mark.parametrize("entry", plantable(), ids=lambda entry: entry.name)
LABELLED = pytest.mark.parametrize(
    "entry", [each for each in plantable() if Planted(each).labels], ids=lambda entry: entry.name
)
PINNED = pytest.mark.parametrize(
    "entry",
    [each for each in plantable() if each.labels_known and not each.prefix],
    ids=lambda entry: entry.name,
)
CLOSED = pytest.mark.parametrize(
    "entry", [each for each in plantable() if each.values], ids=lambda entry: entry.name
)
SEVERAL = pytest.mark.parametrize(
    "entry", [each for each in plantable() if several_of(each)], ids=lambda entry: entry.name
)
TOLD = pytest.mark.parametrize(
    "entry", [each for each in plantable() if each.oracle], ids=lambda entry: entry.name
)


def explained(finding, domain, *words):
    """Check a failure's domain, and that its first line names the difference."""
    assert finding.verdict is Verdict.FAIL
    assert finding.layer == domain, finding.explanation
    for word in words:
        assert word in finding.explanation[0], finding.explanation


def own_label(planted):
    """Return the label to be wrong: not `le`, whose values the harness reads as numbers."""
    return next(iter(label for label in planted.labels if label not in ("le", "quantile")), None)


# What the component does.


@METRICS
def test_a_wrong_value_is_the_collectors(entry):
    planted = Planted(entry)
    planted.exposed = [(planted.labels, WRONG)]
    explained(planted.finding(), "collector", "7" if entry.oracle is None else entry.oracle)


@METRICS
def test_a_wrong_value_is_the_collectors_when_a_scrape_overlaps_every_look(entry):
    planted = Planted(entry)
    planted.exposed = [(planted.labels, WRONG)]
    planted.slow = True
    explained(planted.finding(), "collector")


@METRICS
def test_a_wrong_value_is_the_collectors_without_a_look(entry):
    planted = Planted(entry)
    planted.exposed, planted.looks = [(planted.labels, WRONG)], 0
    finding = planted.finding()
    explained(finding, "collector")
    assert "is not ruled out" in finding.explanation[-1]


@METRICS
def test_a_value_that_is_no_number_is_the_collectors(entry):
    planted = Planted(entry)
    planted.exposed = [(planted.labels, math.nan)]
    planted.stored = planted.exposed
    domain = "query" if entry.type == "summary" and entry.oracle is None else "collector"
    explained(planted.finding(), domain)


@LABELLED
def test_a_wrong_label_value_is_the_collectors(entry):
    planted = Planted(entry)
    label = own_label(planted)
    planted.exposed = [(planted.labels | {label: "made-up"}, RIGHT)]
    planted.before = []
    finding = planted.finding()
    explained(finding, "collector", label, '"made-up"')


@LABELLED
def test_a_label_that_is_missing_is_the_collectors(entry):
    planted = Planted(entry)
    label = own_label(planted)
    planted.exposed = [({name: value for name, value in planted.labels.items() if name != label}, RIGHT)]
    planted.before = []
    explained(planted.finding(), "collector", f"without the label {label}; it has {{")


@LABELLED
def test_a_label_under_another_name_is_the_collectors(entry):
    planted = Planted(entry)
    label = own_label(planted)
    other = {(f"my_{label}" if name == label else name): value for name, value in planted.labels.items()}
    planted.exposed, planted.before = [(other, RIGHT)], []
    instead = f"my_{label}"
    explained(planted.finding(), "collector", f"without the label {label}; it has", instead)


@METRICS
def test_a_metric_that_is_missing_is_the_collectors(entry):
    planted = Planted(entry)
    planted.name, planted.exposed, planted.before = "", [], []
    explained(planted.finding(), "collector", f"exposes no {planted.metric}")


@METRICS
def test_a_metric_under_another_name_is_the_collectors(entry):
    planted = Planted(entry)
    planted.name = planted.metric.replace("_total", "").replace("_", "_the_", 1) + "_renamed"
    if planted.kind in ("histogram", "summary"):
        planted.name = planted.name.removesuffix("_count_renamed") + "_renamed_count"
    planted.stored, planted.before = [], []
    explained(planted.finding(), "collector", f"exposes no {planted.metric}", planted.name)


@METRICS
def test_another_type_is_the_collectors(entry):
    planted = Planted(entry)
    planted.kind = "gauge" if entry.type == "counter" else "counter"
    planted.exposed = [(planted.labels, WRONG)]
    words = [] if untyped(entry) else [f"is {planted.kind}", f"has it as a {entry.type}"]
    explained(planted.finding(), "collector", *words)


@METRICS
def test_another_help_is_the_collectors(entry):
    planted = Planted(entry)
    planted.help = "Something else"
    planted.exposed = [(planted.labels, WRONG)]
    known = entry.help and entry.labels_known and not entry.help_of
    words = ['is "Something else"', f'has "{entry.help}"'] if known else []
    explained(planted.finding(), "collector", *words)


@METRICS
def test_a_flickering_value_is_the_collectors(entry):
    planted = Planted(entry)
    # At the scrapes it is one value, at one of two looks between them another.
    planted.exposed, planted.flicker = [(planted.labels, WRONG)], True
    finding = planted.finding()
    assert finding.layer == "collector"


@METRICS
def test_a_series_twice_is_the_collectors(entry):
    planted = Planted(entry)
    planted.exposed = [(planted.labels, WRONG), (planted.labels, 9.0)]
    planted.stored = [(planted.labels, WRONG)]
    explained(planted.finding(), "collector", "2 times")


# What comes too late.


@METRICS
def test_what_comes_after_the_deadline_is_late(entry):
    planted = Planted(entry)
    planted.exposed = [(planted.labels, 0.0)]
    planted.later = (117, [(planted.labels, RIGHT)])
    explained(planted.finding(), "late", "after the deadline")


@METRICS
def test_what_comes_after_the_decision_is_late(entry):
    planted = Planted(entry)
    planted.exposed = [(planted.labels, 0.0)]
    planted.later = (121, [(planted.labels, RIGHT)])
    explained(planted.finding(increases_by=None, equals=RIGHT), "late", "after it was decided")


# What Prometheus does.


@METRICS
def test_what_prometheus_drops_is_the_scrapes(entry):
    planted = Planted(entry)
    planted.stored, planted.before = [], []
    explained(planted.finding(), "scrape", "which is in neither scrape")


@LABELLED
def test_what_prometheus_relabels_is_the_scrapes(entry):
    planted = Planted(entry)
    label = own_label(planted)
    other = {(f"exported_{label}" if name == label else name): text for name, text in planted.labels.items()}
    planted.stored, planted.before = [(other, RIGHT)], []
    explained(planted.finding(), "scrape", f"exported_{label}")


@LABELLED
def test_a_label_value_that_prometheus_writes_over_is_the_scrapes(entry):
    planted = Planted(entry)
    planted.stored, planted.before = [(planted.labels | {own_label(planted): "other"}, RIGHT)], []
    explained(planted.finding(), "scrape", "which is in neither scrape")


@METRICS
def test_another_value_in_prometheus_is_the_scrapes(entry):
    planted = Planted(entry)
    planted.stored = [(planted.labels, WRONG)]
    explained(planted.finding(), "scrape", "which is 7 in both scrapes")


@METRICS
def test_a_target_that_is_down_is_the_infrastructure(entry):
    planted = Planted(entry)
    planted.up = False
    finding = planted.finding()
    assert (finding.verdict, finding.layer) == (Verdict.ERROR, "infrastructure")


# What the expectation does.


@PINNED
def test_a_label_that_the_metric_does_not_have_is_the_querys(entry):
    planted = Planted(entry)
    where = planted.right()["where"] | {"nowhere": "x"}
    planted.known = None
    explained(planted.finding(where=where), "query", "has no label nowhere")


@CLOSED
def test_a_label_value_that_cannot_be_is_the_querys(entry):
    planted = Planted(entry)
    label = next(label for label in planted.labels if label in entry.values)
    planted.known = None
    where = planted.right()["where"] | {label: f"{planted.labels[label]}x"}
    explained(planted.finding(where=where), "query", f"The label {label} is wanted as")


@SEVERAL
def test_several_series_where_one_is_compared_are_the_querys(entry):
    planted = Planted(entry)
    label = several_of(entry)
    values = [*entry.values.get(label, ()), planted.labels[label], "other"][:2]
    series = [(planted.labels | {label: value}, RIGHT) for value in values]
    planted.exposed, planted.known = series, series
    where = {name: value for name, value in planted.right()["where"].items() if name != label}
    explained(planted.finding(where=where, increases_by=None, equals=RIGHT), "query", "selects 2")


# What Chaos Mesh does.


@TOLD
def test_a_metric_that_says_what_its_oracle_says_is_not_to_blame(entry):
    planted = Planted(entry)
    planted.exposed, planted.known = [(planted.labels, WRONG)], [(planted.labels, WRONG)]
    explained(planted.finding(), "product", "The metric tells the truth")


@TOLD
def test_a_help_that_differs_does_not_make_the_value_wrong(entry):
    planted = Planted(entry)
    planted.help = "Something else"
    planted.exposed, planted.known = [(planted.labels, WRONG)], [(planted.labels, WRONG)]
    explained(planted.finding(), "product", 'is "Something else"')


GROWING = pytest.mark.parametrize(
    "entry",
    [each for each in plantable() if each.oracle and each.counts(Planted(each).metric)],
    ids=lambda entry: entry.name,
)


@GROWING
@pytest.mark.parametrize(("value", "domain"), [(WRONG, "product"), (9.0, "product"), (20.0, "collector")])
def test_what_grows_can_be_right_between_two_readings_of_its_oracle(entry, value, domain):
    planted = Planted(entry)
    planted.exposed = [(planted.labels, value)]
    planted.known_before, planted.known = [(planted.labels, WRONG)], [(planted.labels, 9.0)]
    explained(planted.finding(), domain, entry.oracle)


# Several expectations, and expressions.


@METRICS
def test_a_look_for_other_series_of_the_metric_is_none_at_these(entry):
    planted = Planted(entry)
    planted.exposed, planted.elsewhere = [(planted.labels, WRONG)], True
    explained(planted.finding(), "collector")


@METRICS
def test_an_expression_on_a_metric_that_is_missing_is_the_collectors(entry):
    planted = Planted(entry)
    planted.name, planted.exposed, planted.before = "", [], []
    explained(planted.expression(), "collector", f"exposes no {planted.metric}")


@METRICS
def test_an_expression_on_what_prometheus_dropped_is_the_scrapes(entry):
    planted = Planted(entry)
    planted.stored, planted.before = [], []
    explained(planted.expression(), "scrape", "which is in neither scrape")


@METRICS
def test_an_expression_on_a_wrong_value_is_the_collectors(entry):
    planted = Planted(entry)
    planted.exposed = [(planted.labels, WRONG)]
    explained(planted.expression(), "collector", planted.metric)


@TOLD
def test_an_expression_on_what_its_oracle_says_too_is_the_products(entry):
    planted = Planted(entry)
    planted.exposed, planted.known = [(planted.labels, WRONG)], [(planted.labels, WRONG)]
    explained(planted.expression(), "product")


# What Prometheus itself writes, and no component exposes.


@pytest.mark.parametrize(
    ("name", "value", "domain"),
    [
        ("up", 0.0, "infrastructure"),
        ("up", 1.0, "product"),
        ("scrape_duration_seconds", 9.0, "scrape"),
        ("scrape_samples_scraped", 9.0, "scrape"),
        ("scrape_samples_post_metric_relabeling", 9.0, "scrape"),
        ("scrape_series_added", 9.0, "scrape"),
        ("ALERTS", 1.0, "query"),
    ],
)
def test_what_prometheus_writes_is_no_components(name, value, domain):
    planted = Planted(entry_of(name))
    # Each scrape of a recording has `up` and its duration.
    planted.up = name != "up" or value == 1
    planted.exposed = [] if name in ("up", "scrape_duration_seconds") else [(planted.labels, value)]
    planted.before = planted.exposed
    explained(planted.finding(increases_by=None, equals=3.0, where={}), domain, name)


def test_an_expression_on_what_prometheus_writes_is_no_components():
    planted = Planted(entry_of("up"))
    planted.exposed = planted.before = []
    changes = {"metric": None, "where": None, "increases_by": None, "promql": "count(up == 1)"}
    assert planted.finding(**changes, equals=RIGHT).layer == "product"


def test_an_expression_is_prometheus_own_only_if_all_of_it_is():
    planted = Planted(entry_of("chaos_daemon_tcs_rules"))
    planted.exposed = [(planted.labels, WRONG)]
    promql = f"{selector(planted.metric, planted.right()['where'])} * count(up)"
    finding = planted.finding(metric=None, where=None, increases_by=None, promql=promql, equals=RIGHT)
    explained(finding, "collector", planted.metric)


def test_every_metric_of_the_catalogue_is_here():
    here = {entry.name for entry in plantable()}
    written = {entry.name for entry in catalogue().metrics if not entry.exposed}
    assert here | written == {entry.name for entry in catalogue().metrics}
    assert written == {
        "up",
        "scrape_duration_seconds",
        "scrape_samples_scraped",
        "scrape_samples_post_metric_relabeling",
        "scrape_series_added",
        "ALERTS",
    }
