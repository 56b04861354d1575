"""What is possible in an environment follows from what the scenarios expect, do and need."""

from __future__ import annotations

from datetime import date

import pytest

from harness.audit.coverage.provers import Provers, lacking
from harness.audit.coverage.score import Exemptions, score
from harness.audit.coverage.transition import Transition, defined
from harness.base import bundled
from harness.chaosmesh.capabilities import CAPABILITIES
from harness.chaosmesh.catalogue.catalogue import Catalogue, catalogue
from harness.results.coverage import SeriesChange, Standing
from harness.scenario.discover import discover
from harness.scenario.load import load
from tests.audit.coverage.test_transition import metric

KNOWN = Catalogue(
    [
        metric(name="sets", touched_by=("NetworkChaos",), programs=("ipset",), appears="always"),
        metric(name="calls", type="counter", touched_by=("NetworkChaos", "TimeChaos"),
               labels=("grpc_method",), values={"grpc_method": ("SetTcs", "SetTimeOffset")}),
        metric(name="kinds", touched_by=("every-chaos",), labels=("kind",),
               values={"kind": ("NetworkChaos", "TimeChaos")}),
    ]
)  # fmt: skip
SETS = Transition("sets", "", "", SeriesChange.CHANGES)

CUT = """
scenario: cut
about: Things.
needs: [ipset]
chaos:
  cut: {kind: NetworkChaos, spec: {action: partition}}
steps:
  - apply: cut
    expect:
      - %s
"""
LOOK = """
scenario: look
about: Things.
workload: mini-node-exporter
steps:
  - node: {network_of: "${workload.targets[0]}", command: [sh, -c, "%s"]}
    expect:
      - {metric: sets, equals: 0}
"""


@pytest.fixture
def provers(tmp_path):
    def made(*texts, known=KNOWN):
        files = []
        for number, text in enumerate(texts):
            path = tmp_path / f"{number}.yaml"
            path.write_text(text)
            files += load(path)
        return Provers(files, known)

    return made


def of(provers, name, label="", value="", change=SeriesChange.CHANGES):
    return sorted(provers.of_transition(Transition(name, label, value, change)))


@pytest.mark.parametrize(
    ("expectation", "proves"),
    [
        ("{metric: sets, equals: 3}", True),
        ("{metric: sets, series: {oracle: ipset-members, in: []}}", True),
        ("{metric: sets, unchanged: true}", False),
        ("{metric: sets, unchanged: true, known_issue: {id: a, shows: {at_least: 3}}}", True),
        ("{metric: sets, equals: 3, level: should}", False),
        ("{promql: sum(sets), equals: 3}", False),
        ("{metric: kinds, equals: 3}", False),
    ],
)
def test_a_scenario_could_prove_what_it_expects_of_what_it_touches(provers, expectation, proves):
    assert of(provers(CUT % expectation), "sets") == (["cut"] if proves else [])


def test_a_command_touches_what_its_program_is_of(provers):
    assert of(provers(LOOK % "ipset create one hash:net"), "sets") == ["look"]
    assert of(provers(LOOK % "iptables -A INPUT"), "sets") == []


@pytest.mark.parametrize(
    ("where", "selected"),
    [
        ("{}", True),
        ("{grpc_method: SetTcs}", True),
        ("{grpc_method: Other}", False),
        ("{grpc_method: '${namespace}'}", True),
        ("{grpc_method: {not: SetTcs}}", False),
        ("{grpc_method: {matches: 'Set.*'}}", True),
        ("{grpc_method: {not_matches: 'Set.*'}}", False),
    ],
)
def test_a_label_counts_with_the_values_that_an_expectation_lets_be(provers, where, selected):
    made = provers(CUT % f"{{metric: calls, where: {where}, increases_by: 1}}")
    assert of(made, "calls", "grpc_method", "SetTcs") == (["cut"] if selected else [])
    # A partition makes no such call, whatever is selected.
    assert of(made, "calls", "grpc_method", "SetTimeOffset") == []


