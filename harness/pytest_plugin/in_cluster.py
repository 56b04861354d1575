"""`--in-cluster`: divides scenarios among shards, runs these as pods of the cluster, merges their reports."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import harness
from harness.base import bundled, places
from harness.base.errors import ExitCode, HarnessError, UsageError
from harness.base.files import cannot_write
from harness.base.progress import Progress
from harness.base.redaction import redact
from harness.base.words import count
from harness.chaosmesh import access
from harness.chaosmesh.catalogue.own import catalogue_of
from harness.chaosmesh.sweep import sweep
from harness.kubernetes.client import Cluster
from harness.kubernetes.namespaces import HARNESS_NAMESPACE
from harness.pytest_plugin import options
from harness.pytest_plugin.session import RUN_SESSION
from harness.results import last_durations, results
from harness.results.folder import ReportFolder
from harness.results.results import NotRun, Results, Run
from harness.results.shard import Shard
from harness.runner.conflicts import Conflicts, conflicts_of
from harness.runner.duration import expected_seconds, time_limit
from harness.runner.interrupts import SIGNALS
from harness.runner.needs import SharedUse, needs_of
from harness.runner.one_cluster import OneClusterDivision, divided_on_one_cluster
from harness.scenario.load import ScenarioFile
from harness.stack import connection
from harness.stack.existing import use as existing
from harness.stack.existing.refusal import explained
from harness.stack.handle import StackHandle
from harness.stack.in_cluster import account, follow, job
from harness.stack.in_cluster.follow import ShardEnd, Shards
from harness.stack.in_cluster.job import ShardJob
from harness.stack.in_cluster.joined import JoinedRun, ShardOfRun
from harness.stack.lock import Held
from harness.stack.options import UpOptions, up_options
from harness.stack.up import up

_START_SECONDS = 600
"""Of a shard beside its scenarios: for its image, its start and its end."""
_PASSED_ON = ("--control", "--exclusive", "--allow-disruption", "--audit")
_VALUES_PASSED_ON = ("--parallel", "--scrape-interval")
_REFUSED = ("--prometheus-url", "--uml-worker", "--shard", "--clusters")


@dataclass(frozen=True)
class ClusterPlan:
    """What is to be run in the cluster.

    Attributes:
        files: the scenarios, in the order of the files.
        division: among shards, by their names.
        whole: all scenarios that ship with the harness are among them.
        interval: between two scrapes, seconds.
    """

    files: tuple[ScenarioFile, ...]
    division: OneClusterDivision
    whole: bool
    interval: float

    def shards(self) -> tuple[ShardOfRun, ...]:
        """Return what each shard is told."""
        of = {file.name: file for file in self.files}
        root = bundled.scenarios()
        return tuple(
            ShardOfRun(
                scenarios=tuple(sorted(part)),
                files=tuple(sorted({of[name].path.relative_to(root).as_posix() for name in part})),
            )
            for part in self.division.parts
        )

    def seconds(self, parts: Sequence[frozenset[str]]) -> int:
        """Return after how long shards are ended: when each scenario has had all of its time, one by one."""
        limits = {file.name: time_limit(file.scenario, self.interval) for file in self.files}
        return _START_SECONDS + round(max(sum(limits[name] for name in part) for part in parts))


def plan(
    files: Sequence[ScenarioFile],
    shards: int,
    use: SharedUse,
    interval: float,
    known: Mapping[str, float],
    *,
    whole: bool,
) -> ClusterPlan:
    """Divide scenarios among shards.

    Args:
        files: the scenarios.
        shards: how many are to run beside each other.
        use: what they may do there: what is skipped disturbs nobody.
        interval: between two scrapes, seconds.
        known: how long scenarios took the last time.
        whole: all that ship with the harness are among them.

    Raises:
        UsageError: one does not ship with the harness, or there are too many shards.
    """
    own = [file for file in files if not file.path.is_relative_to(bundled.scenarios())]
    if own:
        raise UsageError(
            f"{own[0].path} does not ship with the harness, and the image has only scenarios that do",
            next_step="leave --in-cluster out for scenarios of your own, or put them into a checkout",
        )
    conflicts = {}
    for file in files:
        catalogue = catalogue_of(file.path)
        skipped = needs_of(file, catalogue).refused(use)
        conflicts[file.name] = Conflicts() if skipped else conflicts_of(file, catalogue)
    seconds = {file.name: known.get(file.name) or expected_seconds(file.scenario, interval) for file in files}
    return ClusterPlan(tuple(files), divided_on_one_cluster(conflicts, seconds, shards), whole, interval)


class InClusterRun:
    """A plugin that has shards in the cluster run what is collected."""

    def __init__(
        self,
        config: pytest.Config,
        by_files: Callable[[pytest.Session], list[tuple[str, ScenarioFile]]],
        whole: Callable[[pytest.Session], bool],
    ) -> None:
        self._by_files, self._whole = by_files, whole
        self._config = config
        self._exit_code: int | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run the scenarios there, in place of here."""
        if session.testsfailed or session.config.getoption("collectonly") or not session.items:
            return None
        reporter = self._config.pluginmanager.getplugin("terminalreporter")
        capture = self._config.pluginmanager.getplugin("capturemanager")
        with contextlib.ExitStack() as shown:
            if capture is not None:
                shown.enter_context(capture.global_and_fixture_disabled())
            lines = self._run(session)
        if reporter is not None:
            reporter.stats["in the cluster"] = [*session.items]
            for line in ["", *lines]:
                reporter.write_line(redact(line))
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, Any, Any]:
        """End with what the shards came to."""
        try:
            return (yield)
        finally:
            if self._exit_code is not None:
                session.exitstatus = self._exit_code

    def _run(self, session: pytest.Session) -> list[str]:
        try:
            with _signals(), places.reported():
                came_to = self._caller(session).run()
        except HarnessError as error:
            self._exit_code = error.exit_code
            return error.render().splitlines()
        except KeyboardInterrupt:
            self._exit_code = ExitCode.INTERRUPTED
            return ["interrupted: there is no report"]
        self._exit_code = came_to.exit_code
        return came_to.lines

    def _caller(self, session: pytest.Session) -> ClusterCaller:
        value = options.of(self._config)
        chosen = up_options(value)
        refused = [name for name, given in zip(_REFUSED, self._refused(value, chosen), strict=True) if given]
        if self._config.getoption("xmlpath", None):
            refused.append("--junitxml")
        if refused:
            raise UsageError(
                f"{', '.join(refused)} cannot go with --in-cluster",
                next_step="leave it out; JUnit's XML is in the merged report",
            )
        found = self._by_files(session)
        if len(found) != len(session.items):
            raise UsageError(
                f"{count(len(session.items) - len(found), 'test')} of other kinds cannot run in the cluster",
                next_step="name scenarios only",
            )
        planned = plan(
            [file for _, file in found],
            value("shards"),
            SharedUse(value("exclusive"), value("allow_disruption")),
            value("scrape_interval"),
            last_durations.read(),
            whole=self._whole(session),
        )
        run = self._config.stash[RUN_SESSION]
        return ClusterCaller(chosen, planned, run.report, run.results.run.id, value)

    @staticmethod
    def _refused(value: Callable[[str], Any], chosen: UpOptions) -> tuple[bool, ...]:
        several = value("clusters") > 1
        return bool(value("prometheus_url")), chosen.uml_worker, value("shard") is not None, several


