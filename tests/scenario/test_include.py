# ruff: noqa: E501  (messages are asserted whole)
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.lint.check import load_checked
from harness.scenario.load import load
from harness.scenario.problem import ScenarioError

Write = Callable[[str, str], Path]
Problems = Callable[[str], list[str]]

HEAD = "scenario: s\nabout: b\n"
STEPS = "steps: [{apply: burn}]\n"
BURN = """\
chaos:
  burn:
    kind: StressChaos
    spec: {mode: one, selector: "${workload.selector}", stressors: {cpu: {workers: 1}}}
"""
CHECKED = """\
workload: mini-node-exporter
steps:
  - apply: burn
    until: running
    proof: {oracle: managed-processes, at_least: 1}
    expect:
      - metric: chaos_daemon_bpm_controlled_process_total
        increases_by: 1
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def writing(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return writing


@pytest.fixture
def problems(tmp_path: Path, write: Write) -> Problems:
    """Load `a/s.yaml` with that text, and return what is wrong with it, the folder left out."""

    def problems_of(text: str) -> list[str]:
        with pytest.raises(ScenarioError) as caught:
            load(write("a/s.yaml", text))
        return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]

    return problems_of


def test_the_chaos_of_an_included_file_is_the_scenario_s(write: Write) -> None:
    write("shared/_burn.yaml", BURN)
    own = "chaos: {cut: {kind: NetworkChaos, spec: {}}}\n"
    (file,) = load(write("a/s.yaml", f"{HEAD}include: ../shared/_burn.yaml\n{own}{STEPS}"))

    assert set(file.scenario.chaos) == {"burn", "cut"}
    assert file.scenario.chaos["burn"].spec["stressors"] == {"cpu": {"workers": 1}}
    assert (file.is_included("burn"), file.is_included("cut")) == (True, False)
    assert "include" not in file.data


def test_several_files_can_be_included(write: Write) -> None:
    write("_burn.yaml", BURN)
    write("_cut.yaml", "chaos: {cut: {kind: NetworkChaos, spec: {}}}\n")
    (file,) = load(write("s.yaml", f"{HEAD}include: [_burn.yaml, ./_cut.yaml]\n{STEPS}"))

    assert set(file.scenario.chaos) == {"burn", "cut"}


def test_a_place_of_included_chaos_is_in_its_own_file(write: Write, tmp_path: Path) -> None:
    write("_burn.yaml", BURN)
    (file,) = load(write("s.yaml", f"{HEAD}include: _burn.yaml\n{STEPS}"))

    problem = file.problem(("chaos", "burn", "spec", "mode"), "is wrong")
    assert str(problem) == f"{tmp_path}/_burn.yaml:4:12: is wrong (included by s.yaml)"
    assert str(file.problem(("steps", 0), "is wrong")) == f"{tmp_path}/s.yaml:4:9: is wrong"


def test_included_chaos_is_checked_in_the_scenario_that_includes_it(write: Write, tmp_path: Path) -> None:
    write("_burn.yaml", BURN.replace("selector}", "selectr}").replace("StressChaos", "StresChaos"))
    with pytest.raises(ScenarioError) as caught:
        load_checked(write("s.yaml", f"{HEAD}include: _burn.yaml\n{CHECKED}"))

    assert [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems] == [
        "_burn.yaml:3:5: Chaos Mesh has no kind `StresChaos` (included by s.yaml) (did you mean `StressChaos`?)",
        "_burn.yaml:4:23: ${workload.selectr}: `workload` has no `selectr`; it has: containers, image, name, namespace, pods, selector, targets, uids"
        " (included by s.yaml) (did you mean `${workload.selector}`?)",
    ]


def test_included_chaos_need_not_be_applied(write: Write) -> None:
    other = '  other:\n    kind: StressChaos\n    spec: {mode: "${burn.node}", selector: "${nothing}", stressors: {cpu: {workers: 1}}}\n'
    write("_burn.yaml", BURN + other)

    assert load_checked(write("s.yaml", f"{HEAD}include: _burn.yaml\n{CHECKED}"))
    with pytest.raises(ScenarioError) as caught:
        load_checked(write("s.yaml", f"{HEAD}{BURN}{other}{CHECKED}"))
    assert "`other` is never applied by a step" in [problem.message for problem in caught.value.problems]


def test_parameters_reach_included_chaos(write: Write) -> None:
    write("_burn.yaml", BURN.replace("workers: 1", 'workers: "${parameters.n}"'))
    text = f"{HEAD}include: _burn.yaml\nparameters: {{one: {{n: 1}}, two: {{n: 2}}}}\n{STEPS}"

    assert [
        file.scenario.chaos["burn"].spec["stressors"]["cpu"]["workers"]
        for file in load(write("s.yaml", text))
    ] == [1, 2]


@pytest.mark.parametrize(
    ("include", "message"),
    [
        ("5", "3:1: `include` takes the path of a file or a list of them, not the number 5"),
        ("[{a: b}]", "3:11: `include` takes the path of a file or a list of them, not a mapping"),
        ("../_brun.yaml", "3:1: `../_brun.yaml`: there is no such file (did you mean `../_burn.yaml`?)"),
        ("[../_burn.yaml, ../_another-one.yaml]", "3:26: `../_another-one.yaml`: there is no such file"),
        ("../_folder", "3:1: `../_folder`: is a folder, not a file"),
        (
            "../burn.yaml",
            "3:1: the name of an included file has to begin with `_`, so that it is never taken for a scenario (did you mean `../_burn.yaml`?)",
        ),
        (
            "'../_${run}.yaml'",
            "3:1: files are included before templates are filled in; write the path itself",
        ),
        ("[../_burn.yaml, ../a/../_burn.yaml]", "3:26: `../a/../_burn.yaml` is included twice"),
    ],
)
def test_what_is_wrong_with_an_include(include: str, message: str, write: Write, problems: Problems) -> None:
    write("_burn.yaml", BURN)
    write("_folder/x", "")

    assert problems(f"{HEAD}include: {include}\n{STEPS}") == [f"a/s.yaml:{message}"]


def test_a_file_cannot_include_itself(write: Write, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(write("_s.yaml", f"{HEAD}include: ../{tmp_path.name}/_s.yaml\n{STEPS}"))

    assert str(caught.value) == f"{tmp_path}/_s.yaml:3:1: a file cannot include itself"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ":1:1: the file is empty; an included file begins with `chaos:`"),
        ("[a]", ":1:1: an included file holds a mapping with only `chaos`, not a list (included by s.yaml)"),
        ("{}", ":1:1: an included file has to have `chaos` (included by s.yaml)"),
        ("choas: {}", ":1:1: an included file holds only `chaos`, not `choas` (included by s.yaml) (did you mean `chaos`?)"),
        ("chaos:", ":1:1: `chaos` of an included file must be a mapping of names to chaos, not nothing (included by s.yaml)"),
        ("chaos: {}", ":1:1: `chaos` of an included file must be a mapping of names to chaos, not an empty mapping (included by s.yaml)"),
        (
            BURN + "include: _s.yaml",
            ":5:1: an included file cannot include another; name both in the scenario (included by s.yaml)",
        ),
        (BURN + "steps: []", ":5:1: an included file holds only `chaos`, not `steps` (included by s.yaml)"),
        (BURN + "chaos: {}", ":5:1: the key `chaos` is there twice, first in line 1"),
        (BURN.replace("workers: 1", "workers: on"), ":4:84: `on` is read as the boolean true; write true, or the word in quotes (did you mean `\"on\"`?)"),
        ("chaos: [", ":1:9: not valid YAML while parsing a flow node: expected the node content, but found '<stream end>'"),
        (BURN.replace("kind", "kin"), ":2:3: `kind` is missing in chaos.burn (included by s.yaml)"),
        ("x" * (1024 * 1024 + 1), None),
    ],
)  # fmt: skip
def test_what_is_wrong_in_an_included_file_is_told_there(
    text: str, message: str | None, write: Write, problems: Problems
) -> None:
    write("_b.yaml", text)
    found = problems(f"{HEAD}include: ../_b.yaml\n{STEPS}")

    wanted = f"_b.yaml{message}" if message else "a/s.yaml:3:1: `../_b.yaml`: is larger than 1 MiB"
    assert found[0] == wanted


def test_a_name_that_two_define_is_an_error_where_the_later_one_stands(
    write: Write, problems: Problems
) -> None:
    write("_b.yaml", BURN)
    write("_c.yaml", f"# more\n{BURN}")

    assert problems(f"{HEAD}include: ../_b.yaml\n{BURN}{STEPS}") == [
        "_b.yaml:2:3: `burn` is defined by this scenario too (included by s.yaml)"
    ]
    assert problems(f"{HEAD}include: [../_b.yaml, ../_c.yaml]\n{STEPS}") == [
        "_c.yaml:3:3: `burn` is defined by `../_b.yaml` too (included by s.yaml)"
    ]


def test_an_included_file_that_is_no_utf_8_is_told_there(tmp_path: Path, problems: Problems) -> None:
    (tmp_path / "_b.yaml").write_bytes(b"chaos:\n  \xe9: {}\n")

    assert problems(f"{HEAD}include: ../_b.yaml\n{STEPS}") == ["_b.yaml:2:3: is not UTF-8: byte 0xe9"]


def test_own_chaos_that_is_no_mapping_is_what_is_told(write: Write, problems: Problems) -> None:
    write("_b.yaml", BURN)

    assert problems(f"{HEAD}include: ../_b.yaml\nchaos: [burn]\nsteps: [{{wait: 1}}]\n") == [
        "a/s.yaml:4:1: `chaos` must be a mapping, not a list"
    ]


def test_an_included_file_is_in_reach_of_the_scenario(
    tmp_path: Path, write: Write, problems: Problems
) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "_b.yaml").write_text(BURN)
    write("a/x", "")
    (tmp_path / "a/_link.yaml").symlink_to(outside / "_b.yaml")
    (tmp_path / "a/folder").symlink_to(outside)
    out = "leads out of the checkout, or out of the folder above the scenario's where there is none"
    for written in ("_link.yaml", "folder/_b.yaml", f"../../{outside.name}/_b.yaml"):
        assert problems(f"{HEAD}include: {written}\n{STEPS}") == [f"a/s.yaml:3:1: `{written}` {out}"]

    (found,) = problems(f"{HEAD}include: {outside}/_b.yaml\n{STEPS}")
    assert "relative to the scenario's folder" in found


def test_an_included_file_is_anywhere_in_the_checkout(tmp_path: Path, write: Write) -> None:
    (tmp_path / ".git").mkdir()
    write("shared/_burn.yaml", BURN)
    assert load(write("a/b/c/s.yaml", f"{HEAD}include: ../../../shared/_burn.yaml\n{STEPS}"))


def test_a_link_to_an_included_file_is_to_one_of_that_kind(
    tmp_path: Path, write: Write, problems: Problems
) -> None:
    write("secret", BURN)
    (tmp_path / "_link.yaml").symlink_to("secret")

    assert problems(f"{HEAD}include: ../_link.yaml\n{STEPS}") == [
        "a/s.yaml:3:1: `../_link.yaml` is a link to a file whose name does not begin with `_`"
    ]


def test_files_that_are_included_are_bounded(write: Write, problems: Problems) -> None:
    many = ", ".join(f"_{number}.yaml" for number in range(51))
    assert problems(f"{HEAD}include: [{many}]\n{STEPS}") == [
        "a/s.yaml:3:1: `include` names 51 files; a scenario includes at most 50"
    ]
    for name in ("_a", "_b"):
        write(f"{name}.yaml", f"chaos: {{{name}: {{kind: x, spec: [{'1, ' * 12000}1]}}}}\n")
    (found,) = problems(f"{HEAD}include: [../_a.yaml, ../_b.yaml]\n{STEPS}")
    assert found.endswith("the files that are included have more than 20000 values")
