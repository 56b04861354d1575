"""`--in-cluster`: what is divided how, what is refused, and one report whatever becomes of the shards."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.base import bundled
from harness.base.errors import ExitCode, UsageError
from harness.chaosmesh.catalogue import catalogue
from harness.chaosmesh.sweep import Swept
from harness.pytest_plugin import in_cluster
from harness.pytest_plugin.in_cluster import ClusterCaller, ClusterOutcome, ClusterPlan, plan, without_report
from harness.report.merging.merge import merge
from harness.results.reading import read
from harness.results.results import Results, Run
from harness.results.scenario import ScenarioResult
from harness.results.shard import Shard
from harness.runner.conflicts import conflicts_of
from harness.runner.needs import SharedUse
from harness.runner.one_cluster import TooManyShardsError
from harness.scenario.load import ScenarioFile, load
from harness.stack import connection
from harness.stack.existing import use as existing
from harness.stack.in_cluster import account, follow
from harness.stack.in_cluster.follow import ShardEnd
from harness.stack.in_cluster.job import ShardJob
from harness.stack.in_cluster.joined import JoinedRun
from harness.stack.options import UpOptions
from tests.pytest_plugin.test_plugin import PLUGINS
from tests.stack.in_cluster.conftest import RUN, handle, joined

pytest_plugins = ["pytester"]
FOLDER = bundled.scenarios() / "controller-manager"
FREE = ("pod-kill", "pod-failure", "two-namespaces", "workflow-parallel")
DEFAULT, EXCLUSIVE = SharedUse(), SharedUse(exclusive=True)


def files(*names: str) -> list[ScenarioFile]:
    return [file for name in names for file in load(FOLDER / f"{name}.yaml")]


def planned(*names: str, shards: int = 2, known: Mapping[str, float] | None = None) -> ClusterPlan:
    return plan(files(*names), shards, DEFAULT, 1.0, known or {}, whole=False)


def test_shards_are_balanced_by_the_last_durations() -> None:
    known = {**dict.fromkeys(FREE, 10.0), "pod-kill": 100.0}
    found = planned(*FREE, known=known).shards()
    assert [each.scenarios for each in found] == [("pod-kill",), tuple(sorted(FREE[1:]))]
    assert found[0].files == ("controller-manager/pod-kill.yaml",)


def test_all_cases_of_a_file_that_a_shard_has_are_one_file() -> None:
    (found,) = planned("workflow-task", shards=1).shards()
    assert len(found.scenarios) > 1
    assert found.files == ("controller-manager/workflow-task.yaml",)


def test_what_is_skipped_disturbs_nobody() -> None:
    one, other = _that_count_the_same()
    assert len(plan([one, other], 2, DEFAULT, 1.0, {}, whole=False).shards()) == 2
    with pytest.raises(TooManyShardsError):
        plan([one, other], 2, EXCLUSIVE, 1.0, {}, whole=False)


def _that_count_the_same() -> tuple[ScenarioFile, ScenarioFile]:
    """Return two that only `--exclusive` lets run, and that take turns."""
    known = catalogue()
    found = [
        (file, conflicts)
        for path in sorted((bundled.scenarios() / "daemon").glob("*.yaml"))
        for file in load(path)
        if (conflicts := conflicts_of(file, known)).looks and not (conflicts.alone or conflicts.breaks)
    ]
    pairs = itertools.combinations(found, 2)
    return next((one[0], other[0]) for one, other in pairs if one[1].meets(other[1]))


def test_more_shards_than_possible_are_refused_before_anything_is_started() -> None:
    with pytest.raises(TooManyShardsError) as caught:
        planned(*FREE, shards=9)
    assert "use --shards 4" in caught.value.next_step


def test_scenarios_of_the_users_own_are_not_in_the_image(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text((FOLDER / "pod-kill.yaml").read_text())
    with pytest.raises(UsageError, match=r"own\.yaml does not ship with the harness"):
        plan(load(own), 1, DEFAULT, 1.0, {}, whole=False)


def test_a_job_has_all_the_time_of_its_longest_shard() -> None:
    found = planned(*FREE, known={"pod-kill": 100.0})
    timeouts = {file.name: file.scenario.timeout for file in files(*FREE)}
    longest = max(sum(timeouts[name] for name in part) for part in found.division.parts)
    assert found.seconds(found.division.parts) == 600 + round(longest)


def test_a_shard_without_a_report_is_not_run_and_the_others_are_reported(tmp_path: Path) -> None:
    run = joined(words=())
    end = ShardEnd(2, None, "OOMKilled: it needed more memory than its limit")
    folders = [_report(run, tmp_path / "1"), without_report(run, end, tmp_path)]
    merged = merge(tmp_path / "report", folders)
    assert merged.came_to.exit_code == ExitCode.INFRASTRUCTURE
    results = read(tmp_path / "report/results.json", next_step="")
    assert [each.name for each in results.scenarios] == ["a"]
    (left,) = results.not_run
    assert (left.name, left.file) == ("b", "scenarios/daemon/b.yaml")
    assert left.reason == "shard 2/2: it has no report: OOMKilled: it needed more memory than its limit"
    assert [each.run for each in results.run.merged] == [RUN, RUN]


def test_when_no_shard_has_a_report_all_of_it_was_not_run(tmp_path: Path) -> None:
    run = joined(words=())
    folders = [without_report(run, ShardEnd(number, None, "Evicted"), tmp_path) for number in (1, 2)]
    merged = merge(tmp_path / "report", folders)
    assert merged.came_to.exit_code == ExitCode.INFRASTRUCTURE
    assert [each.name for each in merged.results.not_run] == ["a", "b"]


def test_without_its_chaos_a_run_is_merged_of_runs_without_their_chaos(tmp_path: Path) -> None:
    run = joined(words=("--control",))
    without_report(run, ShardEnd(1, None, "Evicted"), tmp_path)
    text = json.loads((tmp_path / "1-without-report/results.json").read_text())
    assert text["run"]["options"] == {"shard": "1/2", "control": "True"}


def _report(run: JoinedRun, folder: Path) -> Path:
    shard = Shard(number=1, of=2, scenarios=run.scenarios)
    results = Results(run=Run(id=run.run, harness="0.1.0", started="2026-11-30T00:00:00+00:00", shard=shard))
    results.run.exit_code, results.run.complete = 0, True
    results.run.ended = results.run.started
    results.run.planned = 1
    results.add(ScenarioResult(name="a", file="scenarios/daemon/a.yaml"))
    results.write(folder)
    return folder


class Caller:
    """Stands for all that needs a cluster."""

    def __init__(self, outcome: ClusterOutcome | BaseException) -> None:
        self.outcome = outcome
        self.called: list[Any] = []

    def run(self, caller: ClusterCaller) -> ClusterOutcome:
        self.called.append(caller)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


def run_pytest(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, caller: Caller, words: Sequence[str]
) -> pytest.RunResult:
    def run(self: ClusterCaller) -> ClusterOutcome:
        return caller.run(self)

    monkeypatch.setattr(in_cluster.ClusterCaller, "run", run)
    return pytester.runpytest_inprocess(*PLUGINS, "-p", "no:cacheprovider", *words)


ONE = str(FOLDER / "pod-kill.yaml")


def test_the_run_ends_with_what_the_shards_came_to(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = Caller(ClusterOutcome(6, ["shard 1/1 has no report: Evicted"]))
    done = run_pytest(pytester, monkeypatch, caller, ["--in-cluster", ONE])
    assert done.ret == 6
    done.stdout.fnmatch_lines(["shard 1/1 has no report: Evicted", "*1 in the cluster in *"])
    assert len(caller.called) == 1


def test_all_passed(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run_pytest(pytester, monkeypatch, Caller(ClusterOutcome(0, ["fine"])), ["--in-cluster", ONE])
    assert done.ret == 0


def test_a_refusal_has_its_exit_code_and_no_traceback(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run_pytest(pytester, monkeypatch, Caller(UsageError("no", next_step="go")), ["--in-cluster", ONE])
    assert done.ret == ExitCode.USAGE
    done.stdout.fnmatch_lines(["no", "  next step: go"])
    done.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_an_interrupted_run_without_a_report(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run_pytest(pytester, monkeypatch, Caller(KeyboardInterrupt()), ["--in-cluster", ONE])
    assert done.ret == ExitCode.INTERRUPTED


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--shard", "1/2"], "--shard"),
        (["--uml-worker"], "--uml-worker"),
        (["--clusters", "2"], "--clusters"),
        (["--context", "c", "--prometheus-url", "http://p"], "--prometheus-url"),
        (["--junitxml=x.xml"], "--junitxml"),
    ],
)
def test_what_cannot_go_with_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, words: list[str], named: str
) -> None:
    caller = Caller(ClusterOutcome(0, []))
    done = run_pytest(pytester, monkeypatch, caller, ["--in-cluster", ONE, *words])
    assert done.ret == ExitCode.USAGE
    done.stdout.fnmatch_lines([f"{named} cannot go with --in-cluster"])
    assert not caller.called


def test_tests_of_other_kinds_are_refused(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    test = pytester.makepyfile("def test_x(): pass")
    done = run_pytest(pytester, monkeypatch, Caller(ClusterOutcome(0, [])), ["--in-cluster", ONE, str(test)])
    assert done.ret == ExitCode.USAGE
    done.stdout.fnmatch_lines(["1 test of other kinds cannot run in the cluster"])


def test_a_shard_runs_what_it_was_given_and_knows_all_of_the_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "run.json").write_text(joined().model_dump_json())
    monkeypatch.setenv("CHAOS_HARNESS_JOINED_RUN", str(tmp_path / "run.json"))
    done = pytester.runpytest_inprocess(*PLUGINS, "-p", "no:cacheprovider", "--shard", "1/2", ONE)
    assert done.ret == ExitCode.USAGE
    done.stderr.fnmatch_lines(["*the image of the harness lacks 1 scenario: a*"])


class Faked:
    """All that a caller asks of a cluster, and what becomes of the shards of each Job."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.did: list[str] = []
        self.ends: dict[int, ShardEnd | BaseException] = {}
        self.tmp_path = tmp_path
        self.joined: JoinedRun | None = None
        faked = self

        class Cluster:
            def create(self, body: dict[str, Any]) -> None:
                faked.did.append(f"create {body['kind']}")
                if body["kind"] == "ConfigMap":
                    faked.joined = JoinedRun.model_validate_json(body["data"]["run.json"])

            def delete(self, kind: str, name: str, namespace: str) -> None:
                faked.did.append(f"delete {kind}")

        class Shards:
            def __init__(self, cluster: Cluster, job: ShardJob, *_: object) -> None:
                self.left = list(range(job.first, job.first + job.shards))

            def ends(self, _: object) -> Iterator[ShardEnd]:
                while self.left:
                    end = faked.ends.pop(self.left[0], None) or faked.report(self.left[0])
                    if isinstance(end, BaseException):
                        raise end
                    self.left.pop(0)
                    yield end

        held = SimpleNamespace(identity="me", holds=lambda: True)
        monkeypatch.setattr(existing, "held", lambda *_: contextlib.nullcontext(held))
        monkeypatch.setattr(existing, "identity", lambda _: "identity")
        monkeypatch.setattr(in_cluster, "up", lambda *_, **__: handle())
        monkeypatch.setattr(connection, "connect", lambda *_, **__: Cluster())
        monkeypatch.setattr(in_cluster, "sweep", self.sweep)
        monkeypatch.setattr(account, "make", lambda *_: ["account"])
        monkeypatch.setattr(account, "remove", lambda _, made: self.did.append(f"remove {made[0]}"))
        monkeypatch.setattr(
            follow,
            "remove",
            lambda _, selector="all", *__, **___: self.did.append(f"clean {selector}"),
        )
        monkeypatch.setattr(in_cluster, "Shards", Shards)

    def sweep(self, cluster: object, run: str, *_: object) -> Swept:
        self.did.append(f"sweep for {run or 'nobody'}")
        return Swept()

    def report(self, number: int) -> ShardEnd:
        assert self.joined is not None
        run, folder = self.joined, self.tmp_path / f"shard-{number}"
        shard = Shard(number=number, of=len(run.shards), scenarios=run.scenarios)
        results = Results(
            run=Run(id=run.run, harness="0.1.0", started="2026-11-30T00:00:00+00:00", shard=shard)
        )
        results.run.exit_code, results.run.complete, results.run.ended = 0, True, results.run.started
        for name in run.shards[number - 1].scenarios:
            results.add(ScenarioResult(name=name, file=run.scenarios[name]))
        results.write(folder)
        return ShardEnd(number, folder)

    def run(self, *names: str, shards: int = 2, use: SharedUse = DEFAULT) -> ClusterOutcome:
        given = {
            "allow_disruption": use.disruption,
            "exclusive": use.exclusive,
            "harness_image": "registry/harness:1",
            "allow_namespace": [],
            "parallel": 2,
            "scrape_interval": 1.0,
        }
        what = plan(files(*names), shards, use, 1.0, {}, whole=False)
        caller = ClusterCaller(UpOptions(), what, self.tmp_path / "report", RUN, given.get)
        return caller.run()


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Faked:
    monkeypatch.setenv("CHAOS_HARNESS_CACHE", str(tmp_path / "cache"))
    return Faked(monkeypatch, tmp_path)


