from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from harness import cli
from harness.audit.coverage.exempt import ProofSelector, limits, waivers
from harness.audit.coverage.proven import TransitionProof
from harness.audit.coverage.provers import Provers
from harness.audit.coverage.score import Exemptions, coverage_of, score
from harness.audit.coverage.text import lines, missing_lines
from harness.audit.coverage.transition import Transition, defined
from harness.audit.coverage.twins import twins_of
from harness.base.errors import UsageError
from harness.base.waiver import Waiver
from harness.chaosmesh.catalogue.catalogue import Catalogue, catalogue
from harness.results.coverage import SeriesChange, Standing
from tests.audit.coverage.test_transition import metric

RECORDINGS = Path(__file__).parents[2] / "recordings"
LABELS = {"labels": ("kind",), "values": {"kind": ("a", "b")}}
KNOWN = Catalogue(
    [metric(type="counter", **LABELS), metric(name="gauge", needs=("netem",), appears="always")]
)
A = Transition("things", "kind", "a", SeriesChange.CHANGES)
B = Transition("things", "kind", "b", SeriesChange.CHANGES)
NONE = Exemptions([], [])
NOBODY = Provers([], KNOWN)
B_ONLY = ProofSelector(label="kind", values=("b",))
WAIVER = Waiver(about=B_ONLY, until=date(2026, 1, 31), reason="later")


def standings(proofs, capabilities=None, exemptions=NONE):
    found = score(proofs, KNOWN, capabilities or {"netem": "not there"}, exemptions, NOBODY)
    return found, [each.standing for each in found.transitions]


def test_what_is_proven_is_covered_and_the_rest_missing_or_not_possible():
    found, each = standings({A: [TransitionProof("s", "1.0", False), TransitionProof("s", "2.0", True)]})
    assert each == [Standing.COVERED, Standing.MISSING, Standing.NOT_POSSIBLE]
    assert (found.defined, found.possible_here, found.covered, found.missing) == (3, 2, 1, 1)
    assert found.transitions[0].by == ["s 1.0"]
    assert found.transitions[2].reason == "netem: not there"
    assert not found.passed


def test_what_only_a_known_issue_shows_counts_apart():
    found, each = standings({A: [TransitionProof("s", "1.0", True)]})
    assert each[0] is Standing.KNOWN_ISSUE
    assert (found.covered, found.known_issue) == (0, 1)


def test_what_the_environment_has_is_possible():
    _, each = standings({}, {"netem": None})
    assert each[2] is Standing.MISSING
    _, each = standings({}, {"other": None})
    assert each[2] is Standing.NOT_POSSIBLE


def test_what_was_proven_was_possible_whatever_was_probed():
    proof = {Transition("gauge", "", "", SeriesChange.CHANGES): [TransitionProof("s", "1.0", False)]}
    _, each = standings(proof)
    assert each[2] is Standing.COVERED


def test_a_waiver_is_for_what_it_selects():
    found, each = standings({}, exemptions=Exemptions([], [WAIVER]))
    assert each[:2] == [Standing.MISSING, Standing.WAIVED]
    assert found.transitions[1].until == "2026-01-31"


def test_a_waiver_that_is_needed_no_more_is_told():
    found, each = standings({B: [TransitionProof("s", "1.0", False)]}, exemptions=Exemptions([], [WAIVER]))
    assert each[1] is Standing.COVERED
    assert found.waived_and_covered == ['later (things{kind="b"} changes)']


def test_a_limit_without_a_capability_is_one_of_every_environment():
    limit = Waiver(about=ProofSelector(label="kind", values=("a",)), reason="nothing does that")
    found, each = standings({}, exemptions=Exemptions([limit], []))
    assert each[:2] == [Standing.NOT_POSSIBLE, Standing.MISSING]
    assert found.transitions[0].reason == "nothing does that"


