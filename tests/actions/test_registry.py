"""An action is one file: all that asks for actions finds it, in this package or in an installed one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.actions.action import Action
from harness.actions.context import ActionContext
from harness.actions.registry import actions
from harness.runner.performer import ActionPerformer
from harness.scenario.model import Step

ROOT = Path(harness.__file__).parent.parent

FREEZE = '''
"""`freeze: {component}`: a component that is stopped in its tracks."""

from pydantic import Field

from harness.actions.action import Action
from harness.base.model import Model


class Freeze(Model):
    """Stops the processes of a component.

    Attributes:
        component: as in Restart.
        seconds: for how long.
    """

    component: str
    seconds: int = Field(default=5, ge=1, le=60)


class FreezeAction(Action[Freeze]):
    """Stops the processes of a component."""

    name = "freeze"
    about = "see Freeze."
    argument = Freeze
    short_form = {"type": "string"}

    @classmethod
    def long_form(cls, written):
        return {"component": written} if isinstance(written, str) else written

    def title(self):
        return f"freeze {self.wanted.component}"

    def perform(self, context):
        context.note("frozen", {"component": context.resolve(self.wanted.component)})

    def out_of_order(self, before):
        return "it is frozen already" if "frozen" in before.done else None

    def record(self, before):
        before.done.add("frozen")

    def wrong_names(self, known):
        yield from known.component(("component",), self.wanted.component)

    @property
    def breaks(self):
        return (self.wanted.component,)

    @property
    def alone(self):
        return f"it freezes {self.wanted.component}"


ACTIONS = [FreezeAction]
'''

SCENARIO = """
scenario: frozen
about: A daemon that does not answer.
steps:
  - wait: 1
    expect:
      - {metric: grpc_server_handled_total, where: {job: chaos-daemon}, unchanged: true}
  - FREEZE
"""

ASKS = """
import json, sys
from pathlib import Path
from harness.actions.registry import actions
from harness.chaosmesh.catalogue import catalogue
from harness.docs_pages.pages import language, schema
from harness.judge.control import control
from harness.lint.check import check
from harness.runner.conflicts import conflicts_of
from harness.runner.promptness import promptness_of
from harness.runner.watched import spared
from harness.scenario.model import Step

def problems(freeze):
    path = Path(sys.argv[1]) / "s.yaml"
    path.write_text(SCENARIO.replace("FREEZE", freeze))
    files, found = check(path)
    return files, [str(each).removeprefix(str(path.parent) + "/") for each in found]

files, clean = problems("freeze: chaos-daemon")
conflicts = conflicts_of(files[0], catalogue())
gauge = catalogue().find("chaos_controller_manager_chaos_experiments")
steps = [
    Step.model_validate({"freeze": "chaos-daemon", "expect": [
        {"metric": "chaos_controller_manager_chaos_experiments", "equals": 1}]}),
    Step.model_validate({"wait": 1}),
]
noted = []
class Context:
    def note(self, text, detail): noted.append([text, detail])
    def resolve(self, value): return value
