"""What was promised against what there is."""

import json

import pytest

from harness.audit.inventory.claims import DocumentedMetric, DocumentedMetrics, Source, claims
from harness.audit.inventory.dashboards import used
from harness.audit.inventory.table import InventoryStanding, contradictions, table
from harness.audit.inventory.text import groups, in_run
from harness.base import bundled
from harness.base.errors import ExitCode, UsageError
from harness.chaosmesh.catalogue import Catalogue, Metric, MetricStatus, catalogue
from harness.chaosmesh.components import METRICS_PORTS
from harness.cli import main
from harness.results.contract import Contract
from harness.results.contract_problem import ContractProblem, ProblemKind


def entry(name, **fields):
    return Metric.model_validate(
        {"name": name, "type": "gauge", "unit": "x", "components": ["chaos-daemon"], "source": "s", **fields}
    )


KNOWN = Catalogue(
    [
        entry("chaos_kept", labels=["namespace"]),
        entry("chaos_other", labels=["namespace", "pod"]),
        entry("chaos_silent", since="v2.7.0", note="Nobody speaks of it."),
        entry("chaos_dead", status="never-written"),
        entry("chaos_absent", status="promised-absent"),
        entry("chaos_old", status="renamed", until="v2.6.0", renamed_to=["chaos_silent"]),
        entry("library_named"),
        entry("library_silent"),
        entry("chaos_seconds", type="histogram"),
        entry("go_", type="unknown", prefix=True),
        entry("up", exposed=False),
    ]
)


def said(*metrics, source="rfc"):
    made = [
        metric if isinstance(metric, DocumentedMetric) else DocumentedMetric(name=metric)
        for metric in metrics
    ]
    return DocumentedMetrics(
        sources=(Source(id=source, title="A source", about="Of a time.", metrics=tuple(made)),),
        annotations=(),
        without=(),
    )


CLAIMS = said(
    DocumentedMetric(name="chaos_kept", labels=("namespace",)),
    DocumentedMetric(name="chaos_other", labels=("namespace", "code")),
    "chaos_absent",
    "chaos_prose_count",
    "chaos_old",
    "library_named",
)


def rows(**given):
    return {row.name: row for row in table(KNOWN, CLAIMS, **given)}


def test_each_name_has_what_follows_for_it():
    assert {name: row.truth for name, row in rows().items()} == {
        "chaos_kept": InventoryStanding.AS_PROMISED,
        "chaos_other": InventoryStanding.OTHER_LABELS,
        "chaos_silent": InventoryStanding.UNDOCUMENTED,
        "chaos_seconds": InventoryStanding.UNDOCUMENTED,
        "chaos_dead": InventoryStanding.DEAD,
        "chaos_absent": InventoryStanding.NEVER_SEEN,
        "chaos_prose_count": InventoryStanding.NEVER_SEEN,
        "chaos_old": InventoryStanding.RENAMED,
        "library_named": InventoryStanding.AS_PROMISED,
    }


def test_what_was_promised_otherwise_is_said():
    found = rows()

    assert found["chaos_other"].notes == ("Promised with code, which it does not have.", "It also has pod.")
    assert found["chaos_old"].notes == ("Until v2.6.0; now chaos_silent.",)
    assert found["chaos_silent"].notes == ("Since v2.7.0.", "Nobody speaks of it.")
    assert found["chaos_kept"].named_by == ("rfc",)


def test_the_worst_comes_first():
    order = [row.truth for row in table(KNOWN, CLAIMS)]

    assert order == sorted(order, key=list(InventoryStanding).index)
    assert [truth for truth, _ in groups(table(KNOWN, CLAIMS))] == list(InventoryStanding)