@dataclass(frozen=True)
class ClusterOutcome:
    """What a run in the cluster came to.

    Attributes:
        exit_code: docs/exit-codes.md.
        lines: for a person.
    """

    exit_code: int
    lines: list[str]


class ClusterCaller:
    """Runs shards in the cluster, from the first look at it to the merged report."""

    def __init__(
        self, chosen: UpOptions, planned: ClusterPlan, report: Path, run: str, value: Callable[[str], Any]
    ) -> None:
        """Prepare; nothing is done yet.

        Args:
            chosen: the options of the stack.
            planned: what to run.
            report: the folder of the merged report.
            run: the id of the run.
            value: gives the value of each option.
        """
        self._chosen, self._plan, self._report, self._id, self._value = chosen, planned, report, run, value
        self._progress = Progress()
        self._interrupted = False

    def run(self) -> ClusterOutcome:
        """Do it all.

        Raises:
            HarnessError: the stack, an image or the permission is not there, or a report cannot be written.
            KeyboardInterrupt: interrupted before a shard had a report.
        """
        from harness.report.merging.merge import JUNIT, merge

        ReportFolder(self._report, beside=[self._report / JUNIT]).check()
        self._report.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{self._report.name}-shards-", dir=self._report.parent))
        try:
            with existing.held(self._chosen, f"run {self._id}") as held:
                ends, joined = self._in_cluster(folder, held)
            if self._interrupted and not any(end.folder for end in ends):
                raise KeyboardInterrupt
            folders = [end.folder or without_report(joined, end, folder) for end in ends]
            merged = merge(self._report, folders)
        except OSError as error:
            raise cannot_write(error, "name another folder with --report") from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        code = ExitCode.INTERRUPTED if self._interrupted else merged.came_to.exit_code
        missing = [line for end in ends if end.folder is None for line in _missing(end, len(ends))]
        return ClusterOutcome(code, [*missing, *merged.lines()])

    def _in_cluster(self, folder: Path, held: Held) -> tuple[list[ShardEnd], JoinedRun]:
        from harness import image_build
        from harness.image_build.published import image_names

        handle = up(
            self._chosen,
            self._progress,
            held,
            prepare_images=image_build.prepare,
            image_names=image_names,
            disruption=self._value("allow_disruption"),
        )
        with explained(handle.context):
            if self._chosen.existing is None:
                cluster = connection.connect(handle)
            else:
                cluster = existing.connect(self._chosen.existing)[0]
                access.check(cluster, handle.chaos_mesh_namespace, ["in-cluster"])
            image = self._image(handle)
            follow.remove(cluster, progress=self._progress)
            self._sweep(handle, self._id)
            with contextlib.ExitStack() as undo:
                if self._chosen.existing is None:
                    undo.callback(account.remove, cluster, account.make(cluster, handle.chaos_mesh_namespace))
                else:
                    account.check(cluster)
                joined = self._joined(handle, held)
                ends = self._shards(cluster, joined, image, folder, held)
            # Of shards that were killed, too; none of this run lives any more.
            self._sweep(handle, "")
        return ends, joined

    def _shards(
        self, cluster: Cluster, joined: JoinedRun, image: str, folder: Path, held: Held
    ) -> list[ShardEnd]:
        identity = existing.identity(cluster)
        parts, beside = self._plan.division.parts, len(self._plan.division.beside)
        waves = [wave for wave in (range(beside), range(beside, len(parts))) if wave]
        ends: list[ShardEnd] = []
        try:
            cluster.create(job.config_map(joined, identity))
            for wave in waves:
                if self._interrupted:
                    ends += [ShardEnd(index + 1, None, "the run was interrupted") for index in wave]
                    continue
                seconds = self._plan.seconds([parts[index] for index in wave])
                one = ShardJob(joined.run, wave[0] + 1, len(wave), image, seconds, identity)
                self._progress.say(
                    f"starting {count(len(wave), 'shard')} of {len(parts)}: "
                    f"{' and '.join(str(len(parts[index])) for index in wave)} scenarios"
                )
                cluster.create(one.body())
                ends += self._ends(Shards(cluster, one, joined.secret, folder, held.holds), cluster, one)
        finally:
            follow.remove(cluster, f"{job.LABEL}={joined.run}", self._progress)
        return sorted(ends, key=lambda end: end.number)

    def _ends(self, shards: Shards, cluster: Cluster, one: ShardJob) -> Iterator[ShardEnd]:
        try:
            for end in shards.ends(self._progress):
                self._tell(end)
                yield end
        except KeyboardInterrupt:
            # Once more, and it is not waited for what they have until now.
            self._interrupted = True
            self._progress.say("interrupted: waiting until the shards have cleaned up, for their reports")
            cluster.delete("Job", one.name, HARNESS_NAMESPACE)
            yield from shards.ends(self._progress)

    def _tell(self, end: ShardEnd) -> None:
        came = "has handed out its report" if end.folder else f"has no report: {end.why}"
        self._progress.say(f"shard {end.number} {came}")

    def _joined(self, handle: StackHandle, held: Held) -> JoinedRun:
        words = [name for name in _PASSED_ON if self._value(name[2:].replace("-", "_"))]
        for name in _VALUES_PASSED_ON:
            words += [name, str(self._value(name[2:].replace("-", "_")))]
        if self._chosen.existing is None:
            # Only told in the results.
            words += ["--cluster", self._chosen.cluster]
        for namespace in self._value("allow_namespace"):
            words += ["--allow-namespace", namespace]
        return JoinedRun(
            run=self._id,
            holder=held.identity,
            secret=secrets.token_hex(16),
            # Nothing of this machine.
            handle=handle.model_copy(update={"kubeconfig": Path("kubeconfig"), "durations": {}}),
            scenarios={file.name: bundled.shown(file.path) for file in self._plan.files},
            whole=self._plan.whole,
            shards=self._plan.shards(),
            words=tuple(words),
        )

    def _image(self, handle: StackHandle) -> str:
        if (given := self._value("harness_image")) is not None:
            return str(given)
        if handle.images != "source":
            raise UsageError(
                "the image of the harness is built and loaded where images come from source only",
                next_step="build it (chaos-harness build harness-image), push it to a registry of the "
                "nodes, and name it with --harness-image IMAGE",
            )
        from harness.image_build import harness_image
        from harness.stack.state import StateFolder

        logs = StateFolder(self._chosen.place).logs
        return harness_image.on_nodes(self._chosen.cluster, progress=self._progress, logs=logs)

    def _sweep(self, handle: StackHandle, run: str) -> None:
        disruption = self._value("allow_disruption")
        cluster = connection.connect(handle, run=run, disruption=disruption)
        swept = sweep(cluster, run, handle.identity, handle.chaos_mesh_namespace)
        for name in swept.removed:
            self._progress.say(f"removed what was left: namespace {name}")
        for line in swept.warnings(self._chosen.words):
            self._progress.say(line)


