# ruff: noqa: E501  (messages are asserted whole)
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.lint.check import load_checked
from harness.scenario.load import load
from harness.scenario.problem import ScenarioError

Write = Callable[[str], Path]
Problems = Callable[[str], list[str]]

STRESSORS = """\
scenario: stressors
about: Each stressor (${parameters.what}) is one managed process.
tags: [stress]
needs: [stress-ng]
workload: {name: mini-node-exporter, replicas: "${parameters.replicas}"}
parameters:
  cpu:
    what: CPU
    replicas: 1
    stressors: {cpu: {workers: 1, load: 20}}
    processes: 1
  both:
    what: $${x} and memory
    replicas: 2
    stressors: {cpu: {workers: 1}, memory: {workers: 1, size: "${workload.name}"}}
    processes: 2
    needs: [memstress, stress-ng]
    tags: [memory]
chaos:
  burn:
    kind: StressChaos
    spec: {mode: one, selector: "${workload.selector}", stressors: "${parameters.stressors}"}
steps:
  - apply: burn
    until: running
    proof: {oracle: managed-processes, at_least: "${parameters.processes}"}
    expect:
      - metric: chaos_daemon_bpm_controlled_process_total
        increases_by: "${parameters.processes}"
        because: ${parameters.processes} of ${parameters.what}, not $${parameters.processes}
        where: {job: chaos-daemon}
"""


def case(cases: str, use: str, more: str = "") -> str:
    return f"scenario: s\nabout: b\nparameters:\n{cases}\nsteps:\n- wait: 1\n  bound: {use}\n{more}"


def test_each_case_is_a_scenario_of_its_own(scenario_file: Write) -> None:
    cpu, both = load(scenario_file(STRESSORS))

    assert [(file.name, file.case) for file in (cpu, both)] == [
        ("stressors[cpu]", "cpu"),
        ("stressors[both]", "both"),
    ]
    assert [file.scenario.scenario for file in (cpu, both)] == ["stressors-cpu", "stressors-both"]
    assert [file.scenario.workload.replicas for file in (cpu, both) if file.scenario.workload] == [1, 2]
    assert cpu.scenario.chaos["burn"].spec["stressors"] == {"cpu": {"workers": 1, "load": 20}}
    assert [file.scenario.steps[0].expect[0].argument for file in (cpu, both)] == [1, 2]
    assert "parameters" not in cpu.data
    assert cpu.path == both.path
    assert cpu.text == both.text == STRESSORS


def test_inside_of_text_a_value_becomes_text_and_what_is_no_parameter_stays(scenario_file: Write) -> None:
    cpu, both = load(scenario_file(STRESSORS))

    assert cpu.scenario.about == "Each stressor (CPU) is one managed process."
    assert cpu.scenario.steps[0].expect[0].because == "1 of CPU, not $${parameters.processes}"
    assert both.scenario.steps[0].expect[0].because == "2 of $${x} and memory, not $${parameters.processes}"
    spec = both.scenario.chaos["burn"].spec
    assert (spec["selector"], spec["stressors"]["memory"]["size"]) == (
        "${workload.selector}",
        "${workload.name}",
    )


def test_needs_and_tags_of_a_case_are_added_once(scenario_file: Write) -> None:
    cpu, both = load(scenario_file(STRESSORS))

    assert (cpu.scenario.needs, cpu.scenario.tags) == (["stress-ng"], ["stress"])
    assert (both.scenario.needs, both.scenario.tags) == (["stress-ng", "memstress"], ["stress", "memory"])


def test_a_field_of_a_parameter_can_be_named(scenario_file: Write) -> None:
    first, second = load(
        scenario_file(case("  a: {x: {y: [5, 6]}}\n  b: {x: {y: [7, 8.5]}}", '"${parameters.x.y[1]}"'))
    )

    assert [file.scenario.steps[0].bound for file in (first, second)] == [6, 8.5]


