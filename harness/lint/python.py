"""Scenarios in Python, for what a file cannot say: steps made in a loop, or that depend on what is seen.

    from harness.authoring.python import Steps, scenario

    @scenario("many-at-once", about="Each of many experiments is counted.", workload="mini-node-exporter")
    def many_at_once(steps: Steps) -> None:
        for number in range(50):
            steps.chaos(f"burn-{number}", kind="StressChaos", spec={...})
            steps.step(apply=f"burn-{number}", until="running")
        steps.step(wait=1, proof={...}, expect=[{"metric": ..., "equals": 50}])

The same runner performs the steps and makes the same recording. Before a cluster is there the function is
called once with nothing behind its steps (`rehearse`), so that what is wrong with them is told at collection.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, Protocol

from harness.actions.registry import actions
from harness.base.apart import MOST_MEMORY, apart
from harness.base.bounded import MIB, FileError, read_start
from harness.base.defaults import DEFAULT_INTERVAL
from harness.base.errors import BoundaryError, HarnessError, UsageError
from harness.judge.argument import OracleRef
from harness.lint.check import problems_of
from harness.lint.expectation import wrong_parameters
from harness.lint.names import check_names
from harness.lint.steps import check_proofs
from harness.recording.model import Point
from harness.results.scenario import StepProblem, StepResult
from harness.runner.step_failed import StepFailedError
from harness.scenario.discover import files_below
from harness.scenario.load import ScenarioFile, named_chaos, validated
from harness.scenario.model import MOST_STEPS, Scenario
from harness.scenario.positions import DocumentPath, Place, Positions
from harness.scenario.problem import Problem, ScenarioError, in_order

IMPORT = "from harness.authoring.python import"
"""A file that has this at the beginning of a line holds scenarios in Python."""
REHEARSAL_SECONDS = 60.0
"""How long a file's import and the rehearsal of its scenarios may take; a slow machine needs a second."""
_PLACEHOLDER = {"wait": 1}


class Performer(Protocol):
    """What performs the steps: a `ScenarioRun`, or nothing at all (`rehearse`)."""

    def go_on(self, scenario: Scenario) -> StepResult:
        """Perform the last step of a scenario; those before it are done."""

    def look_up(self, value: Any) -> Any:
        """Return a value with its templates resolved."""

    def read(self, oracle: str, parameters: dict[str, Any]) -> list[Point]:
        """Return what an oracle says now."""


class UnknownValueError(BaseException):
    """A rehearsal cannot go on: the function wants to know what only a cluster can tell."""


@dataclass(frozen=True)
class PythonScenario:
    """A function that performs the steps of a scenario.

    Attributes:
        file: the scenario without its steps; its `script` calls the function.
        function: what was decorated.
    """

    file: ScenarioFile
    function: Callable[[Steps], None]

    def rehearse(self, interval: float = DEFAULT_INTERVAL, allowed: Collection[str] = ()) -> ScenarioFile:
        """Return the scenario with the steps that are known without a cluster, all of them checked.

        Where the function asks for what it sees, that is where the steps that are known end.

        Args:
            interval: between two scrapes, seconds: ranges of expressions depend on it.
            allowed: namespaces of others that the scenario may reach.

        Raises:
            ScenarioError: a step is wrong, or all of them prove nothing.
            UsageError: the function itself failed.
        """
        steps = Steps(_Rehearsal(), self.file, interval, allowed)
        try:
            _call(self.function, steps)
            steps.check_whole()
        except UnknownValueError:
            pass
        except StepFailedError as error:
            raise UsageError(
                f"{self.file.name}: fails without a cluster: {error.problem.reason}",
                next_step="correct the file; nothing is known about Chaos Mesh",
                details=error.problem.details,
            ) from error
        return steps.file


