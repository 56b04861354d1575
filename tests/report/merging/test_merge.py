"""One report of the shards of a run: complete, and never better than what the shards came to."""

import json
import shutil
from xml.etree import ElementTree

import pytest

from harness import cli
from harness.base.errors import ExitCode, UsageError
from harness.judge.finding import Verdict
from harness.report.merging.merge import merge
from harness.results import last_durations
from harness.results.contract import Contract, TargetLook
from harness.results.contract_problem import ContractProblem, ProblemKind
from harness.results.coverage import Coverage
from harness.results.folder import ReportFolder
from harness.results.reading import read
from harness.results.results import NotRun
from harness.results.scenario import Leftover
from harness.results.shard import Shard
from tests.fakes.run import make_run
from tests.fakes.there import there

OK, FAILED, INTERRUPTED, INTERNAL, USAGE, NOTHING, INFRA = ExitCode
PARTS = 3
SCENARIOS = 3


class Shards:
    """The reports of the shards of a run in which all passed; a test changes them before they are written."""

    def __init__(self, folder):
        self.folders = [folder / f"shard-{number}" for number in range(1, PARTS + 1)]
        self.results = []
        for number, path in enumerate(self.folders, 1):
            every = make_run(path, SCENARIOS, wrong=False)
            names = {each.name: each.file for each in every.scenarios}
            for each in every.scenarios:
                if each not in every.scenarios[number - 1 :: PARTS]:
                    shutil.rmtree(there(each.recording))
            every.scenarios = every.scenarios[number - 1 :: PARTS]
            every.run.id = f"f00dcaf{number}"
            every.run.seconds = 10.0 * number
            every.run.shard = Shard(number=number, of=PARTS, scenarios=names)
            every.run.planned = len(every.scenarios)
            every.run.complete = True
            every.run.exit_code = OK
            every.contract = contract()
            self.results.append(every)

    def all_whole(self):
        for each in self.results:
            each.run.shard = there(each.run.shard).model_copy(update={"whole": True})

    def write(self):
        for path, results in zip(self.folders, self.results, strict=True):
            results.count()
            results.write(path)
            (path / "expositions/chaos-daemon").mkdir(parents=True)
            (path / "expositions/chaos-daemon/10.0.0.1.txt").write_text(f"# of {path.name}\n")
        return self.folders


def contract():
    look = TargetLook(
        job="chaos-daemon",
        instance="10.0.0.1:31766",
        node="n",
        file="expositions/chaos-daemon/10.0.0.1.txt",
        bytes=1,
        families=1,
        samples=1,
    )
    return Contract(release="v2.8.4", whole=False, targets=[look], seen={"chaos_daemon_x": ["chaos-daemon"]})


@pytest.fixture
def shards(tmp_path):
    return Shards(tmp_path)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "merged"


def test_all_scenarios_with_their_recordings_are_in_one_report(shards, out):
    merged = merge(out, shards.write())
    assert merged.came_to.exit_code == OK
    results = read(out / "results.json", next_step="")
    names = list(shards.results[0].run.shard.scenarios)
    assert [each.name for each in results.scenarios] == names
    assert results.summary.passed + results.summary.known_issue == len(names) == results.run.planned
    assert all((out / each.recording / "manifest.json").is_file() for each in results.scenarios)
    assert results.run.complete
    assert results.run.exit_code == OK
    assert results.run.seconds == 30.0
    assert [(each.number, each.run) for each in results.run.merged] == [
        (1, "f00dcaf1"),
        (2, "f00dcaf2"),
        (3, "f00dcaf3"),
    ]
    for target, path in zip(there(results.contract).targets, shards.folders, strict=True):
        assert (out / target.file).read_text() == f"# of {path.name}\n"
    assert all(name in merged.page.read_text() for name in names)
    assert (out / "summary.md").is_file()
    (suite,) = ElementTree.parse(merged.junit).getroot()
    assert {case.get("name") for case in suite} == {*names, "contract"}