def test_a_file_without_parameters_is_one_scenario_without_a_case(scenario_file: Write) -> None:
    (file,) = load(scenario_file("scenario: s\nabout: b\nsteps: [{wait: 1}]\n"))

    assert (file.name, file.case, file.scenario.scenario) == ("s", None, "s")


def test_booleans_numbers_and_nothing_keep_their_type(scenario_file: Write) -> None:
    text = case(
        "  a: {flag: true, none: null, n: 1.5}",
        '"${parameters.n}"',
        '  expect: [{metric: m, absent: "${parameters.flag}", deadline: "${parameters.none}", because: "${parameters.flag} ${parameters.n}"}]\n',
    )
    (file,) = load(scenario_file(text))

    (expectation,) = file.scenario.steps[0].expect
    assert (expectation.argument, expectation.deadline, expectation.because) == (True, None, "true 1.5")


@pytest.mark.parametrize(
    ("cases", "use", "expected"),
    [
        ("  []", "1", "s.yaml:3:1: `parameters` must be a mapping of cases to their values, not a list"),
        ("  {}", "1", "s.yaml:3:1: `parameters` must be a mapping of cases to their values, not an empty mapping"),
        ("", "1", "s.yaml:3:1: `parameters` must be a mapping of cases to their values, not nothing"),
        ("  a: 5", "1", "s.yaml:4:3: the case `a` must be a mapping of parameters to values, not the number 5"),
        ("  a: {}", "1", "s.yaml:4:3: the case `a` has no parameter"),
        ("  a: {needs: [x]}", "1", "s.yaml:4:3: the case `a` has no parameter"),
        (
            "  A_b: {x: 1}",
            '"${parameters.x}"',
            "s.yaml:4:3: `A_b` is no valid name of a case: small letters, digits and dashes, a letter or digit at both ends (did you mean `a-b`?)",
        ),
        (
            f"  {'a' * 49}: {{x: 1}}",
            '"${parameters.x}"',
            f"s.yaml:4:3: `s-{'a' * 49}` names this case in the cluster and must have at most 50 characters",
        ),
        (
            "  a: {x: 1, y: 2}\n  b: {x: 1}",
            '"${parameters.x}"',
            "s.yaml:5:3: the case `b` does not have `y`, which the case `a` has",
        ),
        (
            "  a: {proceses: 1}\n  b: {processes: 1}",
            "1",
            "s.yaml:5:7: the case `b` has `processes`, which the case `a` does not have (did you mean `proceses`?)",
        ),
        ("  a: {x.y: 1}", "1", "s.yaml:4:7: `x.y` cannot name a parameter: letters, digits, dashes and `_`"),
        (
            '  a: {x: 1, y: "${parameters.x}"}',
            '"${parameters.x}"',
            "s.yaml:4:13: ${parameters.x}: a parameter cannot refer to another one",
        ),
        ("  a: {x: 1, needs: nothing}", '"${parameters.x}"', "s.yaml:4:13: `needs` of a case must be a list of names"),
        ("  a: {x: 1}", "1", "s.yaml:4:7: nothing refers to the parameter `x` with ${parameters.x}"),
        (
            "  a: {load: 1}\n  b: {load: 2}",
            '"${parameters.laod}"',
            "s.yaml:8:3: ${parameters.laod}: there is no parameter `laod`; there is: load (did you mean `${parameters.load}`?)",
        ),
        (
            "  a: {x: 1}",
            '"${parameters.x.y}"',
            "s.yaml:7:3: ${parameters.x.y}: `parameters.x` has no fields",
        ),
        (
            "  a: {x: {y: 1}}\n  b: {x: {z: 1}}",
            '"${parameters.x.y}"',
            "s.yaml:8:3: ${parameters.x.y}: `parameters.x` has no `y` (in the case `b`)",
        ),
        ("  a: {x: [1]}", '"1${parameters.x}"', "s.yaml:7:3: ${parameters.x} is a list, which cannot stand inside of text"),
        ("  a: {x: 700}", '"${parameters.x}"', "s.yaml:7:3: `steps[0].bound` must be at most 600, not 700"),
        (
            "  a: {x: 1}\n  b: {x: 700}\n  c: {x: 700}",
            '"${parameters.x}"',
            "s.yaml:9:3: `steps[0].bound` must be at most 600, not 700 (in the cases `b`, `c`)",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_parameters(cases: str, use: str, expected: str, problems: Problems) -> None:
    assert problems(case(cases, use)) == [expected]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("parameters", "${parameters}: name a parameter; there is: x"),
        ("parameters[0]", "${parameters[0]}: name a parameter; there is: x"),
        ("parameters.", "${parameters.}: is no reference such as burn.targets[0].pod; write `$${` for the characters themselves"),
        ("parameters.needs", "${parameters.needs}: `needs` of a case is no parameter, but added to that of the scenario"),
    ],
)  # fmt: skip
def test_a_template_that_names_no_parameter(written: str, message: str, problems: Problems) -> None:
    text = case("  a: {x: 1}", '"${parameters.x}"', f'  until: "${{{written}}}"\n')

    assert problems(text) == [f"s.yaml:8:3: {message}"]


def test_a_chaos_whose_name_begins_like_parameters_is_none(scenario_file: Write) -> None:
    text = case("  a: {x: 1}", '"${parameters.x}"', '  until: "${parameters-2.name}"\n')

    assert load(scenario_file(text))[0].scenario.steps[0].until == "${parameters-2.name}"


def test_the_name_is_no_parameter(problems: Problems) -> None:
    text = (
        'scenario: "${parameters.x}"\nabout: "${parameters.x}"\nparameters: {a: {x: b}}\nsteps: [{wait: 1}]\n'
    )

    assert problems(text) == [
        "s.yaml:1:1: ${parameters.x}: the name cannot be a parameter; each case adds its own name to it"
    ]


def test_a_name_that_is_wrong_in_all_cases_is_told_once(problems: Problems) -> None:
    text = "scenario: S\nabout: b\nparameters: {a: {x: 1}, b: {x: 2}}\nsteps: [{wait: '${parameters.x}'}]\n"

    assert problems(text) == [
        "s.yaml:1:1: `S` is no valid name: small letters, digits and dashes, a letter or digit at both ends"
        " (did you mean `s`?)"
    ]


def test_parameters_that_are_not_there(problems: Problems) -> None:
    text = 'scenario: s\nabout: b\n{more}steps:\n- wait: 1\n  bound: "${parameters.x}"\n'

    assert problems(text.replace("{more}", "")) == [
        "s.yaml:5:3: ${parameters.x}: this scenario has no `parameters`"
    ]
    assert problems(text.replace("{more}", "parametrs: {a: {x: 1}}\n")) == [
        "s.yaml:3:1: unknown key `parametrs` at the top level (did you mean `parameters`?)"
    ]


def test_text_in_place_of_a_number_is_shown_as_it_is_written(problems: Problems) -> None:
    text = "scenario: s\nabout: '${parameters.x}'\nparameters: {a: {x: 0x10}}\nsteps: [{wait: 1}]\n"

    assert problems(text) == [
        's.yaml:2:1: `about` must be text, not the number 16; put it in quotes (did you mean `"0x10"`?)'
    ]


def test_a_need_that_is_wrong_stands_in_its_case(problems: Problems) -> None:
    text = case("  a: {x: 1}\n  b: {x: 2, needs: [ok, Not_Ok]}", '"${parameters.x}"')

    assert problems(text) == [
        "s.yaml:5:25: `Not_Ok` is no valid name: small letters, digits and dashes, a letter or digit at both ends"
        " (in the case `b`) (did you mean `not-ok`?)"
    ]


def test_checks_of_other_rooms_tell_of_the_cases_too(scenario_file: Write) -> None:
    text = STRESSORS.replace("memstress", "memstres").replace(
        "chaos_daemon_bpm_controlled_process_total", "chaos_daemon_bpm_controlled_process_totl"
    )
    path = scenario_file(text)
    with pytest.raises(ScenarioError) as caught:
        load_checked(path)

    assert [(p.line, p.message.partition(";")[0], p.suggestion) for p in caught.value.problems] == [
        (17, "there is no capability `memstres`", "memstress"),
        (28, "the catalogue has no metric `chaos_daemon_bpm_controlled_process_totl`", "chaos_daemon_bpm_controlled_process_total"),
    ]  # fmt: skip
    assert caught.value.problems[0].message.endswith(" (in the case `both`)")
    assert " case " not in caught.value.problems[1].message


VALUES = st.recursive(
    st.integers(-9, 9) | st.booleans() | st.none() | st.sampled_from(["text", "${run}", "a $${b}", ""]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["k", "l"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=VALUES, second=VALUES)
def test_a_case_is_the_file_that_one_would_have_written_without_parameters(
    first: object, second: object, tmp_path: Path
) -> None:
    def document(value: object) -> dict[str, object]:
        spec = {"a": [{"b": value}], "c": {"d": value}}
        return {
            "scenario": "s",
            "about": "b",
            "chaos": {"c": {"kind": "K", "spec": spec}},
            "steps": [{"apply": "c"}],
        }

    path = tmp_path / "s.yaml"
    cases = {"one": {"v": first}, "two": {"v": second}}
    path.write_text(yaml.safe_dump(document("${parameters.v}") | {"parameters": cases}))

    for file, value in zip(load(path), (first, second), strict=True):
        assert file.data == document(value) | {"scenario": f"s-{file.case}"}


PARTS = st.recursive(
    st.integers(0, 3) | st.booleans() | st.none() | st.sampled_from(["s", "a", "_s.yaml", "_a.yaml", "${parameters.a}", "${parameters.a.b[1]} x", "${parameters", "${parameters[0]}", "$${a}", "", "/", "..", "\x7f"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b", "needs", "tags", "chaos", "spec", "kind", "wait", "bound", "A.b", "${parameters.a}"]), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    data=st.fixed_dictionaries(
        {"scenario": st.just("s") | PARTS, "steps": st.just([{"wait": 1}]) | PARTS},
        optional=dict.fromkeys(
            ("about", "parameters", "include", "chaos", "needs", "tags", "workload"), PARTS
        ),
    ),
    included=PARTS | st.fixed_dictionaries({"chaos": PARTS}),
)
def test_whatever_parameters_and_includes_are_the_answer_is_a_scenario_or_a_scenario_error(
    data: dict[str, object], included: object, tmp_path: Path
) -> None:
    (tmp_path / "_a.yaml").write_text(yaml.safe_dump(included))
    path = tmp_path / "s.yaml"
    path.write_text(yaml.safe_dump(data))
    try:
        files = load(path)
    except ScenarioError as error:
        assert error.problems
    else:
        parameters = data.get("parameters")
        assert len(files) == (len(parameters) if isinstance(parameters, dict) else 1)


def wrong(tmp_path, text):
    path = tmp_path / "s.yaml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load(path)
    return [problem.message for problem in caught.value.problems]


def test_cases_are_bounded(tmp_path, monkeypatch):
    head = "scenario: s\nabout: x\nsteps:\n  - wait: 1\n"
    many = "parameters:\n" + "".join(f"  c{number}: {{a: 1}}\n" for number in range(201))
    assert wrong(tmp_path, head + many) == ["`parameters` has 201 cases; a file has at most 200"]
    large = f"tags: [{', '.join(['x'] * 1100)}]\n"
    many = many.replace("  c200: {a: 1}\n", "")
    assert "all cases together have more than 200000 values" in wrong(tmp_path, head + large + many)[0]


def test_a_text_is_bounded_with_its_parameters(tmp_path):
    long, often = "x" * 10_000, "${parameters.a}" * 10_000
    text = f"scenario: s\nabout: '{often}'\nsteps:\n  - wait: 1\nparameters:\n  one: {{a: {long}}}\n"
    (message,) = wrong(tmp_path, text)
    assert message.startswith("is longer than 1048576 characters with its parameters")
