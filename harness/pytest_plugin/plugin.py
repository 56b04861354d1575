"""The pytest plugin: collects scenario files, runs them on the stack, writes report/results.json.

Registered twice on purpose: by the entry point of an installed wheel, and from a checkout by name
(`-p harness.pytest_plugin.plugin`). Both names are the same, so pytest loads it once.
"""

from __future__ import annotations

import contextlib
import os
import traceback
import types
from collections.abc import Callable, Generator, Iterator
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from _pytest.junitxml import LogXML, xml_key

import harness
from harness.base import bundled, redaction
from harness.base.errors import DefectError, ExitCode, HarnessError, InfrastructureError
from harness.base.redaction import redact, redact_shapes
from harness.base.words import count
from harness.judge.finding import Verdict
from harness.lint import python
from harness.lint.check import load_checked
from harness.lint.python import is_python_scenario
from harness.pytest_plugin import fixtures, further_clusters, options, other_plugins
from harness.pytest_plugin.failure import ScenarioFailureRepr, on_terminal
from harness.pytest_plugin.fixtures import CleanupFailedError
from harness.pytest_plugin.in_cluster import InClusterRun
from harness.pytest_plugin.live import Live
from harness.pytest_plugin.screen import PytestScreen
from harness.pytest_plugin.session import RUN_SESSION, RunSession
from harness.pytest_plugin.start_order import StartOrder
from harness.report import github, summary
from harness.report.checks import RunCheck
from harness.report.fields import durations
from harness.report.junit import junit_properties, junit_reports, not_run_reports
from harness.report.outcome import RunEnding, RunOutcome, outcome
from harness.report.terminal import wrapped
from harness.report.view import first_lines, first_place
from harness.results import last_durations
from harness.results.concealed import secrets_of
from harness.results.places import document_path
from harness.results.scenario import ScenarioResult
from harness.results.shard import Shard
from harness.runner.duration import expected_seconds
from harness.runner.needs import SharedUse
from harness.runner.observer import Observer
from harness.runner.scenario_runs import RunPlan
from harness.runner.shard import ShardNumber, divided
from harness.scenario.discover import discover, is_scenario_file
from harness.scenario.load import ScenarioFile
from harness.scenario.names import TakenNames
from harness.scenario.problem import ScenarioError as WrongScenario
from harness.stack.in_cluster import joined
from harness.stack.in_cluster.joined import JoinedRun
from harness.stack.options import up_options

WRONG_FILES = pytest.StashKey[list[Path]]()
NAMES = pytest.StashKey[TakenNames]()
"""Of the scenarios so far, by the name that folders and Kubernetes have."""
START_ORDER = pytest.StashKey[StartOrder]()
SHARD = pytest.StashKey[Shard]()
JOINED = pytest.StashKey[JoinedRun | None]()
"""The run in the cluster that this one is a shard of."""
SELECTED = pytest.StashKey[bool]()
"""There when some of the collected items are not to be run."""
SCREEN = pytest.StashKey[PytestScreen]()
FOR_CI = pytest.StashKey[list[str]]()
OUTCOME = pytest.StashKey[RunOutcome]()
SUMMARIZED = pytest.StashKey[bool]()
"""The last lines were written."""
OTHER_FAILURES = pytest.StashKey[list[str]]()
"""Node ids of what failed for another reason than the infrastructure."""


class ScenarioFailedError(Exception):
    """A scenario's expectations did not hold, or a step failed."""

    def __init__(self, result: ScenarioResult) -> None:
        super().__init__(first_lines(result))
        self.result = result


