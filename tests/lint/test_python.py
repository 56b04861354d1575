"""Scenarios in Python without a cluster: what is wrong is told with its line, what is known is known."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness import cli
from harness.base.errors import ExitCode, UsageError
from harness.lint import python
from harness.lint.python import Steps, is_python_scenario, load, scenario
from harness.recording.model import Point
from harness.results.scenario import StepResult
from harness.scenario.problem import ScenarioError

HEAD = """\
from harness.authoring.python import Steps, scenario


@scenario("kills", about="Pods are killed.", tags=["pod"], workload="mini-node-exporter")
def kills(steps: Steps) -> None:
"""
GOOD = f"""\
{HEAD}\
    for number in range(2):
        spec = {{"action": "pod-kill", "mode": "one", "selector": "${{workload.selector}}"}}
        steps.chaos(f"kill-{{number}}", kind="PodChaos", spec=spec)
        steps.step(
            apply=f"kill-{{number}}",
            until="finished",
            proof={{"oracle": "pod-uids", "since": "${{workload.uids}}", "at_least": 1}},
        )
    steps.step(wait=1, expect=[{{"metric": "up", "where": {{"job": "chaos-daemon"}}, "equals": 1}}])
"""
WATCH = '    steps.step(wait=1, expect=[{"metric": "up", "where": {"job": "chaos-daemon"}, "equals": 1}])\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "kills.py"
    path.write_text(GOOD)
    return path


def rehearsed(path: Path, text: str) -> list[str]:
    """Return the titles of the steps that are known of the file's only scenario."""
    path.write_text(text)
    (only,) = load(path)
    return [step.title() for step in only.rehearse().scenario.steps]


def problem_of(path: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        rehearsed(path, text)
    return "\n".join([str(caught.value), *caught.value.details])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('"pdos"', "there is no oracle `pdos`; there is: "),
        ('"pods", {"phase": "running"}', "the oracle `pods`, parameter `phase`: there is no `running`"),
        ('"processes", {"in": {}}', "the oracle `processes`, parameter `in.0.namespace`: field required"),
        ('"reachable", {"sorce": "a", "target": "b"}', "(did you mean `source`?)"),
    ],
)
def test_a_rehearsal_checks_what_an_oracle_is_asked(file: Path, call: str, message: str) -> None:
    assert message in problem_of(file, f"{HEAD}    steps.read({call})\n{WATCH}")


def test_a_rehearsal_knows_the_steps_that_a_loop_makes(file: Path) -> None:
    assert rehearsed(file, GOOD) == ["apply kill-0", "apply kill-1", "wait 1 scrape"]
    (only,) = load(file)
    assert (only.file.name, only.file.path, only.file.scenario.tags) == ("kills", file, ["pod"])
    assert only.file.scenario.steps == []
    assert set(only.rehearse().scenario.chaos) == {"kill-0", "kill-1"}


SPEC = {"mode": "one", "selector": {}, "stressors": {"cpu": {"workers": 1}}}


@pytest.mark.parametrize(
    "asks",
    [
        '    points = steps.read("pods")\n',
        '    name = steps.look_up("${workload.pods[0]}")\n',
        "    if steps.step(wait=2).findings:\n        pass\n",
    ],
)
def test_a_rehearsal_ends_where_the_function_asks_for_what_it_sees(file: Path, asks: str) -> None:
    known = rehearsed(file, f"{HEAD}{WATCH}{asks}    steps.step(nonsense=1)\n")

    assert known[0] == "wait 1 scrape"
    assert "nonsense" not in str(known)