CLEAN = f"clean chaos-harness/in-cluster={RUN}"


def test_nothing_is_left_behind_and_all_is_in_one_report(faked: Faked, tmp_path: Path) -> None:
    came_to = faked.run(*FREE)
    assert came_to.exit_code == 0
    assert faked.did == [
        "clean all",
        f"sweep for {RUN}",
        "create ConfigMap",
        "create Job",
        CLEAN,
        "remove account",
        "sweep for nobody",
    ]
    results = read(tmp_path / "report/results.json", next_step="")
    assert sorted(each.name for each in results.scenarios) == sorted(FREE)
    assert not [*tmp_path.glob(".report-shards-*")]


def test_nothing_of_this_machine_goes_into_the_cluster(faked: Faked, tmp_path: Path) -> None:
    faked.run(*FREE)
    assert faked.joined is not None
    assert str(bundled.root()) not in faked.joined.model_dump_json()
    assert {"--parallel", "2", "--scrape-interval", "1.0"} <= {*faked.joined.words}


def test_what_runs_alone_comes_after_all_others(faked: Faked) -> None:
    known = catalogue()
    alone = next(
        file
        for path in sorted(FOLDER.glob("*.yaml"))
        for file in load(path)
        if conflicts_of(file, known).breaks and file.script is None
    )
    came_to = faked.run(*FREE, alone.path.stem, use=SharedUse(exclusive=True, disruption=True), shards=1)
    assert came_to.exit_code == 0
    assert faked.did.count("create Job") == 2
    assert faked.joined is not None
    assert alone.name in faked.joined.shards[-1].scenarios