class ScenarioInconclusiveError(ScenarioFailedError):
    """A scenario could not be decided because of the infrastructure."""


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options of the stack and of the report."""
    options.add(parser, pluginmanager)


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the run; nothing is started before the first scenario needs it."""
    config.addinivalue_line(
        "markers", "scenario: every scenario file has this marker and one for each of its tags"
    )
    config.pluginmanager.register(fixtures, "harness.fixtures")
    redaction.remember(redaction.secrets_of_environment(os.environ, options.value(config, "secret")))
    config.stash[WRONG_FILES] = []
    config.stash[NAMES] = TakenNames()
    config.stash[OTHER_FAILURES] = []
    config.stash[JOINED] = _joined()
    stack, clusters = up_options(options.of(config)), options.value(config, "clusters")
    further_clusters.check(clusters, options.value(config, "parallel"), stack)
    config.stash[RUN_SESSION] = RunSession.from_options(
        stack,
        control=options.value(config, "control"),
        allowed_namespaces=options.value(config, "allow_namespace"),
        shared=SharedUse(options.value(config, "exclusive"), options.value(config, "allow_disruption")),
        report=Path(config.invocation_params.dir) / _report_folder(config),
        beside=[Path(xml)] if (xml := config.getoption("xmlpath", None)) else [],
        joined=config.stash[JOINED],
        clusters=clusters,
    )
    config.pluginmanager.register(InternalErrors(config.stash[RUN_SESSION]), "harness.internal-errors")
    config.pluginmanager.register(JunitCases(config), "harness.junit-cases")
    config.stash[START_ORDER] = StartOrder(
        _file_of, options.value(config, "parallel"), options.value(config, "order")
    )
    config.pluginmanager.register(config.stash[START_ORDER], "harness.start-order")
    if options.value(config, "in_cluster"):
        config.pluginmanager.register(InClusterRun(config, _by_files, _all_asked_for), "harness.in-cluster")


def _joined() -> JoinedRun | None:
    try:
        return joined.of_environment()
    except HarnessError as error:
        # As pytest's own, which it shows without a traceback.
        raise pytest.UsageError(error.render()) from error


class InternalErrors:
    """Keeps what pytest calls an internal error: whatever was raised outside of a test."""

    def __init__(self, run: RunSession) -> None:
        self._run = run

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Keep it for the last lines and the exit code, where scenarios were to run."""
        if self._run.plan.to_run:
            self._run.keep_trouble(excinfo.value, "go on")


class JunitCases:
    """Gives scenarios in JUnit's XML their own time, and `file` and `line` of what failed first.

    pytest takes the latter out of a test case unless its old format was asked for, and counts bringing up the
    stack to the first scenario.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        """Add them when pytest has made the test case, which it does after the tear-down."""
        result = self._config.stash[RUN_SESSION].result_of(report.nodeid)
        if result is None or report.when != "teardown":
            return (yield)
        cases = [xml.node_reporter(report) for xml in _junit(self._config)]
        yield
        place = first_place(result)
        for case in cases:
            element = case.to_xml()
            element.set("file", place.file)
            element.set("line", str(place.line))
            element.set("time", f"{result.seconds:.3f}")


def _file_of(item: pytest.Item) -> ScenarioFile | None:
    return item.file if isinstance(item, ScenarioItem) else None