def test_a_function_that_catches_everything_does_not_catch_the_end_of_a_rehearsal(file: Path) -> None:
    body = '    try:\n        steps.read("pods")\n    except Exception:\n        steps.step(nonsense=1)\n'

    assert rehearsed(file, f"{HEAD}{WATCH}{body}") == ["wait 1 scrape"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("    steps.step(wait=1, untl=2)\n", ":6:1: unknown key `untl` in steps[0] (did you mean `until`?)"),
        (
            '    steps.step(\n        wait=1,\n        expect=[{"metric": "u", "equals": 1}],\n    )\n',
            ":6:1: the catalogue has no metric `u`",
        ),
        ('    steps.step(delete="burn")\n', ":6:1: no chaos is named `burn`"),
        (
            WATCH
            + '    steps.chaos("burn", kind="StresChaos", spec={})\n'
            + '    steps.step(apply="burn", until="injecting")\n',
            ":7:1: Chaos Mesh has no kind `StresChaos`",
        ),
        (
            WATCH
            + '    steps.chaos("burn", kind="StressChaos", spec={})\n'
            + '    steps.step(apply="burn", until="gone")\n',
            ":8:1: `apply` never leads to the phase `gone`",
        ),
        (
            WATCH
            + '    steps.chaos("burn", kind="StressChaos", spec={"mode": "two", "selector": {}})\n'
            + '    steps.step(apply="burn")\n',
            ":7:1: `spec.mode` of StressChaos is one of one, all, fixed, fixed-percent, random-max-percent",
        ),
        (
            WATCH
            + '    steps.step(wait=1, proof={"oracle": "processes", "in": "${cut.targets}", "named": "x"})\n',
            ":7:1: ${cut.targets}: there is no `cut`",
        ),
        (
            WATCH
            + f'    steps.chaos("burn", kind="StressChaos", spec={SPEC})\n    steps.step(apply="burn")\n',
            ":8:1: nothing proves that `burn` has an effect",
        ),
        (WATCH + '    steps.chaos("burn", kind="StressChaos", spec={})\n', ":7:1: `burn` is never applied"),
        ("    steps.step(wait=1)\n", "no step has an `expect`"),
        ("    pass\n", ":4:1: the function performs no step"),
        (WATCH + "    assert 1 == 2, 'it is so'\n", "fails without a cluster: assertion: it is so"),
        (WATCH + "    assert 1 == 2\n", "kills.py:7: assert 1 == 2"),
        (WATCH + "    {}['x']\n", "the scenario's own code failed: KeyError: 'x'"),
        (WATCH + "    {}['x']\n", "kills.py:7: {}['x']"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(file: Path, body: str, told: str) -> None:
    assert told in problem_of(file, HEAD + body)


def test_a_known_issue_of_one_step_is_checked_at_its_line(file: Path) -> None:
    expect = '[{"metric": "up", "equals": 1, "known_issue": {"id": "x"}}]'
    body = f"{WATCH}    steps.step(wait=1, expect={expect})\n"

    assert ":7:1: " in problem_of(file, HEAD + body)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('"kills"', '"Kills!"'),
        ('workload="mini-node-exporter"', 'workload="mini"'),
        ('tags=["pod"]', 'needs=["stressng"]'),
    ],
)
def test_a_wrong_head_is_told_when_the_file_is_imported(file: Path, wrong: str, told: str) -> None:
    file.write_text(GOOD.replace(wrong, told))

    with pytest.raises(ScenarioError, match=r"kills\.py:4:1: "):
        load(file)


@pytest.mark.parametrize("text", ["import nothing_of_that_name\n", "def x(:\n"])
def test_a_file_that_cannot_be_imported_is_named(file: Path, text: str) -> None:
    file.write_text(text)

    with pytest.raises(UsageError, match=r"kills\.py: cannot be imported"):
        load(file)