def test_it_is_not_by_the_order_in_which_they_are_named(shards, out, tmp_path):
    folders = shards.write()
    one, other = merge(out, folders), merge(tmp_path / "again", folders[::-1])
    assert [each.name for each in one.results.scenarios] == [each.name for each in other.results.scenarios]
    assert [each.number for each in other.results.run.merged] == [1, 2, 3]


def test_it_can_be_merged_again_into_the_same_folder(shards, out):
    folders = shards.write()
    merge(out, folders)
    assert merge(out, folders).came_to.exit_code == OK


def test_what_was_merged_is_known_for_the_next_division(shards, out):
    merge(out, shards.write())
    assert last_durations.read().keys() == shards.results[0].run.shard.scenarios.keys()


def fail(shards):
    shards.results[1].scenarios[0].verdict = Verdict.FAIL
    shards.results[1].run.exit_code = FAILED


def break_down(shards):
    shards.results[1].scenarios[0].verdict = Verdict.ERROR
    shards.results[1].run.exit_code = INFRA


def leave_behind(shards):
    left = Leftover(kind="PodChaos", name="x", what_was_done="removed by force")
    shards.results[1].scenarios[0].leftovers = [left]
    shards.results[1].run.exit_code = FAILED


def fail_a_test_beside(shards):
    shards.results[1].run.exit_code = FAILED


def cut_short(shards):
    shards.results[1].run.exit_code = None
    shards.results[1].run.ended = None
    shards.results[1].run.complete = False


def interrupt(shards):
    shards.results[1].run.exit_code = INTERRUPTED
    shards.results[1].run.interrupted = "SIGTERM"


def crash(shards):
    shards.results[1].run.exit_code = INTERNAL


def not_run(shards):
    gone = shards.results[1].scenarios.pop()
    shards.results[1].not_run = [NotRun(name=gone.name, file=gone.file, reason="the API server is gone")]
    shards.results[1].run.exit_code = INFRA


def break_contract(shards):
    problem = ContractProblem(kind=ProblemKind.NOT_CATALOGUED, metric="chaos_new", job="chaos-daemon")
    shards.results[1].contract.problems = [problem]
    shards.results[1].run.exit_code = FAILED


def not_compare(shards):
    shards.results[1].contract = None
    shards.results[1].run.exit_code = INFRA


def skip_a_shard(shards):
    for each in shards.results[1].scenarios:
        each.verdict = Verdict.SKIPPED
    shards.results[1].contract = None
    shards.results[1].run.exit_code = NOTHING


def skip_all(shards):
    for results in shards.results:
        for each in results.scenarios:
            each.verdict = Verdict.SKIPPED
        results.contract = None
        results.run.exit_code = NOTHING


def not_up(shards):
    results = shards.results[1]
    results.run.stack, results.run.stack_error = None, "kind is not on PATH"
    results.not_run = [
        NotRun(name=each.name, file=each.file, reason="the stack did not come up")
        for each in results.scenarios
    ]
    results.scenarios, results.contract = [], None
    results.run.exit_code = INFRA


@pytest.mark.parametrize(
    ("happens", "code", "said"),
    [
        (fail, FAILED, "1 failed"),
        (break_down, INFRA, "1 could not be decided"),
        (leave_behind, FAILED, "1 left something behind"),
        (fail_a_test_beside, FAILED, ""),
        (cut_short, INFRA, "The run was cut short"),
        (interrupt, INTERRUPTED, "The run was interrupted (SIGTERM)"),
        (crash, INTERNAL, ""),
        (not_run, INFRA, "1 scenario was not run"),
        (break_contract, FAILED, "chaos_new"),
        (not_compare, INFRA, "Not all components were compared"),
        (skip_a_shard, OK, "All"),
        (skip_all, NOTHING, "no scenario ran"),
        (not_up, INFRA, "not run"),
    ],
)
def test_what_went_wrong_in_one_shard_is_in_the_merged_run(shards, out, happens, code, said):
    happens(shards)
    merged = merge(out, shards.write())
    assert merged.came_to.exit_code == code
    assert said in merged.came_to.headline
    assert read(out / "results.json", next_step="").run.exit_code == code