def test_the_first_line_says_which_shard_has_no_report(faked: Faked) -> None:
    faked.ends[2] = ShardEnd(2, None, "ImagePullBackOff: no such", ("a line",), about_image=True)
    came_to = faked.run(*FREE)
    assert came_to.exit_code == ExitCode.INFRASTRUCTURE
    assert came_to.lines[:3] == [
        "shard 2/2 has no report: ImagePullBackOff: no such",
        "  a line",
        "  next step: name an image that the nodes have, or can pull: --harness-image IMAGE",
    ]
    assert CLEAN in faked.did


def test_ctrl_c_deletes_the_job_and_takes_the_reports_of_what_has_ended(faked: Faked) -> None:
    faked.ends[2] = KeyboardInterrupt()
    came_to = faked.run(*FREE)
    assert came_to.exit_code == ExitCode.INTERRUPTED
    assert faked.did[-4:] == ["delete Job", CLEAN, "remove account", "sweep for nobody"]


def test_a_second_ctrl_c_waits_for_no_report(faked: Faked) -> None:
    class Again(dict[int, Any]):
        def pop(self, *_: Any) -> BaseException:
            return KeyboardInterrupt()

    faked.ends = Again()
    with pytest.raises(KeyboardInterrupt):
        faked.run(*FREE)
    assert faked.did[-3:] == ["delete Job", CLEAN, "remove account"]