def test_files_are_found_by_their_import_and_not_run(tmp_path: Path) -> None:
    for name in ("a.py", "b/c.py", "_d.py", "e.txt", "test_f.py", "g_test.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("from harness.authoring.python import scenario\nraise SystemExit\n")
    (tmp_path / "other.py").write_text("import pytest\n")

    assert python.discover([tmp_path]) == [tmp_path / "a.py", tmp_path / "b/c.py"]
    assert python.discover([tmp_path / "b/c.py", tmp_path / "other.py"]) == [tmp_path / "b/c.py"]
    assert not is_python_scenario(tmp_path / "missing.py")


def test_steps_are_what_a_run_performs() -> None:
    done: list[str] = []
    asked: list[tuple[str, dict[str, object]]] = []
    made, points = StepResult(title="it"), [Point(value=1)]

    class Run:
        allowed: frozenset[str] = frozenset()

        def go_on(self, scenario_so_far: object) -> StepResult:
            done.append(scenario_so_far.steps[-1].title())  # type: ignore[attr-defined]
            return made

        def look_up(self, value: object) -> object:
            return [value]

        def read(self, oracle: str, parameters: dict[str, object]) -> list[Point]:
            asked.append((oracle, parameters))
            return points

    @scenario("mine", about="It waits.", workload={"name": "mini-node-exporter", "replicas": 2})
    def mine(steps: Steps) -> None:
        expect = [{"metric": "up", "where": {"job": "chaos-daemon"}, "equals": 1}]
        assert steps.step(wait=1, expect=expect) is made
        assert steps.step(wait=2) is made
        assert steps.look_up("${namespace}") == ["${namespace}"]
        assert steps.read("pods", {"ready": True}) is points
        assert steps.read("pods") is points
        assert asked == [("pods", {"ready": True}), ("pods", {})]

    assert mine.file.script is not None
    assert mine.file.scenario.workload is not None
    assert mine.file.scenario.workload.replicas == 2
    mine.file.script(Run())
    assert done == ["wait 1 scrape", "wait 2 scrapes"]


def test_lint_knows_files_in_python(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["lint", str(file.parent)]) == ExitCode.OK
    assert capsys.readouterr().out == "1 scenario in 1 file, 0 problems\n"

    file.write_text(GOOD.replace('until="finished"', 'until="finishd"'))
    assert cli.main(["lint", str(file)]) == ExitCode.USAGE
    out = capsys.readouterr().out
    assert "kills.py:9:1: a PodChaos has no phase `finishd`" in out
    assert out.endswith("0 scenarios in 1 file, 1 problem\n")

    file.write_text(HEAD + "    {}['x']\n")
    assert cli.main(["lint", str(file)]) == ExitCode.USAGE
    assert "own code failed: KeyError" in capsys.readouterr().out


def test_many_steps_of_a_loop_are_one_line_in_the_catalogue(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(GOOD.replace("range(2)", "range(12)"))

    assert cli.main(["docs", str(file), "--to", str(file.parent / "docs")]) == ExitCode.OK
    text = " ".join((file.parent / "docs" / "scenario-catalogue.md").read_text().split())
    assert "chaos `kill-0`: PodChaos (pod-kill) to `kill-11`: PodChaos (pod-kill) (12 of them)" in text
    assert '13. **wait 1 scrape** - `up{job="chaos-daemon"}`: equal to 1' in text


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("import sys; sys.exit(0)", "cannot be imported: SystemExit: 0"),
        ("import os; os._exit(0)", "ended the process: exit code 0"),
        ("import os; os.kill(os.getpid(), 11)", "ended the process: signal 11"),
        ("x = bytearray(10**12)", "cannot be imported: MemoryError"),
    ],
)
def test_a_file_that_ends_its_process_is_a_problem_and_the_others_are_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, told: str
) -> None:
    (tmp_path / "bad.py").write_text(f"print('noise')\n{GOOD}\n{line}\n")
    (tmp_path / "good.py").write_text(GOOD.replace("kills", "others"))
    assert cli.main(["lint", str(tmp_path)]) == ExitCode.USAGE
    said = capsys.readouterr()
    assert said.err == ""
    first, last = said.out.splitlines()
    assert told in first
    assert last == "1 scenario in 2 files, 1 problem"


def test_a_file_that_does_not_end_is_a_problem(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python, "REHEARSAL_SECONDS", 0.5)
    file.write_text(f"{GOOD}\nimport signal\nwhile True:\n    signal.pause()\n")
    with pytest.raises(UsageError, match=r"kills\.py takes longer than 0\.5 s"):
        python.rehearsed(file, 1.0)


def test_a_file_is_imported_by_nobody_but_who_runs_its_scenarios(file: Path, tmp_path: Path) -> None:
    file.write_text(
        f"{GOOD}\nopen({str(tmp_path / 'log')!r}, 'a').write(str(__import__('os').getpid()) + ' ')\n"
    )
    (collected,) = python.collected(file, 1.0)
    assert str(os.getpid()) not in (tmp_path / "log").read_text().split()
    assert (collected.name, collected.scenario.steps) == ("kills", [])

    class Run:
        allowed = ()

        def go_on(self, scenario: object) -> None:
            raise UsageError("as far as that")

    assert collected.script is not None
    with pytest.raises(UsageError, match="as far as that"):
        collected.script(Run())
    assert str(os.getpid()) in (tmp_path / "log").read_text().split()


def test_files_in_hidden_folders_are_never_imported(tmp_path: Path) -> None:
    for folder in (".hidden", "__pycache__", "node_modules", "venv"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "kills.py").write_text(GOOD)
    (tmp_path / "venv/pyvenv.cfg").write_text("")
    assert python.discover([tmp_path]) == []
