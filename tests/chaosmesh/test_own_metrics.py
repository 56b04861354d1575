"""Metrics of users, declared beside their scenarios: linted and judged like ours."""

import pytest

from harness.chaosmesh.catalogue import catalogue
from harness.chaosmesh.catalogue.own import NAME, catalogue_of
from harness.lint.check import check
from harness.runner.conflicts import conflicts_of
from harness.runner.plan import jobs_of, watch_of
from harness.scenario.problem import ScenarioError

METRICS = """\
source: kube-state-metrics v2.13
jobs: kube-state-metrics
metrics:
  - name: kube_pod_status_phase
    type: gauge
    unit: pods
    labels: [namespace, pod, phase]
    values: {phase: [Pending, Running]}
  - {name: app_requests_total, type: counter, unit: requests, jobs: [app, web], source: ours, touched_by: []}
  - {name: "app:requests:rate", type: gauge, unit: requests per second, jobs: app, rule: true}
"""
SCENARIO = """\
scenario: own
about: Metrics of our own.
workload: mini-node-exporter
steps:
  - wait: 1
    expect:
      - {EXPECTATION}
"""
PHASE = 'metric: kube_pod_status_phase, where: {namespace: "${namespace}", phase: Running}, equals: 1'


@pytest.fixture
def lint(tmp_path):
    """Return what is said of a scenario with one expectation, beside a file of metrics."""

    def checked(expectation=PHASE, metrics=METRICS, below="scenarios/deep"):
        folder = tmp_path / below
        folder.mkdir(parents=True, exist_ok=True)
        (tmp_path / ".git").mkdir(exist_ok=True)
        (tmp_path / "scenarios" / NAME).write_text(metrics)
        path = folder / "own.yaml"
        path.write_text(SCENARIO.replace("EXPECTATION", expectation))
        return check(path)

    return checked


@pytest.mark.parametrize(
    "expectation",
    [
        PHASE,
        "metric: app_requests_total, increases_by: 0",
        "metric: app_requests_total, where: {job: web}, present: true",
        'promql: "app:requests:rate", equals: 0',
        'promql: "sum(rate(app_requests_total[5s]))", at_least: 0.1',
    ],
)
def test_they_can_be_expected(lint, expectation):
    _, problems = lint(expectation)
    assert [*map(str, problems)] == []


@pytest.mark.parametrize(
    ("expectation", "said"),
    [
        ("metric: kube_pod_status_phaes, equals: 1", "did you mean `kube_pod_status_phase`?"),
        ("metric: kube_pod_status_phase, where: {pahse: Running}, equals: 1", "did you mean `phase`?"),
        ("metric: kube_pod_status_phase, where: {phase: Runing}, equals: 1", "is never `Runing`"),
        ("metric: kube_pod_status_phase, where: {job: web}, equals: 1", "is never `web`"),
        ("metric: kube_pod_status_phase, increases_by: 1", "kube_pod_status_phase"),
        ('metric: "app:requests:rate", equals: 0', "is written by a recording rule"),
        ('promql: "rate(kube_pod_status_phase[1m])", equals: 0', "kube_pod_status_phase"),
    ],
)
def test_they_are_linted_like_ours(lint, expectation, said):
    _, problems = lint(expectation)
    assert any(said in str(each) for each in problems), [*map(str, problems)]


def test_the_jobs_are_those_whose_scrapes_decide(lint):
    (file,), _ = lint("metric: app_requests_total, increases_by: 0")
    known = catalogue_of(file.path)
    assert jobs_of(file.scenario.steps[0].expect[0], known) == ["app", "web"]
    assert watch_of(file.scenario, known, "ns").jobs == {"app", "web"}
    (file,), _ = lint('promql: "app:requests:rate", equals: 0')
    assert jobs_of(file.scenario.steps[0].expect[0], known) == ["app"]


def test_what_is_not_labelled_with_the_own_namespace_takes_turns_unless_it_says_otherwise(lint):
    def looks(expectation):
        (file,), _ = lint(expectation)
        return conflicts_of(file, catalogue_of(file.path)).looks

    assert looks(PHASE) == ()
    (shared,) = looks("metric: kube_pod_status_phase, present: true")
    assert {"every-chaos", "StressChaos", "Schedule", "requests"} <= shared.touched_by
    (alone,) = looks("metric: app_requests_total, present: true")
    assert not alone.touched_by


def test_ours_are_there_beside_them(lint, tmp_path):
    (file,), _ = lint()
    known = catalogue_of(file.path)
    assert {each.name for each in known.metrics} > {each.name for each in catalogue().metrics}
    assert catalogue_of(tmp_path.parent / "s.yaml") is catalogue()


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ("", "the file is empty"),
        ("[]", "metrics"),
        ("metrics: [{name: x, type: gauge, unit: u, source: s}]", "`x` has no `jobs`"),
        ("metrics: [{name: x, type: gauge, unit: u, jobs: j}]", "`x` has no `source`"),
        ("metrics: [{name: x, typ: gauge, unit: u}]", "unknown key `typ`"),
        ("metrics: [{name: x, type: guage, unit: u}]", "gauge"),
        ("metrics: [{name: x-y, type: gauge, unit: u}]", "`name`"),
        ("metrics: [{type: gauge, unit: u}]", "`name` is missing"),
        (
            METRICS + "  - {name: app_requests_total, type: counter, unit: u}\n",
            "`app_requests_total` is declared twice",
        ),
        (
            METRICS + "  - {name: chaos_daemon_tcs, type: gauge, unit: u}\n",
            "in the catalogue of the harness already",
        ),
        (
            METRICS + "  - {name: y, type: gauge, unit: u, values: {a: [b]}}\n",
            "values of 'a', which is none of its labels",
        ),
        ("metrics: [", "not valid YAML"),
    ],
)
def test_a_file_that_is_wrong_is_told_at_its_place(lint, metrics, said):
    files, problems = lint(metrics=metrics)
    assert not files
    assert any(said in each.message for each in problems), [*map(str, problems)]
    assert {each.path.name for each in problems} == {NAME}


def test_a_link_out_of_the_checkout_is_refused(lint, tmp_path, tmp_path_factory):
    (file,), _ = lint()
    outside = tmp_path_factory.mktemp("outside") / "m.yaml"
    outside.write_text(METRICS)
    (tmp_path / "scenarios/deep" / NAME).symlink_to(outside)
    with pytest.raises(ScenarioError, match="leads out of the checkout"):
        catalogue_of(file.path)