def _report_folder(config: pytest.Config) -> str:
    chosen: str | None = options.value(config, "report")
    return chosen or ("report-control" if options.value(config, "control") else "report")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave to the other shards what is theirs; of what `-k` and `-m` have selected.

    Raises:
        UsageError: nothing is left for this one.
    """
    chosen: ShardNumber | None = options.value(config, "shard")
    if chosen is None:
        return
    if (run := config.stash[JOINED]) is not None:
        _leave_to_others(config, items, run, chosen)
        return
    known, interval = last_durations.read(), options.value(config, "scrape_interval")
    seconds = {item.nodeid: _seconds(item, known, interval) for item in items}
    mine = divided(seconds, chosen.of)[chosen.number - 1]
    if not mine and (number := len(items)):
        items.clear()
        # As pytest's own, which ends the collection.
        raise pytest.UsageError(
            f"--shard {chosen}: nothing is left for this part of {count(number, 'scenario')}; "
            f"use {count(number, 'shard')} at most"
        )
    config.stash[SHARD] = Shard(
        number=chosen.number,
        of=chosen.of,
        scenarios={file.name: bundled.shown(file.path) for _, file in _by_files(session)},
        whole=_all_asked_for(session),
    )
    others = [item for item in items if item.nodeid not in mine]
    items[:] = [item for item in items if item.nodeid in mine]
    if others:
        config.hook.pytest_deselected(items=others)


def _leave_to_others(
    config: pytest.Config, items: list[pytest.Item], run: JoinedRun, chosen: ShardNumber
) -> None:
    """Keep what the caller of a run in the cluster has given to this shard.

    Raises:
        UsageError: not all of it is here: the image has other scenarios than the caller.
    """
    wanted = set(run.shards[chosen.number - 1].scenarios)
    mine = [item for item in items if isinstance(item, ScenarioItem) and item.file.name in wanted]
    if missing := wanted - {item.name for item in mine}:
        items.clear()
        raise pytest.UsageError(
            f"the image of the harness lacks {count(len(missing), 'scenario')}: {', '.join(sorted(missing))}"
        )
    config.stash[SHARD] = Shard(number=chosen.number, of=chosen.of, scenarios=run.scenarios, whole=run.whole)
    others = [item for item in items if item not in mine]
    items[:] = mine
    if others:
        config.hook.pytest_deselected(items=others)


def _seconds(item: pytest.Item, known: dict[str, float], interval: float) -> float:
    """Return about how long an item takes: as long as the last time, or as its file says."""
    if not isinstance(item, ScenarioItem):
        return 1.0
    return known.get(item.file.name) or expected_seconds(item.file.scenario, interval)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """For `chaos-harness run`: without a path, take all scenarios that ship with the harness.

    Only pytest itself can tell a path from the value of an option.
    """
    if config.getoption("--without-path-all") and config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = [str(bundled.scenarios())]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a YAML file that holds a scenario; one named on the command line must hold one.

    A file with scenarios in Python is collected whatever its name.
    """
    if is_python_scenario(file_path) and not _collected_anyway(file_path, parent):
        return PythonModule.from_parent(parent, path=file_path)
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    if not (is_scenario_file(file_path) or parent.session.isinitpath(file_path)):
        return None
    # pytest has no name for a file outside of the root folder that was named itself.
    outside = None if file_path.is_relative_to(parent.config.rootpath) else str(file_path)
    module: pytest.Collector = ScenarioModule.from_parent(parent, path=file_path, nodeid=outside)
    return module


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Collect a file with scenarios in Python that pytest takes for one with tests, as it was named."""
    if not is_python_scenario(module_path):
        return None
    return PythonModule.from_parent(parent, path=module_path)


def _collected_anyway(path: Path, parent: pytest.Collector) -> bool:
    """Say whether pytest collects a Python file by itself: it was named, or has a test's name."""
    patterns: list[str] = parent.config.getini("python_files")
    return parent.session.isinitpath(path) or any(fnmatch(path.name, pattern) for pattern in patterns)


class ScenarioWarning(pytest.PytestWarning):
    """A scenario file can be used, and is probably not what its author means."""


