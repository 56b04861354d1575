"""The end of a run on a fake cluster: captured, compared, kept, and what went wrong on the way told."""

import pytest

from harness.audit.contract import at_end
from harness.audit.contract.at_end import EndedRun
from harness.audit.contract.compare import Circumstances
from harness.audit.contract.promtool import Linted
from harness.chaosmesh.catalogue import Catalogue, Metric
from harness.chaosmesh.release import Release
from harness.kubernetes.client import HttpAnswer
from harness.prometheus.prometheus import PrometheusUnreachableError, QueryResult, ScrapeTarget
from harness.recording.model import Manifest, SeriesDefinition
from harness.recording.writer import RecordingWriter
from harness.results.contract_problem import ProblemKind
from tests.fakes.clock import FakeClock

PORTS = {"controller-manager": 10080, "chaos-daemon": 31766, "chaos-dashboard": 2334}
BODY = """\
# HELP chaos_level A level.
# TYPE chaos_level gauge
chaos_level{namespace="own"} 1
"""


class World:
    """Prometheus and the API server's proxy, for three components with one target each."""

    def __init__(self, clock):
        self.clock = clock
        self.bodies = dict.fromkeys(PORTS, BODY)
        self.jobs = list(PORTS)
        self.down = False
        self.queries = []
        self.stored = []

    def targets(self):
        self.clock.advance(0.002)
        if self.down:
            raise PrometheusUnreachableError("no answer", next_step="look at it")
        return [
            ScrapeTarget(
                job=job,
                instance=f"{job}-1",
                node="n1",
                health="up",
                last_scrape=(self.clock.now() - 0.1) // 1,
                last_error="",
                scrape_duration=0.1,
                scrape_interval=1.0,
                labels={},
                address=f"http://10.0.0.1:{PORTS.get(job, 9153)}/metrics",
                namespace="chaos-mesh",
                pod=f"{job}-1",
            )
            for job in self.jobs
        ]

    def proxy_fetch(self, resource, namespace, name, port, path, *, timeout):
        self.clock.advance(0.02)
        return HttpAnswer(200, self.bodies[name.removesuffix("-1")].encode(), "text/plain; version=0.0.4")

    def query(self, expression, at=None):
        self.queries.append(expression)
        if "scrape_duration_seconds" in expression:
            value = "60" if expression.startswith("count") else "0.25"
            labels = {"job": "chaos-daemon", "instance": "chaos-daemon-1"}
            return QueryResult("vector", [{"metric": labels, "value": [0, value]}])
        return QueryResult("vector", [{"metric": labels, "value": [0, "1"]} for labels in self.stored])


def entry(name, **fields):
    return Metric.model_validate(
        {"name": name, "type": "gauge", "unit": "x", "components": [*PORTS], "source": "s", **fields}
    )


LEVEL = entry("chaos_level", help="A level.", labels=["namespace"])


@pytest.fixture
def world():
    return World(FakeClock(1_000_000.5))


def ended(world, tmp_path, *more, linter=lambda body: Linted(code=0, output=""), **fields):
    given = {
        "cluster": world,
        "prometheus": world,
        "clock": world.clock,
        "began": world.clock.now() - 60,
        "namespaces": ["own"],
        "recordings": [],
        "given": Circumstances(Release.of("v2.8.3"), {"dns-server": "none"}, whole=True),
        "report": tmp_path,
        "linter": linter,
    }
    return at_end.check(EndedRun(**(given | fields)), Catalogue([LEVEL, *more]))


def test_each_component_is_captured_compared_and_kept(world, tmp_path):
    contract = ended(world, tmp_path)

    assert (contract.error, contract.not_captured, contract.problems) == (None, [], [])
    assert [look.job for look in contract.targets] == [
        "chaos-daemon",
        "chaos-dashboard",
        "controller-manager",
    ]
    daemon = contract.targets[0]
    assert (daemon.families, daemon.samples, daemon.scrapes) == (1, 1, 60)
    assert daemon.scrape_seconds == {"0.5": 0.25, "0.95": 0.25}
    assert (tmp_path / daemon.file).read_text() == BODY
    assert contract.seen == {"chaos_level": sorted(PORTS)}
    assert not contract.undecided()


def test_a_metric_that_was_removed_makes_the_run_fail(world, tmp_path):
    contract = ended(world, tmp_path, entry("chaos_more", touched_by=["PodChaos"]))

    (problem,) = contract.broken()
    assert (problem.kind, problem.metric) == (ProblemKind.NOT_SEEN, "chaos_more")


