"""The command line: options arrive, errors are rendered, exit codes are theirs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import harness
from harness import cli
from harness.base import bundled
from harness.base.errors import ExitCode, InfrastructureError
from harness.base.progress import Progress
from harness.stack import lock
from harness.stack.options import UpOptions, up_options
from harness.stack.status import ClusterStatus


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path))


def options_of(*words: str) -> UpOptions:
    return up_options(vars(cli.parser().parse_args(["up", *words])).__getitem__)


def test_defaults_are_those_of_the_library() -> None:
    assert options_of() == UpOptions()


def test_every_option_arrives() -> None:
    words = "--cluster c --images source --workers 2 --scrape-interval 0.5 --chaos-mesh-source /src --fresh"
    words += " --chaos-mesh-version v2.8.4 --kubernetes-version 1.34.0"
    assert options_of(*words.split()) == UpOptions(
        cluster="c",
        images="source",
        workers=2,
        scrape_interval=0.5,
        chaos_mesh_source=Path("/src"),
        chaos_mesh_version="v2.8.4",
        kubernetes_version="1.34.0",
        fresh=True,
    )


def test_an_error_is_rendered_with_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(options: UpOptions, progress: Progress, held: lock.Held, **_: Any) -> Any:
        raise InfrastructureError("no engine", next_step="install one", log=Path("engine.log"))

    monkeypatch.setattr("harness.stack.up.up", fail)
    assert cli.main(["up"]) == 6
    assert capsys.readouterr().err == (
        "chaos-harness: no engine\n  next step: install one\n  log: engine.log\n"
    )


def test_an_interrupt_is_exit_code_two(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(options: UpOptions, progress: Progress, held: lock.Held, **_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.stack.up.up", interrupt)
    assert cli.main(["up"]) == 2


def test_the_cluster_is_held_while_up_works(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[lock.Holder | None] = []

    def look(options: UpOptions, progress: Progress, held: lock.Held, **_: Any) -> Any:
        seen.append(lock.holder("c"))
        raise InfrastructureError("enough")

    monkeypatch.setattr("harness.stack.up.up", look)
    cli.main(["up", "--cluster", "c"])
    assert seen[0] is not None
    assert seen[0].doing == "up"
    assert lock.holder("c") is None


def test_a_wrong_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = [["down", "--worker-nodes", "1"], ["up", "--worker-nodes", "many"], []]
    assert [cli.main(words) for words in wrong] == [4, 4, 4]
    assert capsys.readouterr().err.splitlines() == [
        "chaos-harness: unrecognized arguments: --worker-nodes 1",
        "  next step: see chaos-harness --help",
        "chaos-harness: argument --worker-nodes/--workers: invalid int value: 'many'",
        "  next step: see chaos-harness up --help",
        "chaos-harness: the following arguments are required: COMMAND",
        "  next step: see chaos-harness --help",
    ]


def test_a_cluster_in_use_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with lock.held("c", "run"):
        assert cli.main(["down", "--cluster", "c"]) == 4
    assert "in use by process" in capsys.readouterr().err


def test_status_as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found = ClusterStatus(cluster="c", state="damaged", problems=["gone"], answers={"API server": False})
    monkeypatch.setattr("harness.stack.status.status", lambda cluster, progress: found)
    assert cli.main(["status", "--json"]) == 0
    assert ClusterStatus.model_validate(json.loads(capsys.readouterr().out)) == found


def test_status_for_people(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found = ClusterStatus(cluster="c", state="damaged", problems=["gone"], answers={"API server": False})
    monkeypatch.setattr("harness.stack.status.status", lambda cluster, progress: found)
    cli.main(["status"])
    out = capsys.readouterr().out
    assert "c: damaged" in out
    assert "problem    gone" in out
    assert "API server NO" in out


@pytest.mark.parametrize("words", [["status"], ["down"], ["lint", "x.yaml"], ["run"], ["report"]])
def test_a_defect_is_exit_code_three_in_one_line_with_its_traceback(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("nobody foresaw it")

    monkeypatch.setattr(cli, "_called", broken)
    assert cli.main(words) == 3
    first, _, log = capsys.readouterr().err.splitlines()
    told = f"cannot finish `chaos-harness {words[0]}`: KeyError: 'nobody foresaw it'"
    assert first == f"chaos-harness: a defect of the harness: {told}"
    (kept,) = (tmp_path / "logs").iterdir()
    assert log == f"  log: {kept}"
    assert "in broken" in kept.read_text()


def test_a_full_disk_is_of_the_infrastructure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device", "/state/run.lock")

    monkeypatch.setattr(cli, "_called", full)
    assert cli.main(["status"]) == 6
    assert (
        "cannot finish `chaos-harness status`: the disk is full: /state/run.lock" in capsys.readouterr().err
    )


def test_help_loads_nothing_that_takes_time() -> None:
    slow = {"pydantic", "kubernetes", "requests", "pytest", "yaml", "jinja2"}
    script = "import sys; from harness.cli import parser; parser().format_help(); print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )

    assert slow.intersection(found.stdout.split()) == set()


CHECKED = "cli.main(['lint', *sys.argv[1:]])"
COLLECTED = "cli.main(['run', *sys.argv[1:], '--collect-only', '-p', 'no:cacheprovider'])"


@pytest.mark.parametrize("command", [CHECKED, COLLECTED])
def test_what_needs_no_cluster_loads_no_client_of_one(command: str, tmp_path: Path) -> None:
    clients = {"kubernetes", "requests", "urllib3", "websocket", "tenacity"}
    clients |= {"prometheus_api_client", "prometheus_client", "jinja2"}
    scenario = next(iter(sorted(bundled.scenarios().rglob("*.yaml"))))
    script = f"import sys; from harness import cli; code = {command}; print(code, *sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", script, str(scenario)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    code, *loaded = found.stdout.splitlines()[-1].split()
    assert code == "0", found.stdout
    assert "harness.lint.check" in loaded
    assert clients.intersection(loaded) == set()


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_the_exit_code_is_right_where_output_is_closed(closed: str, tmp_path: Path) -> None:
    command = f"exec '{sys.executable}' -m harness.cli lint '{tmp_path}/nothing' {closed}"
    done = subprocess.run(["sh", "-c", command], cwd=Path(__file__).parents[2], timeout=120, check=False)
    assert done.returncode == ExitCode.USAGE


@pytest.mark.parametrize(("word", "meant"), [("lnt", "lint"), ("replays", "replay"), ("stat", "status")])
def test_a_misspelt_command_names_the_one_that_was_meant(word, meant, capsys):
    assert cli.main([word]) == 4
    assert capsys.readouterr().err == (
        f"chaos-harness: there is no command {word}\n"
        f"  next step: did you mean `chaos-harness {meant}`? see chaos-harness --help\n"
    )


def test_a_command_that_is_like_no_other_is_only_refused(capsys):
    assert cli.main(["xyzzy"]) == 4
    assert capsys.readouterr().err == (
        "chaos-harness: there is no command xyzzy\n  next step: see chaos-harness --help\n"
    )


def test_the_version(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"chaos-harness {harness.__version__}\n"