class ScenarioModule(pytest.Module):
    """A scenario file as pytest sees it; it holds one item for each of its cases."""

    def _getobj(self) -> types.ModuleType:
        return types.ModuleType(self.path.stem)

    def _files(self, interval: float, allowed: list[str]) -> list[ScenarioFile]:
        return load_checked(self.path, interval, allowed)

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Load and check the file, and yield its items."""
        try:
            files = self._files(
                options.value(self.config, "scrape_interval"), options.value(self.config, "allow_namespace")
            )
            if taken := [*filter(None, map(self.config.stash[NAMES].take, files))]:
                raise WrongScenario(taken)
        except HarnessError:
            self.config.stash[WRONG_FILES].append(self.path)
            raise
        for warning in dict.fromkeys(warning for file in files for warning in file.warnings):
            self.warn(ScenarioWarning(str(warning)))
        for file in files:
            yield self._item(file)

    def _item(self, file: ScenarioFile) -> ScenarioItem:
        item: ScenarioItem = ScenarioItem.from_parent(self, name=file.name, callobj=_test_of(file))
        item.file = file
        # Here as well as where it runs, which is a process of its own.
        redaction.remember(secrets_of(file))
        item.add_marker("scenario")
        for tag in file.scenario.tags:
            self.config.addinivalue_line("markers", f"{tag}: a tag of scenario files")
            item.add_marker(tag)
        return item

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """Show a wrong file by its own message, not by our traceback."""
        if isinstance(excinfo.value, HarnessError):
            return redact(excinfo.value.render())
        return super().repr_failure(excinfo)


class PythonModule(ScenarioModule):
    """A file with scenarios in Python; each is rehearsed without a cluster first."""

    def _files(self, interval: float, allowed: list[str]) -> list[ScenarioFile]:
        return python.collected(self.path, interval, allowed)


class ScenarioItem(pytest.Function):
    """One scenario."""

    file: ScenarioFile

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Name the scenario by its file and line."""
        return self.path, self.file.positions.at(document_path("")).line - 1, self.name


def _test_of(file: ScenarioFile) -> Callable[..., None]:
    def test(run_scenario: Callable[[ScenarioFile], ScenarioResult]) -> None:
        _raise_verdict(run_scenario(file))

    return test


def _raise_verdict(result: ScenarioResult) -> None:
    """Raise what makes pytest report the verdict of a scenario."""
    match result.verdict:
        case Verdict.FAIL:
            raise ScenarioFailedError(result)
        case Verdict.ERROR:
            raise ScenarioInconclusiveError(result)
        case Verdict.SKIPPED:
            pytest.skip(result.reason or "a capability is missing")


def _raise_leftovers(result: ScenarioResult) -> None:
    if result.leftovers:
        raise CleanupFailedError([result])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Report known issues as expected failures, and trouble of the infrastructure as errors.

    pytest and JUnit call what fails outside the test's own call an error; a report that says it is of
    the set-up is how all their consumers are told.
    """
    outcome = yield
    report: pytest.TestReport = outcome.get_result()  # type: ignore[attr-defined]
    # What a scenario in Python prints, and what is logged meanwhile: it is shown, and in JUnit's XML.
    report.sections = [(title, redact(text)) for title, text in report.sections]
    error = call.excinfo.value if call.excinfo else None
    if report.failed and isinstance(item, ScenarioItem) and error and _is_defect(error):
        error = item.config.stash[RUN_SESSION].keep_trouble(error, f"run {item.name}")
    if report.failed and not (error and _is_infrastructure(error)):
        item.config.stash[OTHER_FAILURES].append(item.nodeid)
    if not isinstance(item, ScenarioItem):
        return
    if error and (message := _message(error)):
        report.longrepr = (
            ScenarioFailureRepr(error.result) if isinstance(error, ScenarioFailedError) else message
        )
    result = item.config.stash[RUN_SESSION].result_of(item.nodeid)
    if call.when == "call" and result is not None:
        item.config.stash[RUN_SESSION].was_reported(item.nodeid)
        # pytest measured how long it waited for a scenario that ran beside others.
        report.duration = result.seconds
        # Of the item: JUnit takes those of the report that comes last, of the tear-down.
        item.user_properties += junit_properties(result)
        report.user_properties = list(item.user_properties)
        if result.verdict is Verdict.KNOWN_ISSUE:
            must = [finding for finding in result.findings() if finding.level == "must"]
            ids = sorted({finding.known_issue for finding in must if finding.known_issue})
            report.outcome = "skipped"
            report.wasxfail = f"known issue: {', '.join(ids)}"
    if call.when == "call" and isinstance(
        error, ScenarioInconclusiveError | InfrastructureError | DefectError
    ):
        report.when = "setup"


def _message(error: BaseException) -> str | None:
    """Return what our own exceptions say, without a traceback; None for any other."""
    match error:
        case BaseExceptionGroup():
            # pytest groups what the tear-downs of several fixtures raise.
            messages = [_message(each) for each in error.exceptions]
            return None if None in messages else "\n".join(str(message) for message in messages)
        case ScenarioFailedError():
            return str(ScenarioFailureRepr(error.result))
        case CleanupFailedError():
            return str(error)
        case HarnessError():
            return redact(error.render())
    return None


def _is_infrastructure(error: BaseException) -> bool:
    """Say whether a failure says nothing about the product."""
    match error:
        case BaseExceptionGroup():
            return all(_is_infrastructure(each) for each in error.exceptions)
        case CleanupFailedError():
            return all(left.infrastructure for left in error.leftovers)
    return isinstance(error, ScenarioInconclusiveError | InfrastructureError | DefectError)


def _is_defect(error: BaseException) -> bool:
    """Say whether an exception that is none of ours came out of the harness, not of a fixture of somebody."""
    if _message(error) is not None:
        return False
    ours = Path(harness.__file__).parent
    frames = [Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)]
    return any(path.is_relative_to(ours) for path in frames)


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Remember that not all that was found is to be run."""
    for item in items[:1]:
        item.config.stash[SELECTED] = True