def test_a_run_says_who_exposed_what():
    problem = ContractProblem(kind=ProblemKind.NOT_CATALOGUED, metric="chaos_new", job="chaos-daemon")
    contract = Contract(
        release="v2.8.3",
        whole=False,
        seen={"chaos_kept": ["chaos-daemon"]},
        impossible={"chaos_other": "netem: no"},
        problems=[problem, problem.model_copy(update={"kind": ProblemKind.NOT_SEEN, "metric": "chaos_x"})],
    )
    found = rows(contract=contract)

    assert found["chaos_kept"].seen == ("chaos-daemon",)
    assert found["chaos_other"].seen is None
    assert found["chaos_silent"].seen == ()
    assert (found["chaos_new"].truth, found["chaos_new"].seen) == (
        InventoryStanding.UNDOCUMENTED,
        ("chaos-daemon",),
    )
    assert "chaos_x" not in found
    assert in_run(found["chaos_kept"]) == ": in this run exposed by chaos-daemon"
    assert in_run(found["chaos_silent"]) == ": not seen in this run"
    assert in_run(found["chaos_other"]) == ""


def test_what_is_exposed_and_should_not_be_is_a_contradiction():
    contract = Contract(
        release="x", whole=False, seen={"chaos_absent": ["chaos-daemon"], "chaos_kept": ["x"]}
    )
    found = table(KNOWN, CLAIMS, ["chaos_seconds_bucket", "chaos_old", "chaos_misspelt"], contract)

    assert contradictions(found) == [
        "chaos_absent: promised, never seen, and exposed by chaos-daemon in this run",
        "chaos_misspelt: promised, never seen, and our dashboards or alerts use it",
        "chaos_old: renamed, and our dashboards or alerts use it",
    ]
    assert next(row for row in found if row.name == "chaos_seconds").used


def test_names_come_from_expressions_and_variables_of_dashboards_and_alerts(tmp_path):
    dashboard = {
        "templating": {"list": [{"query": {"query": 'label_values(chaos_c{a="b"}, pod)'}}]},
        "panels": [
            {"targets": [{"expr": 'sum by (pod) (rate(chaos_a_total{node=~"$node"}[$__rate_interval]))'}]},
            {"targets": [{"expr": "chaos_b_bucket / ${factor} > 3"}]},
            {"description": "chaos_not_this_one"},
        ],
    }
    rules = """
groups:
  - rules:
      - record: chaos:ratio
        expr: chaos_d / chaos_e
      - alert: Bad
        expr: chaos:ratio > 1 or absent(up{job="chaos-daemon"})
"""
    for name, text in (
        ("dashboards/one.json", json.dumps(dashboard)),
        ("alerts/two.yaml", rules),
        ("alerts/two.test.yaml", "not: [read"),
        ("dashboards/readme.md", "chaos_f"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    assert used(tmp_path) == {"chaos_a_total", "chaos_b_bucket", "chaos_c", "chaos_d", "chaos_e", "up"}


@pytest.mark.parametrize(
    ("text", "message"),
    [('{"expr": "sum("}', "an expression does not parse"), ("{", "cannot read")],
)
def test_a_dashboard_that_is_broken_is_named(tmp_path, text, message):
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards/bad.json").write_text(text)

    with pytest.raises(UsageError, match=message) as caught:
        used(tmp_path)
    assert "bad.json" in str(caught.value)


def test_the_claims_are_whole():
    known, found = catalogue(), claims()

    ids = [source.id for source in found.sources]
    assert len(set(ids)) == len(ids)
    for source in found.sources:
        names = [claim.name for claim in source.metrics]
        assert len(set(names)) == len(names)
    assert {each.job: each.port for each in found.annotations} == METRICS_PORTS
    promised = {
        metric.name
        for metric in known.metrics
        if metric.status is MetricStatus.PROMISED_ABSENT and metric.name.startswith("chaos_")
    }
    assert promised <= {claim.name for source in found.sources for claim in source.metrics}


def test_our_own_dashboards_use_only_what_there_is():
    assert contradictions(table(catalogue(), claims(), used(bundled.fixtures()))) == []


def test_the_command_prints_text_and_json(capsys):
    assert main(["truth"]) == ExitCode.OK
    text = capsys.readouterr().out
    assert "promised, never seen: 7 metrics" in text
    assert "  chaos_daemon_iptables_chains (#2397)\n" in text
    assert main(["truth", "--json"]) == ExitCode.OK
    body = json.loads(capsys.readouterr().out)
    assert body["contradictions"] == []
    assert {row["truth"] for row in body["rows"]} == {truth.value for truth in InventoryStanding}
    assert main(["truth", "--report", "nowhere"]) == ExitCode.USAGE
