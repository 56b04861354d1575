"""New scenario files: right for every answer, never over another file, and clear when an answer is wrong."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
import yaml

from harness import cli
from harness.base import bundled
from harness.base.errors import ExitCode, UsageError
from harness.docs_pages import new
from harness.docs_pages.templates import names
from harness.lint.check import load_checked

EVERY_ANSWER = [(name, subject) for name, each in new.templates().items() for subject in each.subjects()]


class Terminal(io.StringIO):
    """Standard input of a person who types what is given."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())


def metrics_in(path: Path) -> set[str]:
    (file,) = load_checked(path)
    return {expectation.metric for step in file.scenario.steps for expectation in step.expect}


@pytest.mark.parametrize(("chaos", "about"), EVERY_ANSWER)
def test_what_is_written_is_right_and_about_what_was_asked_for(
    chaos: str, about: str, tmp_path: Path
) -> None:
    chosen = new.template(chaos)
    metrics = new.metrics_of(chosen, about)

    path = tmp_path / "file.yaml"
    path.write_text(new.scenario_text(chosen, metrics, "a-name"))

    assert metrics_in(path) == metrics
    assert load_checked(path)[0].name == "a-name"
    assert [step.title() for step in load_checked(path)[0].scenario.steps if step.action != "wait"] == [
        step.title() for step in chosen.file.scenario.steps if step.action != "wait"
    ]


@pytest.mark.parametrize("name", names())
def test_every_claim_about_the_chaos_is_more_than_what_is_so_anyway(name: str) -> None:
    """With the chaos, each metric that is looked at then has an exact value of its own."""
    steps = new.template(name).file.scenario.steps
    said: dict[str, set[str]] = {}
    for step in steps:
        for each in step.expect:
            if not (isinstance(each.argument, dict) and "oracle" in each.argument) and each.kind != "absent":
                said.setdefault(each.metric, set()).add(each.kind)

    assert set(said) >= set(new.template(name).metrics())


def test_options_answer_everything(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["new", "some/folder", "--chaos", "stress-cpu", "--about", "chaos-daemon", "--name", "burns"]

    assert cli.main(words) == ExitCode.OK
    assert capsys.readouterr().out == (
        "some/folder/burns.yaml: written\nrun it: chaos-harness run some/folder/burns.yaml\n"
    )
    assert metrics_in(Path("some/folder/burns.yaml")) == {
        "grpc_server_handled_total",
        "chaos_daemon_bpm_controlled_process_total",
    }


def test_editors_find_the_schema_of_a_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli.main(["new", "there/a.yaml", "--chaos", "pod-kill"]) == ExitCode.OK
    assert (
        Path("there/a.yaml")
        .read_text()
        .startswith("# yaml-language-server: $schema=./scenario.schema.json\nscenario: a\n")
    )
    beside = Path("there/scenario.schema.json")
    assert json.loads(beside.read_text())["$id"].endswith(":scenario")
    beside.write_text("theirs")
    assert cli.main(["new", "there/b.yaml", "--chaos", "pod-kill"]) == ExitCode.OK
    assert beside.read_text() == "theirs"
    # In a checkout, the one that is in it.
    monkeypatch.setattr(bundled, "root", lambda: tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/scenario.schema.json").touch()
    text = new.with_modeline(tmp_path / "scenarios/daemon/c.yaml", "scenario: c\n")
    assert text == "# yaml-language-server: $schema=../../docs/scenario.schema.json\nscenario: c\n"


def test_what_nobody_answers_has_a_default() -> None:
    assert cli.main(["new", "--chaos", "pod-kill"]) == ExitCode.OK
    assert metrics_in(Path("my-pod-kill.yaml")) == set(new.template("pod-kill").metrics())
    assert cli.main(["new", "kills.yaml", "--chaos", "pod-kill"]) == ExitCode.OK
    assert load_checked(Path("kills.yaml"))[0].name == "kills"


def test_a_person_is_asked_three_times(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number = 1 + names().index("time-offset")
    monkeypatch.setattr(sys, "stdin", Terminal(f"{number}\nchaos-daemon\nskews\n"))

    assert cli.main(["new"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert f"  {number:2}  time-offset: " in out
    assert "Which component or metric [all]: " in out
    assert "Name of the scenario [my-time-offset]: " in out
    assert metrics_in(Path("skews.yaml")) == {"grpc_server_handled_total"}


def test_empty_answers_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("schedule\n\n\n"))

    assert cli.main(["new"]) == ExitCode.OK
    assert load_checked(Path("my-schedule.yaml"))[0].scenario.chaos["often"].kind == "Schedule"


def test_nothing_is_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    Path("kills.yaml").write_text("mine\n")

    assert cli.main(["new", "kills.yaml", "--chaos", "pod-kill"]) == ExitCode.USAGE
    assert "kills.yaml is there already, and nothing is overwritten" in capsys.readouterr().err
    assert Path("kills.yaml").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "not a terminal: pass --chaos KIND"),
        (["--chaos", "pod-kil"], "no kind of chaos named 'pod-kil' (did you mean 'pod-kill'?)"),
        (["--chaos", ""], "not a terminal: pass --chaos KIND"),
        (["--chaos", "pod-kill", "--about", "chaos_daemon_tcs_rules"], "touched by pod-kill named"),
        (["--chaos", "pod-kill", "--name", "My Scenario"], "'My Scenario' cannot be the name"),
        (["--chaos", "pod-kill", "--name", "x" * 51], "cannot be the name of a scenario"),
        (["/proc/nowhere/x.yaml", "--chaos", "pod-kill"], "cannot write /proc/nowhere"),
    ],
)
def test_a_wrong_answer_is_told(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["new", *words]) == ExitCode.USAGE
    assert message in capsys.readouterr().err
    assert not list(Path().glob("*.yaml"))


def test_an_unknown_metric_names_those_that_the_chaos_touches() -> None:
    with pytest.raises(UsageError) as caught:
        new.metrics_of(new.template("pod-failure"), "chaos_controller_manager_chaos_experiment")

    assert "did you mean 'chaos_controller_manager_chaos_experiments'?" in str(caught.value)
    assert caught.value.details[0].startswith("there is: all, controller-manager, chaos-dashboard, chaos_")


def test_every_template_can_be_read_as_a_scenario_of_its_own() -> None:
    for name in names():
        document = yaml.safe_load(new.template(name).file.text)
        assert document["scenario"] == name