def test_a_kind_is_proven_by_a_scenario_that_applies_it(provers):
    made = provers(CUT % "{metric: kinds, series: [{kind: NetworkChaos, value: 1}]}")
    assert of(made, "kinds", "kind", "NetworkChaos", SeriesChange.APPEARS) == ["cut"]
    assert of(made, "kinds", "kind", "TimeChaos", SeriesChange.APPEARS) == []


def test_what_goes_is_proven_by_what_says_that_it_is_absent(provers):
    for claim, goes in (("absent: true", True), ("series: []", True), ("equals: 1", False)):
        made = provers(CUT % f"{{metric: kinds, {claim}}}")
        assert of(made, "kinds", "kind", "NetworkChaos", SeriesChange.GOES) == (["cut"] if goes else [])


def test_only_what_no_scenario_can_prove_here_is_not_possible():
    needs = {"one": ("ipset",), "two": ("ipset", "tbf")}
    assert lacking({}, {}) is None
    assert lacking(needs, {"ipset": None, "tbf": "no such module"}) is None
    assert lacking({**needs, "three": ()}, {"ipset": "gone", "tbf": "gone"}) is None
    assert lacking(needs, {"ipset": "not there", "tbf": None}) == (
        "no scenario that could prove it runs here (one, two): ipset: not there"
    )
    assert lacking({"one": ("new",)}, {}) == (
        "no scenario that could prove it runs here (one): new: not probed"
    )


def test_the_gate_asks_for_nothing_that_no_scenario_can_prove_here(provers):
    made = provers(CUT % "{metric: sets, equals: 3}", LOOK % "true")

    def standing(capabilities):
        found = score({}, KNOWN, capabilities, Exemptions([], []), made)
        return {(each.metric, each.label): each for each in found.transitions}["sets", ""]

    assert standing({"ipset": None}).standing is Standing.MISSING
    assert standing({"ipset": "not there"}).standing is Standing.NOT_POSSIBLE
    assert "(cut): ipset: not there" in standing({"ipset": "not there"}).reason


@pytest.fixture(scope="module")
def shipped():
    files = [file for path in discover([bundled.scenarios()]) for file in load(path)]
    return Provers(files, catalogue())


def impossible(shipped, *missing):
    given = {name: "missing" if name in missing else None for name in CAPABILITIES}
    found = score({}, catalogue(), given, Exemptions.load(date(2026, 1, 1)), shipped)
    return {
        (each.metric, each.value, each.change)
        for each in found.transitions
        if each.standing is Standing.NOT_POSSIBLE
    }


@pytest.mark.parametrize(
    ("missing", "transition"),
    [
        ("iptables-legacy", ("chaos_daemon_ipset_members", "", "changes")),
        ("iptables-legacy", ("chaos_daemon_iptables_packets", "nat", "appears")),
        ("ipset", ("chaos_daemon_ipset_members", "", "changes")),
        ("stress-ng", ("grpc_server_handled_total", "ExecStressors", "changes")),
        ("tbf", ("grpc_server_started_total", "SetTcs", "changes")),
        ("tbf", ("workqueue_depth", "", "changes")),
        ("dns-server", ("grpc_server_handled_total", "SetDNSServer", "changes")),
        ("dns-server", ("grpc_server_msg_sent_total", "SetDNSServer", "changes")),
        ("dns-server", ("coredns_dns_requests_total", "", "changes")),
    ],
)
def test_an_environment_that_lacks_something_is_asked_for_what_it_can(shipped, missing, transition):
    assert transition in impossible(shipped, missing)
    assert transition not in impossible(shipped)


def test_what_is_missing_somewhere_hides_nothing_that_runs_all_the_same(shipped):
    others = impossible(shipped, "iptables-legacy", "ipset")
    assert ("chaos_daemon_tcs_rules", "", "changes") not in others
    assert ("chaos_controller_manager_chaos_experiments", "TimeChaos", "appears") not in others
    assert len(others) < len(list(defined(catalogue().metrics))) / 3