class Steps:
    """Performs the steps of a scenario one after the other; what a scenario's function is given."""

    def __init__(
        self,
        run: Performer,
        file: ScenarioFile,
        interval: float = DEFAULT_INTERVAL,
        allowed: Collection[str] = (),
    ) -> None:
        self._run = run
        self._interval = interval
        self._allowed = allowed
        self._chaos: dict[str, Any] = {}
        self.file = file

    def chaos(
        self, name: str, *, kind: str, spec: Mapping[str, Any], annotations: Mapping[str, str] | None = None
    ) -> None:
        """Define a chaos, which steps then apply by its name; as below `chaos` in a file."""
        defined = {"kind": kind, "spec": dict(spec)}
        self._chaos[name] = defined | ({"annotations": dict(annotations)} if annotations else {})
        place = Place(sys._getframe(1).f_lineno, 1)
        self.file = replace(self.file, positions=self.file.positions.extended({("chaos", name): place}))

    def step(self, **step: Any) -> StepResult:
        """Perform one step, with the keys that it would have in a file, and return what it came to.

        As in a file, an expectation that fails does not end the scenario; a step that fails does.

        Raises:
            ScenarioError: it is no step, or expects what makes no sense.
            BoundaryError: it would reach what is not the scenario's own; nothing was sent.
            StepFailedError: the action failed, or phase or proof did not come in time.
        """
        line = sys._getframe(1).f_lineno
        done = self.file.data["steps"]
        applied = {
            name
            for each in [*done, step]
            for (action, *_), name in named_chaos(each)
            if actions()[action].creates and isinstance(name, str)
        }
        data = {
            **self.file.data,
            # What is not applied yet may refer to what is not known yet.
            "chaos": {name: each for name, each in self._chaos.items() if name in applied},
            "steps": [*done, step],
        }
        places: dict[DocumentPath, Place] = {("steps", len(done)): Place(line, 1)}
        file = replace(self.file, data=data, positions=self.file.positions.extended(places))
        file = replace(file, scenario=self._validated(file))
        self.file = replace(file, warnings=tuple(dict.fromkeys([*file.warnings, *self._check(file)])))
        try:
            return self._run.go_on(file.scenario)
        except BoundaryError as error:
            error.details.append(f"at {file.path}:{line}")
            raise

    def look_up(self, value: Any) -> Any:
        """Return a value with its templates resolved: `steps.look_up("${burn.targets}")`."""
        return self._run.look_up(value)

    def read(self, oracle: str, parameters: Mapping[str, Any] | None = None) -> list[Point]:
        """Return what an oracle says now: points with labels and a value.

        Raises:
            UsageError: there is no such oracle, or it does not take these parameters.
            InfrastructureError: it cannot be read.
        """
        return self._run.read(oracle, dict(parameters or {}))

    def check_whole(self) -> None:
        """Check what only all steps together can be asked: whether each chaos had its effect proven.

        Raises:
            ScenarioError: something was applied without a proof, or nothing is expected.
        """
        problems = check_proofs(self.file) if self.file.data["steps"] else []
        if not self.file.data["steps"]:
            problems.append(self.file.problem(("steps",), "the function performs no step"))
        applied = {step.chaos for step in self.file.scenario.steps if step.act.creates}
        problems += [
            self.file.problem(("chaos", name), f"`{name}` is never applied by a step")
            for name in self._chaos
            if name not in applied
        ]
        if problems:
            raise ScenarioError(in_order(self.file.path, problems))

    def _validated(self, file: ScenarioFile) -> Scenario:
        """Return the scenario with its last step, the only one that is validated: those before it were.

        Raises:
            ScenarioError: it is no step, or names no chaos.
        """
        *done, step = file.data["steps"]
        about = {name for _, name in named_chaos(step) if isinstance(name, str)}
        data, positions = file.data, file.positions
        if done and len(done) < MOST_STEPS and about <= data["chaos"].keys():
            data = {**data, "chaos": {name: data["chaos"][name] for name in about}, "steps": [step]}
            positions = positions.extended({("steps", 0): positions.at(("steps", len(done)))})
        scenario, problems = validated(file.path, data, positions)
        if problems or scenario is None:
            # The messages name a step by its number among all.
            _, of_all = validated(file.path, file.data, file.positions)
            raise ScenarioError(in_order(file.path, of_all or problems))
        if data is file.data:
            return scenario
        before = self.file.scenario
        return scenario.model_copy(
            update={"chaos": {**before.chaos, **scenario.chaos}, "steps": [*before.steps, *scenario.steps]}
        )

    def _check(self, file: ScenarioFile) -> tuple[Problem, ...]:
        """Check the last step, those before it were; return the warnings.

        Raises:
            ScenarioError: it makes no sense.
        """
        last = len(file.data["steps"]) - 1
        problems = problems_of(file, self._interval, self._allowed, last)
        if wrong := [problem for problem in problems if not problem.warning]:
            raise ScenarioError(in_order(file.path, wrong))
        return tuple(problems)


