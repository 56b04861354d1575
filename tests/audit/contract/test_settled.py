"""What is compared in the end is a component that is settled, whatever disturbed it before."""

from datetime import UTC, datetime
from typing import Any

import pytest

from harness.audit.contract import at_end
from harness.audit.contract.at_end import EndedRun
from harness.audit.contract.compare import Circumstances
from harness.audit.contract.settled import SETTLE_SECONDS, YOUNG_SECONDS, Settling
from harness.chaosmesh.catalogue import Catalogue, Metric
from harness.chaosmesh.components import COMPONENTS, METRICS_PORTS
from harness.chaosmesh.release import Release
from harness.kubernetes.client import HttpAnswer
from harness.kubernetes.errors import UnreachableError
from harness.prometheus.prometheus import PrometheusUnreachableError, QueryResult, ScrapeTarget
from harness.results.contract_problem import ProblemKind
from tests.fakes.clock import FakeClock

START = 1_000_000.0
LONG_AGO = START - 10_000
ALWAYS = "reconciliations_total"
JOBS = pytest.mark.parametrize("job", list(COMPONENTS))


def text(time):
    return datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")


class Stack:
    """The three components with a pod each, and Prometheus; a test says from when on what is so.

    Attributes:
        started: job to when its container started.
        ready_from, exposes_from, target_from: job to the time from which it is so.
        old_target_until: job to the time until which Prometheus has the target of an earlier pod.
        holder, acquired: of the Lease: (time from which, pod, when acquired), in time order.
        api_from, prometheus_from: the time from which they answer.
        window_from: since when Prometheus has samples.
    """

    def __init__(self):
        self.clock = FakeClock(START)
        self.started = dict.fromkeys(COMPONENTS, LONG_AGO)
        self.ready_from, self.exposes_from, self.target_from = {}, {}, {}
        self.old_target_until = {}
        self.leases = [(0.0, "controller-manager-0_a", LONG_AGO)]
        self.api_from = self.prometheus_from = self.window_from = 0.0

    def _now(self, since, job):
        return self.clock.now() >= since.get(job, 0.0)

    def _api(self):
        if self.clock.now() < self.api_from:
            raise UnreachableError("cannot list: no answer", next_step="look at the API server")

    def _prometheus(self):
        self.clock.advance(0.002)
        if self.clock.now() < self.prometheus_from:
            raise PrometheusUnreachableError("no answer", next_step="look at it")

    def list(self, kind, namespace=None, label_selector=None):
        self._api()
        job = label_selector.partition("=")[2]
        if job not in COMPONENTS:
            return []
        ready = "True" if self._now(self.ready_from, job) else "False"
        state = (
            {"running": {"startedAt": text(self.started[job])}}
            if ready == "True"
            else {"waiting": {"reason": "CrashLoopBackOff"}}
        )
        return [
            {
                "metadata": {"name": f"{job}-0"},
                "status": {
                    "phase": "Running",
                    "conditions": [{"type": "Ready", "status": ready}],
                    "containerStatuses": [{"name": job, "state": state}],
                },
            }
        ]

    def get(self, kind, name, namespace=None):
        self._api()
        if kind == "Lease":
            _, holder, acquired = [each for each in self.leases if each[0] <= self.clock.now()][-1]
            return {"spec": {"holderIdentity": holder, "acquireTime": text(acquired)}}
        if kind == "DaemonSet":
            return {"spec": {}, "status": {"desiredNumberScheduled": 1}}
        return {"spec": {"replicas": 1}}

    def targets(self):
        self._prometheus()
        found = [self._target(job, f"{job}-0") for job in COMPONENTS if self._now(self.target_from, job)]
        for job, until in self.old_target_until.items():
            if self.clock.now() < until:
                found.append(self._target(job, f"{job}-old"))
        return found

    def _target(self, job, pod):
        return ScrapeTarget(
            job=job,
            instance=pod,
            node="n1",
            health="up" if self._now(self.ready_from, job) else "down",
            last_scrape=(self.clock.now() - 0.1) // 1,
            last_error="" if self._now(self.ready_from, job) else "connection refused",
            scrape_duration=0.1,
            scrape_interval=1.0,
            labels={},
            address=f"http://10.0.0.1:{METRICS_PORTS[job]}/metrics",
            namespace="chaos-mesh",
            pod=pod,
        )

    def exposed(self, job):
        return ["up_and_running"] + ([ALWAYS] if self._now(self.exposes_from, job) else [])

    def query(self, expression, at=None):
        self._prometheus()
        if expression.startswith("group by"):
            job = expression.split('"')[1]
            return QueryResult("vector", [{"metric": {"__name__": name}} for name in self.exposed(job)])
        there = (self.clock.now() if at is None else at) >= self.window_from
        found = there and expression.startswith("scrape_duration")
        return QueryResult("vector", [{"metric": {}, "value": [0, "1"]}] if found else [])

    def proxy_fetch(self, resource, namespace, name, port, path, *, timeout):
        self._api()
        self.clock.advance(0.02)
        names = self.exposed(name.removesuffix("-0"))
        body = "".join(f"# TYPE {each} gauge\n{each} 0\n" for each in names)
        return HttpAnswer(200, body.encode(), "text/plain; version=0.0.4")

    def wait(self):
        always = {job: {ALWAYS: (ALWAYS,)} for job in COMPONENTS}
        both: Any = self
        return Settling(both, both, self.clock, "chaos-mesh", always).wait()

    def compared(self, tmp_path, *more, whole=False):
        entry = {"type": "gauge", "unit": "x", "components": list(COMPONENTS), "source": "s"}
        known = Catalogue(
            [
                Metric.model_validate({"name": ALWAYS, "appears": "always", **entry}),
                Metric.model_validate({"name": "up_and_running", "appears": "always", **entry}),
                *(Metric.model_validate({"name": name, **entry}) for name in more),
            ]
        )
        both: Any = self
        run = EndedRun(
            cluster=both,
            prometheus=both,
            clock=self.clock,
            began=START - 600,
            namespaces=[],
            recordings=[],
            given=Circumstances(Release.of("v2.8.3"), {"dns-server": "none"}, whole=whole),
            report=tmp_path,
            linter=None,
            chaos_mesh_namespace="chaos-mesh",
        )
        return at_end.check(run, known)