def pytest_collection_finish(session: pytest.Session) -> None:
    """End like Ctrl-C when CI cancels the job, so that the clean-up runs; only where scenarios run."""
    if session.config.getoption("collectonly") or not _scenarios(session):
        return
    if other_plugins.is_worker(session.config):
        # Of pytest-xdist, whose controller refuses to run what is collected here.
        return
    other_plugins.check(session.config, _scenarios(session))
    if options.value(session.config, "in_cluster"):
        # Shards in the cluster run them.
        return
    order, nodes = session.config.stash[START_ORDER], _by_files(session)
    parallel = options.value(session.config, "parallel")
    whole = frozenset(node for node, _ in nodes) if _all_asked_for(session) else None
    run, shard = session.config.stash[RUN_SESSION], session.config.stash.get(SHARD, None)
    audit = whole is not None or options.value(session.config, "audit") or (shard is not None and shard.whole)
    if shard is not None:
        run.results.run.shard = shard
        run.results.run.options["shard"] = str(options.value(session.config, "shard"))
    starts = [item.nodeid for item in _scenarios(session)] if order.applied or order.by_files else []
    run.begin(RunPlan(nodes, parallel, whole, _progress(session, parallel), audit, tuple(starts)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """Refuse to run scenarios by pytest-xdist, which collects in its workers and not where it decides."""
    files = {node.config.rootpath / each.partition("::")[0] for each in ids}
    if any(is_scenario_file(file) or is_python_scenario(file) for file in files):
        raise other_plugins.refusal_of_xdist()


def _by_files(session: pytest.Session) -> list[tuple[str, ScenarioFile]]:
    """Return node id and scenario of what is to be run, in the order of the files."""
    places = session.config.stash[START_ORDER].of_files
    items = sorted(_scenarios(session), key=lambda item: places.get(item.nodeid, len(places)))
    return [(item.nodeid, item.file) for item in items]


def _all_asked_for(session: pytest.Session) -> bool:
    """Say whether every scenario that ships with the harness is among those to be run."""
    if SELECTED in session.config.stash or any("::" in argument for argument in session.config.args):
        return False
    return set(discover([bundled.scenarios()])) <= {item.path for item in _scenarios(session)}


def _progress(session: pytest.Session, parallel: int) -> Observer:
    """Return what shows on the terminal how the scenarios go on."""
    manager = session.config.pluginmanager
    reporter, capture = manager.getplugin("terminalreporter"), manager.getplugin("capturemanager")
    if reporter is None or capture is None:
        return Observer()
    screen = session.config.stash[SCREEN] = PytestScreen(reporter, capture)
    names = [item.name for item in _scenarios(session)]
    usual = durations(session.config.stash[RUN_SESSION].report)
    return Live(screen, names, usual, session.config.get_verbosity(), parallel=parallel)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tell how pytest's own line begins, which lines of progress may come in the way of.

    A scenario that a plugin which nobody foresaw would run again ends the run: the first verdict stays.
    """
    if isinstance(item, ScenarioItem) and item.config.stash[RUN_SESSION].reported(item.nodeid):
        pytest.exit(other_plugins.run_twice(item.nodeid), ExitCode.USAGE)
    screen = item.config.stash.get(SCREEN, None)
    if screen is not None:
        verbose = item.config.get_verbosity(pytest.Config.VERBOSITY_TEST_CASES) > 0
        screen.at(None if verbose else item.path)


def _scenarios(session: pytest.Session) -> list[ScenarioItem]:
    return [item for item in getattr(session, "items", []) if isinstance(item, ScenarioItem)]


def _everything(session: pytest.Session, run: RunSession) -> bool:
    """Say whether all scenarios of the harness were run: every file of them, and every case."""
    if any(run.result_of(item.nodeid) is None for item in _scenarios(session)):
        # Such as after the first failure with -x.
        return False
    ran = {item.path.resolve() for item in _scenarios(session)}
    config = session.config
    selected = config.getoption("keyword") or config.getoption("markexpr") or config.getoption("deselect")
    wanted = {path.resolve() for path in discover([bundled.scenarios()])}
    named = any("::" in argument for argument in config.args)
    shard = options.value(config, "shard")
    part = shard is not None and shard.of > 1
    return not (selected or named or part or session.shouldstop) and wanted <= ran


def _tell_ci(session: pytest.Session, run: RunSession, checks: list[RunCheck]) -> list[str]:
    """Write the summary; return lines that a CI system reads, and what went wrong with the summary."""
    lines = []
    _tell_junit(session, run, checks)
    if run.own:
        with run.kept("write the summary for CI"):
            summary.write(run.results, run.report, checks)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        # First: GitHub shows ten of a step.
        lines += [github.error_of(each) for each in checks if each.verdict is not Verdict.PASS]
        root = Path(os.environ.get("GITHUB_WORKSPACE") or session.config.rootpath)
        for item in _scenarios(session):
            result = run.result_of(item.nodeid)
            if result is not None and isinstance(item, ScenarioItem):
                lines += github.errors(item.file, result, root)
    return lines


def _tell_junit(session: pytest.Session, run: RunSession, checks: list[RunCheck]) -> None:
    """Add the run's own checks to the XML, which was written before the run was over."""
    reports = [report for check in checks for report in junit_reports(check)]
    if run.interrupts.count or run.outage:
        items = {item.file.name: item for item in _scenarios(session)}
        for entry in run.results.not_run:
            item = items[entry.name]
            reports += not_run_reports(item.nodeid, item.location, entry.reason)
    for xml in _junit(session.config):
        for report in reports:
            xml.pytest_runtest_logreport(report)
        with _xml_named(session.config):
            xml.pytest_sessionfinish()


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Report what ended and pytest did not come to, when it stops before its last test.

    The report of another run is left alone: pytest's XML may be meant to go there.
    """
    run = session.config.stash[RUN_SESSION]
    try:
        return (yield)
    finally:
        # From here on nothing but waiting is interrupted: the record is not.
        run.interrupts.heed()
        if run.plan.to_run:
            with run.kept("settle the results"):
                run.settle()
            _report_the_rest(session, run)
        for xml in _junit(session.config):
            if not run.own and Path(xml.logfile).is_relative_to(run.report):
                session.config.pluginmanager.unregister(xml)
                # Or pytest unregisters it once more.
                del session.config.stash[xml_key]


def _report_the_rest(session: pytest.Session, run: RunSession) -> None:
    """Report scenarios that have a result, and whose turn never came: they ran in parallel."""
    items = {item.nodeid: item for item in _scenarios(session)}
    for node in run.unreported():
        item, result = items[node], run.result_of(node)
        assert result is not None
        item.ihook.pytest_runtest_logstart(nodeid=node, location=item.location)
        for when, what in (
            ("setup", lambda: None),
            ("call", partial(_raise_verdict, result)),
            ("teardown", partial(_raise_leftovers, result)),
        ):
            call = pytest.CallInfo.from_call(what, when=when)  # type: ignore[arg-type]
            report = item.ihook.pytest_runtest_makereport(item=item, call=call)
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=node, location=item.location)


@contextlib.contextmanager
def _xml_named(config: pytest.Config) -> Iterator[None]:
    """Name the file where pytest itself cannot write its XML."""
    try:
        yield
    except OSError as error:
        frames = traceback.extract_tb(error.__traceback__)
        xml = any(Path(each.filename).name == "junitxml.py" for each in frames)
        if not xml or error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, config.getoption("xmlpath")) from error


def _junit(config: pytest.Config) -> list[LogXML]:
    return [each for each in config.pluginmanager.get_plugins() if isinstance(each, LogXML)]


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Generator[None]:
    """Write the results, whatever went wrong before, and decide the exit code.

    The innermost wrapper: the fixtures are torn down and pytest's own files are written inside of it.
    """
    run = session.config.stash[RUN_SESSION]
    if screen := session.config.stash.get(SCREEN, None):
        screen.clear()
    if not run.plan.to_run:
        if session.config.stash[WRONG_FILES]:
            ending = RunEnding(pytest=exitstatus, wrong_file=True)
            session.exitstatus = outcome(run.results, [], ending).exit_code
        yield
        return
    with run.kept("end the run"), contextlib.suppress(CleanupFailedError), _xml_named(session.config):
        # The fixtures of a run that was stopped are torn down here; the results tell what they raise.
        yield
    with run.kept("end the run"):
        run.end(everything=_everything(session, run))
    checks: list[RunCheck] = []
    with run.kept("tell what the run came to"):
        # What came to its end while it was stopped.
        _report_the_rest(session, run)
        checks = run.checks()
        session.config.stash[FOR_CI] = _tell_ci(session, run, checks)
    ending = run.ending(
        exitstatus,
        wrong_file=bool(session.config.stash[WRONG_FILES]),
        failed=bool(session.config.stash[OTHER_FAILURES]),
    )
    session.config.stash[OUTCOME] = outcome(run.results, checks, ending)
    session.exitstatus = session.config.stash[OUTCOME].exit_code
    run.ended_with(session.config.stash[OUTCOME].exit_code)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say in numbers how the scenarios came out, and where the report is."""
    _summarize(terminalreporter, config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say so all the same where pytest has no summary, as after an error of its own; let go of the folder."""
    config.stash[RUN_SESSION].let_go()
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is not None:
        _summarize(reporter, config)
        for line in config.stash[RUN_SESSION].left_behind():
            reporter.write_line(line)


def _summarize(reporter: Any, config: pytest.Config) -> None:
    run = config.stash[RUN_SESSION]
    if config.stash.get(SUMMARIZED, False):
        return
    config.stash[SUMMARIZED] = True
    came_to = [config.stash[OUTCOME].headline] if OUTCOME in config.stash else []
    lines = [*came_to, *run.summary_lines(quiet=config.get_verbosity() < 0)]
    width = reporter._tw.fullwidth if on_terminal(reporter._tw) else None
    for line in lines:
        for part in wrapped(redact_shapes(line), width):
            reporter.write_line(part)
    for line in config.stash.get(FOR_CI, []):
        # GitHub reads a command from one line.
        reporter.write_line(redact_shapes(line))