steps[0].act.perform(Context())
print(json.dumps({
    "listed": list(actions())[-1],
    "title": files[0].scenario.steps[1].title(),
    "problems": [problems(each)[1] for each in (
        "freeze: chaos-deamon", "freeze: {component: chaos-daemon, secnods: 3}",
        "freeze: {component: chaos-daemon, seconds: 90}", "frezee: chaos-daemon",
        "freeze: chaos-daemon\\n  - freeze: chaos-daemon", "{freeze: chaos-daemon, refused: never}")],
    "clean": clean,
    "schema": [schema.schema()["$defs"]["Step"]["oneOf"][-1],
               schema.schema()["$defs"]["Freeze"]["properties"]["seconds"]["anyOf"][0]["maximum"],
               schema.schema()["$defs"]["Step"]["properties"]["freeze"]["anyOf"][0]],
    "docs": [line for line in language.text().splitlines() if "reeze" in line],
    "alone": conflicts.alone, "breaks": sorted(conflicts.breaks),
    "spared": spared(files[0].scenario, 1, gauge),
    "control": [[each.outcome, each.not_excused] for each in control(steps, {"0.0": True})],
    "performed": noted,
}))
"""


def ask(tmp_path: Path, before: str, *paths: Path) -> Any:
    """Return what all that knows actions says of one more, in a process that has it."""
    script = f"{before}\nSCENARIO = {SCENARIO!r}\n{ASKS}"
    done = run(script, tmp_path, *paths)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run(script: str, tmp_path: Path, *paths: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [ROOT, *paths]))}
    argv = [sys.executable, "-c", script, str(tmp_path)]
    return subprocess.run(
        argv, env=environment, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path
    )


def install(folder: Path, name: str, module: str, value: str) -> Path:
    """Put a package with an entry point where Python finds it, as pip does."""
    package = folder / name
    metadata = package / f"{name}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (package / f"{name}_module.py").write_text(module)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[chaos_harness.actions]\n{name}_point = {value}\n")
    return package


EXPECTED: dict[str, Any] = {
    "listed": "freeze",
    "title": "freeze chaos-daemon",
    "clean": [],
    "alone": "it freezes chaos-daemon",
    "breaks": ["chaos-daemon"],
    "spared": False,
    "schema": [{"required": ["freeze"]}, 60, {"type": "string"}],
    "docs": [
        "- `freeze` (mapping, optional): see [freeze](#freeze).",
        "### freeze",
    ],
    "performed": [["frozen", {"component": "chaos-daemon"}]],
}


@pytest.mark.parametrize("way", ["a module of the package", "an installed package"])
def test_one_file_is_all_that_an_action_takes(tmp_path: Path, way: str) -> None:
    if way == "an installed package":
        package = install(tmp_path, "icy", FREEZE, "icy_module:FreezeAction")
        said = ask(tmp_path, "", package)
    else:
        more = tmp_path / "more"
        more.mkdir()
        (more / "freeze.py").write_text(FREEZE)
        said = ask(tmp_path, f"import harness.actions\nharness.actions.__path__.append({str(more)!r})")

    for key, expected in EXPECTED.items():
        assert said[key] == expected, key
    misspelt, strange, much, unknown, twice, refused = said["problems"]
    assert misspelt == [
        "s.yaml:8:5: there is no component `chaos-deamon`; there is: chaos-daemon, chaos-dashboard, "
        "controller-manager (did you mean `chaos-daemon`?)"
    ]
    assert strange == ["s.yaml:8:39: unknown key `secnods` in steps[1].freeze (did you mean `seconds`?)"]
    assert much == ["s.yaml:8:39: `steps[1].freeze.seconds` must be at most 60, not 90"]
    assert "s.yaml:8:5: unknown key `frezee` in steps[1] (did you mean `freeze`?)" in unknown
    assert twice == ["s.yaml:9:5: it is frozen already"]
    assert refused == [
        "s.yaml:8:5: `refused` goes with apply, delete, pause, resume, patch, not with freeze in steps[1]"
    ]
    ((outcome, reasons),) = said["control"]
    assert outcome == "vacuous"
    assert "before: step 1 (freeze chaos-daemon) comes first" in reasons


@pytest.mark.parametrize(
    ("module", "value", "why"),
    [
        ("", "icy_module:Missing", "AttributeError: "),
        (
            "import no_such_module",
            "icy_module:FreezeAction",
            "ModuleNotFoundError: No module named '",
        ),
        ("1 / 0", "icy_module:FreezeAction", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "icy_module:FreezeAction", "SystemExit: 3"),
        (
            "class FreezeAction: ...",
            "icy_module:FreezeAction",
            "TypeError: it is no subclass of ",
        ),
        (
            "from harness.actions.action import Action\nclass FreezeAction(Action[str]): name = 'freeze'",
            "icy_module:FreezeAction",
            "TypeError: it does not define perform, title",
        ),
        (
            FREEZE.replace("    argument = Freeze\n", ""),
            "icy_module:FreezeAction",
            "TypeError: it does not say its argument",
        ),
        (
            FREEZE.replace('"freeze"', '"deny"'),
            "icy_module:FreezeAction",
            "TypeError: the action `deny` is defined by harness.actions.deny too",
        ),
        (
            FREEZE.replace('"freeze"', '"until"'),
            "icy_module:FreezeAction",
            "TypeError: `until` cannot be the name of an action",
        ),
    ],
)
def test_a_broken_action_of_an_installed_package_is_named(
    tmp_path: Path, module: str, value: str, why: str
) -> None:
    package = install(tmp_path, "icy", module, value)
    scenario = tmp_path / "s.yaml"
    scenario.write_text(SCENARIO.replace("FREEZE", "wait: 1"))

    script = "import sys; from harness.cli import main; sys.exit(main(['lint', sys.argv[1]]))"
    done = run(script, tmp_path, package)

    assert done.returncode == 4, done.stderr
    assert f"the action `icy_point` of the package icy cannot be used: {why}" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_two_modules_with_one_name_are_a_mistake(tmp_path: Path) -> None:
    more = tmp_path / "more"
    more.mkdir()
    (more / "freeze.py").write_text(FREEZE.replace('"freeze"', '"wait"'))

    before = f"import harness.actions\nharness.actions.__path__.append({str(more)!r})\n"
    done = run(f"{before}import harness.scenario.model", tmp_path)

    assert done.returncode != 0
    assert "the action `wait` is defined by harness.actions.wait too" in done.stderr or (
        "the action `wait` is defined by harness.actions.freeze too" in done.stderr
    )


def test_an_action_of_which_nothing_is_said_is_taken_for_the_worst() -> None:
    class Something(Action[str]):
        name = "something"
        about = "what nobody knows."
        argument = str

        def title(self) -> str:
            return "something"

        def perform(self, context: Any) -> None:
            """Do nothing."""

    it = Something("x")

    assert it.alone == "what its action `something` changes is not known"
    assert not it.changes_nothing
    assert not it.done_when_settled
    assert it.role == "left out"


def test_each_action_has_its_file_and_says_what_its_key_takes() -> None:
    for name, action in actions().items():
        assert action.__module__ == f"harness.actions.{name}"
        assert action.about.endswith(".")
        assert name in Step.model_fields
    assert len({each.position for each in actions().values()}) == len(actions())


def test_no_other_package_lists_the_actions() -> None:
    """Whoever wants to know something of an action asks it."""
    names = {name for name in actions() if name not in ("wait", "node", "exec", "http", "delete", "patch")}
    for path in (ROOT / "harness").rglob("*.py"):
        if path.parent.name == "actions" or path.parts[-3:-1] == ("harness", "cli"):
            continue
        quoted = {name for name in names if f'"{name}"' in path.read_text()}
        assert len(quoted) < 3, f"{path}: {sorted(quoted)}"


def test_the_runner_has_all_that_actions_are_performed_with() -> None:
    wanted = {name for name in vars(ActionContext) if not name.startswith("_")}
    assert wanted <= set(dir(ActionPerformer))