def test_what_only_prometheus_has_of_the_run_counts_as_seen(world, tmp_path):
    world.stored = [{"__name__": "chaos_more", "job": "chaos-daemon", "instance": "d"}]
    contract = ended(world, tmp_path, entry("chaos_more"))

    assert contract.problems == []
    assert 'last_over_time({__name__=~"chaos_more"}[6' in world.queries[-1]


def test_a_metric_that_came_and_went_during_the_run_is_found(world, tmp_path):
    world.stored = [{"__name__": "chaos_new", "job": "chaos-daemon", "instance": "d"}]

    (problem,) = ended(world, tmp_path).broken()
    assert (problem.kind, problem.metric) == (ProblemKind.NOT_CATALOGUED, "chaos_new")


def test_what_recordings_hold_counts_as_seen(world, tmp_path):
    manifest = Manifest(
        scenario="s",
        file="s.yaml",
        namespace="own",
        interval=1.0,
        clock_offset=0.0,
        clock_uncertainty=0.0,
        steps=[],
    )
    writer = RecordingWriter(tmp_path / "recording", manifest)
    writer.write(SeriesDefinition(number=0, labels={"__name__": "chaos_more", "job": "chaos-daemon"}))
    writer.close()
    recordings = [tmp_path / "recording", tmp_path / "nothing"]

    contract = ended(world, tmp_path, entry("chaos_more"), recordings=recordings)

    assert contract.problems == []
    assert contract.seen["chaos_more"] == ["chaos-daemon"]


def test_a_component_that_prometheus_does_not_scrape_is_told(world, tmp_path):
    world.jobs.remove("chaos-daemon")
    contract = ended(world, tmp_path)

    assert contract.not_captured == [
        "chaos-daemon: Prometheus has no target of it; look at its pod: chaos-harness status"
    ]
    assert contract.undecided()


def test_the_dns_server_is_only_asked_for_where_it_is_installed(world, tmp_path):
    contract = ended(world, tmp_path, given=Circumstances(Release.of("v2.8.3"), {"dns-server": None}))

    assert [each.split(":")[0] for each in contract.not_captured] == ["chaos-dns-server"]


def test_a_body_that_does_not_parse_is_told(world, tmp_path):
    world.bodies["chaos-daemon"] = 'chaos_level{namespace="own 1\n'
    contract = ended(world, tmp_path)

    assert contract.not_captured[0].startswith("chaos-daemon chaos-daemon-1: the body is not in the format")


def test_without_prometheus_nothing_is_compared_and_that_is_said(world, tmp_path):
    world.down = True
    contract = ended(world, tmp_path)

    assert contract.error == "no answer\n  next step: look at it"
    assert contract.undecided()
    assert contract.lines() == [
        "the metrics' contract was not checked: no answer",
        "  next step: look at it",
    ]


def test_a_query_that_is_refused_is_no_answer(world, tmp_path):
    world.query = lambda expression: QueryResult(error_type="bad_data", error="too many samples")
    contract = ended(world, tmp_path)

    assert contract.error is not None
    assert "too many samples" in contract.error


def test_promtool_fails_the_run_by_metrics_of_chaos_mesh_only(world, tmp_path):
    said = Linted(code=3, output="chaos_level no help text\nlibrary_level no help text\n")
    contract = ended(world, tmp_path, linter=lambda body: said)

    assert {(each.metric, each.fails) for each in contract.problems} == {
        ("chaos_level", True),
        ("library_level", False),
    }
    assert {each.kind for each in contract.problems} == {ProblemKind.LINT}


def test_a_promtool_that_does_not_run_is_told(world, tmp_path):
    assert ended(world, tmp_path, linter=None).promtool.error
    contract = ended(world, tmp_path, linter=lambda body: Linted(code=1, output="cannot parse"))
    assert contract.promtool.error == (
        "promtool check metrics ended with 1 on the exposition of chaos-daemon; cannot parse"
    )
    assert contract.lines() == [f"promtool check metrics was not run: {contract.promtool.error}"]
    assert contract.broken() == []


def test_samples_of_other_namespaces_are_cut_from_what_is_kept_and_not_from_what_is_compared(world, tmp_path):
    rules = "".join(f'chaos_rules{{namespace="other",rule="{index}"}} 1\n' for index in range(300))
    world.bodies["chaos-daemon"] = BODY + "# TYPE chaos_rules gauge\n" + rules
    contract = ended(world, tmp_path, entry("chaos_rules", labels=["namespace", "rule"]))

    daemon = contract.targets[0]
    assert daemon.samples == 301
    assert daemon.cut == {"chaos_rules": 280}
    assert (tmp_path / daemon.file).read_text().startswith("# chaos-harness left out 280 of 300 samples")
    assert contract.problems == []
