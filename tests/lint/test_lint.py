from collections.abc import Callable
from pathlib import Path

import pytest

from harness import cli
from harness.base import bundled
from harness.base.errors import ExitCode

GOOD = """\
scenario: {name}
about: Everything is scraped.
steps:
- wait: 1
  expect:
  - metric: grpc_server_started_total
    unchanged: true
"""
RATE = GOOD.replace(
    "metric: grpc_server_started_total", "promql: rate(grpc_server_started_total[2s])"
).replace("unchanged: true", "at_least: 0.5")

Lint = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def lint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lint:
    """Write files, then lint; return the exit code and the lines."""
    monkeypatch.chdir(tmp_path)

    def run(files: dict[str, str], *words: str) -> tuple[int, list[str]]:
        for name, text in files.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(text)
        code = cli.main(["lint", *words])
        return code, capsys.readouterr().out.splitlines()

    return run


def test_what_ships_is_right(lint: Lint) -> None:
    code, lines = lint({})

    assert code == ExitCode.OK
    assert len(lines) == 1
    every = [*bundled.scenarios().rglob("*.yaml"), *bundled.scenarios().rglob("*.py")]
    files = sum(1 for path in every if not path.name.startswith("_"))
    assert f" in {files} files, 0 problems" in lines[0]


def test_files_and_folders_are_counted_with_their_cases(lint: Lint) -> None:
    cases = GOOD.format(name="c").replace("wait: 1", 'wait: "${parameters.n}"')
    files = {
        "a.yaml": GOOD.format(name="a"),
        "b/c.yaml": f"{cases}parameters: {{one: {{n: 1}}, two: {{n: 2}}}}\n",
    }

    assert lint(files, "a.yaml", "b", "b/c.yaml", str(Path("a.yaml").absolute())) == (
        ExitCode.OK,
        ["3 scenarios in 2 files, 0 problems"],
    )


def test_all_problems_of_all_files_come_at_once(lint: Lint) -> None:
    files = {
        "a.yaml": GOOD.format(name="a").replace("metric:", "metrc:").replace("wait: 1", "wait: 0"),
        "b.yaml": "scenario: [\n",
        "c.yaml": GOOD.format(name="c") + "  - equals: -1\n    metric: grpc_server_started_totl\n",
        "d.yaml": GOOD.format(name="d") + "  - equals: -1\n    metric: grpc_server_started_total\n",
        "values.yaml": "replicas: 1\n",
    }

    code, lines = lint(files, ".", "values.yaml", "none.yaml")

    assert code == ExitCode.USAGE
    assert [line.split(": ")[0] for line in lines[:-1]] == [
        "values.yaml:1:1",
        "none.yaml",
        "a.yaml:4:3",
        "a.yaml:6:5",
        "b.yaml:2:1",
        "c.yaml:9:5",
        "d.yaml:8:5",
    ]
    assert lines[5].endswith(" (did you mean `grpc_server_started_total`?)")
    assert lines[-1] == "2 scenarios in 4 files, 7 problems"


def test_a_name_is_there_once(lint: Lint) -> None:
    code, lines = lint({"a.yaml": GOOD.format(name="x"), "b.yaml": GOOD.format(name="x")}, ".")

    assert code == ExitCode.USAGE
    assert lines == [
        "b.yaml:1:1: `x` is the name of a.yaml too; results and recordings go by it",
        "2 scenarios in 2 files, 1 problem",
    ]


def test_a_folder_without_a_scenario_is_a_problem(lint: Lint) -> None:
    assert lint({"folder/values.yaml": "a: 1\n"}, "folder") == (
        ExitCode.USAGE,
        [
            "folder: holds no scenario file: none begins with `scenario: NAME`",
            "0 scenarios in 0 files, 1 problem",
        ],
    )


@pytest.mark.parametrize(("interval", "code"), [("1", ExitCode.OK), ("1.5", ExitCode.USAGE)])
def test_ranges_depend_on_the_interval(interval: str, code: int, lint: Lint) -> None:
    assert lint({"a.yaml": RATE.format(name="a")}, "a.yaml", "--scrape-interval", interval)[0] == code


@pytest.mark.parametrize("interval", ["0", "-1", "nan", "inf", "x"])
def test_an_interval_is_a_number_of_seconds(interval: str, lint: Lint) -> None:
    assert lint({}, "--scrape-interval", interval) == (ExitCode.USAGE, [])


def test_a_warning_is_shown_and_makes_no_file_wrong(lint: Lint) -> None:
    chaos = (
        "chaos:\n  kill:\n    kind: PodChaos\n    spec: {action: pod-kill, mode: one, duration: 9s, "
        'selector: "${workload.selector}"}\n'
    )
    steps = "- apply: kill\n  until: finished\n"
    steps += '  proof: {oracle: pod-uids, since: "${workload.uids}", equals: 1}\n'
    text = GOOD.format(name="a").replace("steps:\n", f"workload: mini-node-exporter\n{chaos}steps:\n{steps}")

    code, lines = lint({"a.yaml": text}, "a.yaml")

    assert code == ExitCode.OK
    assert lines == [
        "a.yaml:7:41: warning: `duration` does nothing for `pod-kill`: it is over at once"
        " (api/v1alpha1, the marker oneshot)",
        "1 scenario in 1 file, 0 problems, 1 warning",
    ]


def test_a_namespace_of_others_is_allowed_by_its_name(lint: Lint) -> None:
    chaos = (
        "chaos:\n  kill:\n    kind: PodChaos\n"
        "    spec: {action: pod-kill, mode: one, selector: {namespaces: [theirs]}}\n"
    )
    applied = "- apply: kill\n  until: injecting\n"
    text = GOOD.format(name="a").replace("steps:\n", f"{chaos}steps:\n") + applied

    code, lines = lint({"a.yaml": text}, "a.yaml")
    assert (code, len(lines)) == (ExitCode.USAGE, 2)
    assert "--allow-namespace theirs" in lines[0]
    assert lint({}, "a.yaml", "--allow-namespace", "other", "--allow-namespace", "theirs")[0] == ExitCode.OK
    for wrong in ("", "../x", "A", "a" * 64):
        assert lint({}, "a.yaml", "--allow-namespace", wrong)[0] == ExitCode.USAGE