@pytest.fixture
def stack():
    return Stack()


def restarted(stack, job, at, seconds=5.0):
    """The container of a component ends, and starts again after some seconds."""
    stack.started[job] = at + seconds
    stack.ready_from[job] = at + seconds
    if job == "controller-manager":
        stack.leases.append((at + seconds + 10, f"{job}-0_b", at + seconds + 10))


def replaced(stack, job, at):
    """A new pod in place of one whose target Prometheus still has for a while."""
    restarted(stack, job, at)
    stack.target_from[job] = at + 8
    stack.old_target_until[job] = at + 9


def slow_to_expose(stack, job, at):
    restarted(stack, job, at)
    stack.exposes_from[job] = at + 30


def without_api_server(stack, job, at):
    """The manager lost its Lease meanwhile, as it does."""
    stack.api_from = at + 20
    restarted(stack, job, at, 22)


def without_prometheus(stack, job, at):
    stack.prometheus_from = at + 20


DISTURBANCES = [restarted, replaced, slow_to_expose, without_api_server, without_prometheus]


def test_what_nothing_disturbed_is_not_waited_for(stack):
    assert stack.wait() == {}
    assert stack.clock.slept == []


@JOBS
@pytest.mark.parametrize("disturb", DISTURBANCES, ids=lambda disturb: disturb.__name__)
def test_a_disturbed_component_is_compared_once_it_is_settled(stack, tmp_path, disturb, job):
    disturb(stack, job, START)
    contract = stack.compared(tmp_path)
    assert contract.error is None
    assert (contract.not_captured, contract.broken()) == ([], [])
    assert {look.job for look in contract.targets} == set(COMPONENTS)