def test_a_failure_outweighs_what_could_not_be_decided(shards, out):
    fail(shards)
    shards.results[0].scenarios[0].verdict = Verdict.ERROR
    shards.results[0].run.exit_code = INFRA
    assert merge(out, shards.write()).came_to.exit_code == FAILED


def test_a_missing_shard_is_told_and_is_no_success(shards, out):
    folders = shards.write()
    merged = merge(out, [folders[0], folders[2]])
    names = [each.name for each in shards.results[1].scenarios]
    assert merged.came_to.exit_code == INFRA
    assert merged.came_to.headline.startswith("1 scenario was not run.")
    assert [each.name for each in merged.results.not_run] == names
    assert {each.reason for each in merged.results.not_run} == {"its shard is missing: 2 of 3"}
    assert "shard 2/3 is missing: what it was to run was not run" in merged.results.run.warnings
    assert not merged.results.run.complete
    (suite,) = ElementTree.parse(merged.junit).getroot()
    assert suite.get("errors") == str(len(names))


def test_a_folder_without_results_is_of_the_missing_shard(shards, out, tmp_path):
    folders = shards.write()
    (folders[1] / "results.json").unlink()
    assert merge(out, folders).came_to.exit_code == INFRA
    assert [each.reason for each in merge(out, folders).results.not_run] == ["its shard is missing: 2 of 3"]
    with pytest.raises(UsageError, match=r"none: there are no results of a run"):
        merge(out, [*folders, tmp_path / "none"])


def test_only_all_shards_of_a_whole_run_have_to_prove_all(shards, out, tmp_path):
    shards.all_whole()
    folders = shards.write()
    whole = merge(out, folders).results
    assert there(whole.contract).whole
    unseen = [each for each in there(whole.contract).problems if each.kind is ProblemKind.NOT_SEEN]
    assert unseen
    assert "chaos_daemon_x" not in {each.metric for each in unseen}
    part = merge(tmp_path / "part", folders[:2]).results
    assert not there(part.contract).whole
    assert not there(part.contract).problems


def test_what_a_restarted_prometheus_has_lost_is_unknown_and_no_regression(shards, out):
    shards.all_whole()
    shards.results[2].contract.from_begin = False
    found = merge(out, shards.write())
    contract = there(found.results.contract)
    assert not contract.problems
    assert "shard 3/3: Prometheus was restarted" in contract.not_captured[0]
    assert found.came_to.exit_code == INFRA


def test_coverage_is_counted_over_all_recordings(shards, out, tmp_path):
    shards.all_whole()
    for results in shards.results:
        results.coverage = Coverage()
    folders = shards.write()
    whole = there(merge(out, folders).results.coverage)
    part = there(merge(tmp_path / "part", folders[:1]).results.coverage)
    assert whole.covered > part.covered > 0
    assert (whole.whole, part.whole) == (True, False)
    # Some recordings alone do not prove all that is possible.
    assert whole.gap


def test_environments_that_differ_are_told(shards, out):
    stack = shards.results[1].run.stack
    name = next(name for name, lacks in stack["capabilities"].items() if lacks is None)
    lacks = {**stack["capabilities"], name: "no cgroup"}
    shards.results[1].run.stack = {**stack, "capabilities": lacks, "cluster": "other"}
    results = merge(out, shards.write()).results
    merged = there(results.run.stack)
    assert merged["capabilities"][name] == "no cgroup"
    assert merged["cluster"].endswith(", other")
    told = f"only shard 1/3, shard 3/3 had the capability {name}; elsewhere: no cgroup"
    assert told in results.run.warnings