def without_report(joined: JoinedRun, end: ShardEnd, folder: Path) -> Path:
    """Write results for a shard that has no report, of which nothing was run; return their folder."""
    number, of = end.number, len(joined.shards)
    run = Run(
        id=joined.run,
        harness=harness.__version__,
        started=results.now(),
        options={"shard": f"{number}/{of}", **({"control": "True"} if "--control" in joined.words else {})},
        planned=len(joined.shards[number - 1].scenarios),
        complete=False,
        exit_code=ExitCode.INFRASTRUCTURE,
        shard=Shard(number=number, of=of, scenarios=joined.scenarios, whole=joined.whole),
    )
    not_run = [
        NotRun(name=name, file=joined.scenarios[name], reason=f"it has no report: {end.why}")
        for name in joined.scenarios
        if name in joined.shards[number - 1].scenarios
    ]
    found = Results(run=run, not_run=not_run)
    found.count()
    return found.write(folder / f"{number}-without-report").parent


def _missing(end: ShardEnd, of: int) -> Iterator[str]:
    yield f"shard {end.number}/{of} has no report: {end.why}"
    yield from (f"  {line}" for line in end.log)
    if end.about_image:
        yield "  next step: name an image that the nodes have, or can pull: --harness-image IMAGE"


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """Have what ends a job or closes a terminal interrupt the block, as Ctrl-C does."""

    def came(number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    numbers = [each for each in SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    before = {number: signal.signal(number, came) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