@JOBS
@pytest.mark.parametrize(
    ("disturb", "why"),
    [
        (lambda stack, job: stack.ready_from.update({job: START + 1000}), "0 of 1 pods are ready"),
        (lambda stack, job: stack.target_from.update({job: START + 1000}), "Prometheus has no target of"),
        (
            lambda stack, job: stack.old_target_until.update({job: START + 1000}),
            "Prometheus still has the target",
        ),
        (lambda stack, job: setattr(stack, "prometheus_from", START + 1000), "no answer"),
        (lambda stack, job: setattr(stack, "api_from", START + 1000), "cannot list: no answer"),
    ],
)
def test_what_does_not_settle_is_not_compared_and_that_is_no_regression(stack, disturb, why, job):
    disturb(stack, job)
    assert why in stack.wait()[job]
    assert stack.clock.now() >= START + SETTLE_SECONDS


def test_a_component_that_did_not_settle_makes_the_run_undecided(stack, tmp_path):
    stack.ready_from["chaos-dashboard"] = START + 1000
    contract = stack.compared(tmp_path, "chaos_touched", whole=False)
    assert contract.broken() == []
    assert contract.undecided()
    (told,) = contract.not_captured
    assert told.startswith("chaos-dashboard: not settled within 90 s: 0 of 1 pods are ready (")
    assert "CrashLoopBackOff" in told
    assert {look.job for look in contract.targets} == set(COMPONENTS) - {"chaos-dashboard"}


@pytest.mark.parametrize(
    ("holder", "acquired"), [("", LONG_AGO), ("gone_a", LONG_AGO), ("controller-manager-0_a", LONG_AGO)]
)
def test_a_manager_is_waited_for_until_it_leads(stack, tmp_path, holder, acquired):
    # Restarted in place, it does not lead by the Lease of the process that it was before.
    stack.started["controller-manager"] = START - 3
    stack.exposes_from["controller-manager"] = START + 15
    stack.leases = [(0.0, holder, acquired), (START + 15, "controller-manager-0_b", START + 15)]
    contract = stack.compared(tmp_path)
    assert (contract.not_captured, contract.broken()) == ([], [])
    assert stack.clock.now() > START + 16


def test_a_manager_that_never_leads_is_not_compared(stack, tmp_path):
    stack.leases = [(0.0, "gone_a", LONG_AGO)]
    stack.exposes_from["controller-manager"] = START + 1000
    contract = stack.compared(tmp_path)
    assert contract.broken() == []
    assert "no pod of it leads: the Lease chaos-mesh is held by gone" in contract.not_captured[0]


def test_a_metric_that_a_settled_component_lacks_is_a_regression(stack, tmp_path):
    stack.exposes_from["chaos-daemon"] = START + 1000
    (problem,) = stack.compared(tmp_path).broken()
    assert (problem.kind, problem.metric) == (ProblemKind.NOT_SEEN, ALWAYS)
    assert stack.clock.now() < START + 5


def test_one_that_is_young_has_its_time_and_then_it_is_a_regression(stack, tmp_path):
    stack.started["chaos-daemon"] = START - 5
    stack.exposes_from["chaos-daemon"] = START + 1000
    (problem,) = stack.compared(tmp_path).broken()
    assert problem.metric == ALWAYS
    assert START - 5 + YOUNG_SECONDS <= stack.clock.now() < START + SETTLE_SECONDS


def test_what_prometheus_lost_of_the_run_is_no_regression(stack, tmp_path):
    stack.window_from = START - 100
    contract = stack.compared(tmp_path, "chaos_touched", whole=True)
    assert contract.broken() == []
    (told,) = contract.not_captured
    assert told.startswith("1 metric that nothing has any more: Prometheus was restarted")
    assert told.endswith("chaos_touched")
    assert contract.undecided()


def test_what_was_not_seen_in_a_run_that_prometheus_has_is_a_regression(stack, tmp_path):
    (problem,) = stack.compared(tmp_path, "chaos_touched", whole=True).broken()
    assert (problem.kind, problem.metric) == (ProblemKind.NOT_SEEN, "chaos_touched")