def test_what_is_missing_is_told_with_what_to_write():
    found, _ = standings({})
    assert missing_lines(found, KNOWN)[0] == (
        'missing: things{kind="a"} changes: expect `metric: things, where: {kind: a}` increases_by in a step '
        "that makes it so by PodChaos"
    )
    assert '  .-.  things{kind="a"}' in lines(found, KNOWN)
    assert lines(found, KNOWN)[-1] == (
        "3 transitions defined, 2 possible here: 0 covered, 0 by known issues, 0 waived, 2 missing"
    )


def test_every_excuse_that_ships_is_about_something():
    every = list(defined(catalogue().metrics))
    for excuse in [each.about for each in [*limits(), *waivers()] if not each.about.twins]:
        about = [each for each in every if excuse.selects(each)]
        assert about, excuse
        assert {each.metric for each in about} >= set(excuse.metrics)
        assert {each.value for each in about} >= set(excuse.values)


def test_every_excuse_of_twins_that_ships_is_about_something():
    every = [of for of, _ in twins_of(catalogue())]
    for excuse in [each.about for each in [*limits(), *waivers()] if each.about.twins]:
        about = [of for of in every if excuse.selects(of)]
        assert {of.metric for of in about} >= set(excuse.metrics), excuse
        assert {of.twin for of in about} >= set(excuse.twins), excuse


def test_an_expired_waiver_holds_no_more():
    assert waivers()
    assert Exemptions.load(date(2999, 1, 1)).waivers == []


def test_an_excuse_needs_a_reason(tmp_path):
    (tmp_path / "a.yaml").write_text("- {label: kind, until: 2026-01-01}\n")
    with pytest.raises(UsageError, match=r"a\.yaml is no list of waivers: Field required"):
        waivers(tmp_path)


def test_real_recordings_prove_what_they_show():
    found = coverage_of(sorted(RECORDINGS.iterdir()), catalogue(), date(2026, 1, 1), [])
    by = {(each.metric, each.label, each.value, each.change): each for each in found.transitions}
    running = by["chaos_controller_manager_chaos_experiments", "phase", "running", SeriesChange.APPEARS]
    assert running.standing is Standing.COVERED
    assert "network-partition 1.5" in running.by
    gone = by["chaos_controller_manager_chaos_experiments", "kind", "TimeChaos", SeriesChange.GOES]
    assert "time-skew 2.0" in gone.by
    assert by["chaos_daemon_ipset_members", "", "", SeriesChange.CHANGES].standing is Standing.COVERED
    assert (
        by["grpc_server_handled_total", "grpc_method", "SetTcs", SeriesChange.CHANGES].standing
        is Standing.COVERED
    )
    # What only a known issue moved is not covered.
    assert (
        by["chaos_daemon_bpm_controlled_processes", "", "", SeriesChange.CHANGES].standing
        is Standing.KNOWN_ISSUE
    )


@pytest.fixture
def report(tmp_path):
    folder = tmp_path / "report"
    shutil.copytree(RECORDINGS / "stress-cpu", folder / "recordings" / "stress-cpu")
    (folder / "results.json").write_text(json.dumps({"schema_version": 1, "new": [1]}))
    return folder


def test_the_command_prints_the_matrix_and_updates_the_results(report, capsys):
    assert cli.main(["coverage", str(report / "results.json")]) == cli.main(["coverage", str(report)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("appears, changes, goes: + covered")
    assert '  +-+  chaos_controller_manager_chaos_experiments{kind="StressChaos"}' in out
    assert "transitions defined" in out[-1]
    written = json.loads((report / "results.json").read_text())
    assert written["new"] == [1]
    assert written["coverage"]["covered"] > 5


def test_only_a_whole_run_is_gated(report, capsys):
    written = {"schema_version": 1, "coverage": {"whole": True}}
    (report / "results.json").write_text(json.dumps(written))
    assert cli.main(["coverage", str(report / "results.json")]) == 1
    assert "missing: " in capsys.readouterr().out


def test_without_results_the_command_says_what_to_do(tmp_path, capsys):
    assert cli.main(["coverage", str(tmp_path / "results.json")]) == 4
    assert cli.main(["coverage", str(tmp_path)]) == 4
    assert "next step: run scenarios first" in capsys.readouterr().err