def scenario(
    name: str,
    *,
    about: str,
    tags: list[str] | None = None,
    needs: list[str] | None = None,
    workload: str | Mapping[str, Any] | None = None,
    timeout: str | None = None,
) -> Callable[[Callable[[Steps], None]], PythonScenario]:
    """Make a scenario of a function that performs its steps.

    Args:
        name: as `scenario` in a file; so are the others.
        about: one sentence.
        tags: each is a pytest marker.
        needs: capabilities.
        workload: the pods to hit.
        timeout: a duration such as 20m; 15m by default.

    Raises:
        ScenarioError: one of them is wrong.
    """
    head: dict[str, Any] = {"scenario": name, "about": about, "tags": tags or [], "needs": needs or []}
    if timeout is not None:
        head["timeout"] = timeout
    if workload is not None:
        head["workload"] = workload if isinstance(workload, str) else dict(workload)
    frame = sys._getframe(1)
    path, positions = Path(frame.f_code.co_filename), Positions({(): Place(frame.f_lineno, 1)})

    def make(function: Callable[[Steps], None]) -> PythonScenario:
        whole, problems = validated(path, {**head, "steps": [_PLACEHOLDER]}, positions)
        if problems or whole is None:
            raise ScenarioError(in_order(path, problems))
        file = ScenarioFile(
            path=path,
            scenario=whole.model_copy(update={"steps": []}),
            positions=positions,
            text="",
            data={**head, "chaos": {}, "steps": []},
        )
        if problems := check_names(file):
            raise ScenarioError(problems)
        return PythonScenario(replace(file, script=_script(function, file)), function)

    return make


def is_python_scenario(path: Path) -> bool:
    """Say whether a file holds scenarios in Python; it is not run, and one with a test's name holds tests."""
    name = path.name
    if path.suffix != ".py" or name.startswith((".", "_", "test_")) or name.endswith("_test.py"):
        return False
    try:
        return any(line.startswith(IMPORT.encode()) for line in read_start(path, MIB).splitlines())
    except FileError:
        return False


def discover(paths: Iterable[Path]) -> list[Path]:
    """Return the files with scenarios in Python among `paths` and in the folders among them, each once."""
    found: dict[Path, None] = {}
    for path in paths:
        inside = files_below(path) if path.is_dir() else [path]
        found |= dict.fromkeys(each for each in inside if is_python_scenario(each))
    return list(found)


def load(path: Path) -> list[PythonScenario]:
    """Import a file and return the scenarios that it defines.

    Raises:
        ScenarioError: one of them is wrong.
        UsageError: the file cannot be imported.
    """
    spec = importlib.util.spec_from_file_location(f"scenarios_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except HarnessError:
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"{path}: cannot be imported: {type(error).__name__}: {error}",
            next_step="correct the file",
            details=_where(error, path),
        ) from error
    return scenarios_in(module)


def rehearsed(path: Path, interval: float, allowed: Collection[str] = ()) -> list[ScenarioFile]:
    """Return the scenarios of a file with the steps that are known without a cluster; see `rehearse`.

    The file is only imported in a process of its own, so none of them has its script: a file that nobody has
    checked may do anything.

    Raises:
        ScenarioError: a scenario is wrong.
        UsageError: the file cannot be imported, ends its process, or takes too much time or memory.
    """

    def there() -> list[ScenarioFile]:
        return [replace(each.rehearse(interval, allowed), script=None) for each in load(path)]

    return _apart(path, there)