def other_version(shards):
    stack = shards.results[1].run.stack
    shards.results[1].run.stack = {**stack, "versions": {**stack["versions"], "chaos-mesh": "v2.7.3"}}


def other_harness(shards):
    shards.results[1].run.harness = "9.9"


def other_interval(shards):
    shards.results[1].run.stack = {**shards.results[1].run.stack, "scrape_interval": 15.0}


def other_mode(shards):
    shards.results[1].run.options["control"] = "True"


def other_count(shards):
    shards.results[1].run.shard = shards.results[1].run.shard.model_copy(update={"of": 4})


def other_scenarios(shards):
    shard = shards.results[1].run.shard
    shards.results[1].run.shard = shard.model_copy(
        update={"scenarios": {**shard.scenarios, "new": "new.yaml"}}
    )


def overlap(shards):
    shards.results[1].scenarios.append(shards.results[0].scenarios[0])


def lose(shards):
    shards.results[1].scenarios.pop()


def same_number(shards):
    shards.results[1].run.shard = shards.results[0].run.shard


def same_run(shards):
    same_number(shards)
    shards.results[1].run.id = shards.results[0].run.id


def no_shard(shards):
    shards.results[1].run.shard = None


def lead_out(shards):
    shards.results[1].scenarios[0].diagnostics = shards.folders[1].parent / "elsewhere"


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (other_version, "the version of chaos-mesh is"),
        (other_harness, "the version of the harness is 0.1.0 in"),
        (other_interval, "the scrape interval is"),
        (other_mode, "--control is False in"),
        (other_count, "the number of shards is 3 in"),
        (other_scenarios, "they were not given the same scenarios"),
        (overlap, "do not fit together: 1 scenario in two of them, 0 in none"),
        (lose, "do not fit together: 0 scenarios in two of them, 1 in none"),
        (same_number, "both hold shard 1/3"),
        (same_run, "hold the same run"),
        (no_shard, "holds no shard"),
        (lead_out, "is not in this folder"),
    ],
)
def test_what_does_not_belong_together_is_refused_and_nothing_is_written(shards, out, happens, said):
    happens(shards)
    with pytest.raises(UsageError, match=said):
        merge(out, shards.write())
    assert not out.exists()


def test_a_report_is_never_written_over_one_of_its_shards(shards):
    folders = shards.write()
    before = (folders[0] / "results.json").read_bytes()
    for place in (folders[0], folders[0].parent, folders[0] / "recordings"):
        with pytest.raises(UsageError, match="the merged report cannot be written to"):
            merge(place, folders)
    assert (folders[0] / "results.json").read_bytes() == before


def test_a_shard_that_still_runs_is_not_merged(shards, out):
    folders = shards.write()
    held = ReportFolder(folders[1])
    held.take("f00d")
    try:
        with pytest.raises(UsageError, match="in use"):
            merge(out, folders)
    finally:
        held.let_go()


def test_a_link_in_a_shard_is_not_followed(shards, out, tmp_path):
    folders = shards.write()
    (tmp_path / "secret").write_text("x")
    (folders[1] / "recordings/secret").symlink_to(tmp_path / "secret")
    with pytest.raises(UsageError, match="is no plain file or folder"):
        merge(out, folders)
    assert not (out / "recordings/secret").exists()


def test_the_command(shards, out, capsys):
    fail(shards)
    folders = shards.write()
    assert cli.main(["merge", str(out), *map(str, folders)]) == FAILED
    said = capsys.readouterr().out
    assert "1 failed" in said
    assert f"report: {out}/index.html" in said
    assert json.loads((out / "results.json").read_text())["summary"]["failed"] == 1


def test_the_command_with_a_folder_that_holds_nothing(out, tmp_path, capsys):
    assert cli.main(["merge", str(out), str(tmp_path)]) == USAGE
    assert "next step: name the report folders of the shards of one run" in capsys.readouterr().err