def collected(path: Path, interval: float, allowed: Collection[str] = ()) -> list[ScenarioFile]:
    """Return the scenarios of a file, rehearsed, ready to be run; the file is imported when one of them is.

    Raises:
        ScenarioError: a scenario is wrong.
        UsageError: see `rehearsed`.
    """

    def there() -> list[ScenarioFile]:
        found = [(each, each.rehearse(interval, allowed).warnings) for each in load(path)]
        return [replace(each.file, script=None, warnings=warnings) for each, warnings in found]

    return [replace(file, script=_later(path, number)) for number, file in enumerate(_apart(path, there))]


def _apart(path: Path, there: Callable[[], list[ScenarioFile]]) -> list[ScenarioFile]:
    return apart(there, str(path), seconds=REHEARSAL_SECONDS, memory=MOST_MEMORY)


def _later(path: Path, number: int) -> Callable[[Any], None]:
    """Return what imports a file and performs one of its scenarios."""

    def script(run: Any) -> None:
        found = load(path)
        if number >= len(found):
            raise UsageError(f"{path}: it defines other scenarios than when it was collected")
        performed = found[number].file.script
        assert performed is not None
        performed(run)

    return script


def scenarios_in(module: object) -> list[PythonScenario]:
    """Return the scenarios that a module defines, in their order."""
    return [each for each in vars(module).values() if isinstance(each, PythonScenario)]


def _script(function: Callable[[Steps], None], file: ScenarioFile) -> Callable[[Any], None]:
    """Return what has the steps performed by a run, and says how the function itself ended."""

    def script(run: Any) -> None:
        steps = Steps(run, file, allowed=run.allowed)
        _call(function, steps)
        steps.check_whole()

    return script


def _call(function: Callable[[Steps], None], steps: Steps) -> None:
    """Call a scenario's function.

    Raises:
        StepFailedError: a step failed, or an assertion of the function does not hold.
        UsageError: anything else went wrong in the function.
    """
    try:
        function(steps)
    except (StepFailedError, HarnessError):
        raise
    except AssertionError as error:
        said = str(error).splitlines() or ["it does not hold"]
        details = [*said[1:], *_where(error, steps.file.path)]
        problem = StepProblem(kind="assertion", reason=f"assertion: {said[0]}", details=details)
        raise StepFailedError(problem) from error
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"the scenario's own code failed: {type(error).__name__}: {error}",
            next_step="correct the file; nothing is known about Chaos Mesh",
            details=_where(error, steps.file.path),
        ) from error


def _where(error: BaseException, path: Path) -> list[str]:
    """Return the lines of a scenario's file that an error came through."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{each.filename}:{each.lineno}: {each.line}" for each in frames if Path(each.filename) == path]


class _Rehearsal:
    """Performs nothing, and knows nothing of what comes of it."""

    def go_on(self, scenario: Scenario) -> StepResult:
        """Return a result of which nothing is known."""
        return _NotYet()

    def look_up(self, value: Any) -> NoReturn:
        """Say that nobody knows.

        Raises:
            UnknownValueError: always.
        """
        raise UnknownValueError

    def read(self, oracle: str, parameters: dict[str, Any]) -> NoReturn:
        """Say that nobody knows.

        Raises:
            UsageError: there is no such oracle, or it does not take these parameters.
            UnknownValueError: in all other cases.
        """
        wrong = [
            f"{message} (did you mean `{better}`?)" if better else message
            for _, message, better in wrong_parameters(OracleRef(oracle, parameters), ())
        ]
        if wrong:
            raise UsageError(wrong[0], details=wrong[1:])
        raise UnknownValueError


class _NotYet(StepResult):
    """The result of a step that was not performed."""

    title: str = ""

    def __getattribute__(self, name: str) -> Any:
        if name in StepResult.model_fields:
            raise UnknownValueError
        return super().__getattribute__(name)
