# ruff: noqa: E501  (messages are asserted whole)
import os
import pickle
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.actions.registry import actions
from harness.base.errors import ExitCode
from harness.scenario.load import load
from harness.scenario.model import Step
from harness.scenario.problem import ScenarioError
from harness.scenario.text import MOST_BYTES

Write = Callable[[str], Path]
Problems = Callable[[str], list[str]]

STRESS = """\
scenario: stress-cpu-and-memory
about: A CPU and a memory stressor in one container are two managed processes.
tags: [daemon, stress]
needs: [stress-ng]                       # capabilities; what is missing is the skip reason
workload: mini-node-exporter             # an own namespace each run
chaos:
  burn:
    kind: StressChaos
    spec: {mode: one, selector: "${workload.selector}", stressors: {cpu: {workers: 1, load: 20}, memory: {workers: 1, size: 32MB}}}
steps:
  - apply: burn
    until: running
    proof: {oracle: processes, in: "${burn.targets}", named: stress-ng, at_least: 1}
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {namespace: "${namespace}"}
        series: [{kind: StressChaos, phase: running, value: 1}]              # exactly these
      - metric: chaos_daemon_bpm_controlled_process_total
        where: {node: "${burn.node}"}
        increases_by: 2
      - metric: chaos_daemon_bpm_controlled_processes
        where: {node: "${burn.node}"}
        equals: {oracle: managed-processes}
        known_issue: {id: stressors-not-counted, shows: {equals: 0}}
  - delete: burn
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {namespace: "${namespace}"}
        absent: true
"""

HEAD = "scenario: a\nabout: b\n"


def test_the_design_s_own_example_loads(scenario_file: Write) -> None:
    file = load(scenario_file(STRESS))[0]

    burn = file.scenario.steps[0]
    assert (burn.action, burn.phase, burn.chaos) == ("apply", "running", "burn")
    assert burn.proof[0].model_extra == {"in": "${burn.targets}", "named": "stress-ng", "at_least": 1}
    assert [expectation.kind for expectation in burn.expect] == ["series", "increases_by", "equals"]
    assert burn.expect[2].known_issue is not None
    assert burn.expect[2].known_issue.shows == {"equals": 0}
    assert file.scenario.chaos["burn"].spec["stressors"]["memory"]["size"] == "32MB"
    assert file.scenario.workload is not None
    assert file.scenario.workload.name == "mini-node-exporter"
    assert file.text == STRESS


def test_positions_name_where_an_entry_begins(scenario_file: Write) -> None:
    positions = load(scenario_file(STRESS))[0].positions

    def at(*path: str | int) -> tuple[int, int]:
        place = positions.at(path)
        return place.line, place.column

    assert at() == (1, 1)
    assert at("steps", 0) == (11, 5)
    assert at("steps", 0, "expect", 2, "equals", "oracle") == (23, 18)
    assert at("steps", 1, "expect", 0, "absent") == (29, 9)
    assert at("steps", 1, "expect", 0, "no such key") == (27, 9)
    assert at("nothing") == (1, 1)


def test_a_misspelt_key_is_named_with_what_was_meant(problems: Problems) -> None:
    text = HEAD + "chaos: {c: {kind: PodChaos, spec: {}}}\nsteps:\n- wait: 1\n- apply: c\n  untl: running\n"

    assert problems(text) == ["s.yaml:7:3: unknown key `untl` in steps[1] (did you mean `until`?)"]


def test_a_key_that_is_like_no_other_gets_the_list(problems: Problems) -> None:
    assert problems(HEAD + "workload: {name: w, xyz: 1}\nsteps: [{wait: 1}]\n") == [
        "s.yaml:3:21: unknown key `xyz` in workload; it takes: name, replicas"
    ]


def test_all_problems_come_at_once_in_the_order_of_the_file(problems: Problems) -> None:
    text = """\
    scenaro: a
    about: 5
    chaos:
      Burn_It: {kind: PodChaos, spec: []}
    steps:
      - apply: Burn-It
      - wait: 0
      - {}
      - wait: 1
        delete: Burn_It
      - wait: 1
        expect: [{metric: m, level: shoud, equals: 1}, {metric: m, hodl: 1, equals: 1}, {equals: 1}]
      - traffic: {source: a, requests: many}
    """

    assert problems(textwrap.dedent(text)) == [
        "s.yaml:1:1: `scenario` is missing",
        "s.yaml:1:1: unknown key `scenaro` at the top level (did you mean `scenario`?)",
        's.yaml:2:1: `about` must be text, not the number 5; put it in quotes (did you mean `"5"`?)',
        "s.yaml:4:3: `Burn_It` is no valid name: small letters, digits and dashes, a letter or digit at both ends"
        " (did you mean `burn-it`?)",
        "s.yaml:4:29: `chaos.Burn_It.spec` must be a mapping, not a list",
        "s.yaml:6:5: no chaos is named `Burn-It` (defined: Burn_It) (did you mean `Burn_It`?)",
        "s.yaml:7:5: `steps[1].wait` must be at least 1, not 0",
        f"s.yaml:8:5: a step takes exactly one action of: {', '.join(actions())}; found: none in steps[2]",
        f"s.yaml:9:5: a step takes exactly one action of: {', '.join(actions())};"
        " found: delete, wait in steps[3]",
        "s.yaml:12:26: `steps[4].expect[0].level` must be must or should, not the text `shoud`"
        " (did you mean `should`?)",
        "s.yaml:12:52: an expectation takes exactly one kind, such as `equals: 1`; found: equals, hodl"
        " in steps[4].expect[1] (did you mean `hold`?)",
        "s.yaml:12:85: an expectation takes exactly one of `metric` and `promql` in steps[4].expect[2]",
        "s.yaml:13:5: `target` is missing in steps[5].traffic",
        "s.yaml:13:26: `steps[5].traffic.requests` must be a whole number, not the text `many`",
    ]


def test_a_matcher_is_told_apart_from_text(problems: Problems) -> None:
    text = HEAD + "steps:\n- wait: 1\n  expect: [{metric: m, equals: 1, where: {WHERE}}]\n"

    assert problems(text.replace("WHERE", "kind: {mathces: P.*}")) == [
        "s.yaml:5:50: unknown key `mathces` in steps[0].expect[0].where.kind (did you mean `matches`?)"
    ]
    assert problems(text.replace("WHERE", "kind: {not: a, matches: b}")) == [
        "s.yaml:5:43: a matcher takes exactly one of: not, matches, not_matches in steps[0].expect[0].where.kind"
    ]
    assert problems(text.replace("WHERE", "code: 0200.5")) == [
        "s.yaml:5:43: `steps[0].expect[0].where.code` must be text, not the number 200.5; put it in quotes"
        ' (did you mean `"0200.5"`?)'
    ]
    assert problems(text.replace("WHERE", "kind: [a]")) == [
        "s.yaml:5:43: `steps[0].expect[0].where.kind` must be text, not a list"
    ]


def test_short_forms_keep_their_places(problems: Problems) -> None:
    text = HEAD + "workload: Mini\nsteps:\n- wait: 1\n  proof: {named: x}\n- wait: 1\n  proof: none\n"

    assert problems(text) == [
        "s.yaml:3:1: `Mini` is no valid name: small letters, digits and dashes, a letter or digit at both ends"
        " (did you mean `mini`?)",
        "s.yaml:6:3: `oracle` is missing in steps[0].proof",
        "s.yaml:8:3: `steps[1].proof` must be a list, not the text `none`",
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "x: off",
            '7:10: `off` is read as the boolean false; write false, or the word in quotes (did you mean `"off"`?)',
        ),
        (
            "x: Yes",
            '7:10: `Yes` is read as the boolean true; write true, or the word in quotes (did you mean `"Yes"`?)',
        ),
        ("x: 1_000", "7:10: `1_000` is a number only in YAML 1.1; write 1000 (did you mean `1000`?)"),
        (
            "x: 1:30",
            '7:10: `1:30` is read as the number 90 (base 60); put it in quotes (did you mean `"1:30"`?)',
        ),
        ("x: 010", '7:10: `010` is read as the number 8 (base 8); put it in quotes (did you mean `"010"`?)'),
        ("x: 1e3", "7:10: `1e3` is read as text, not as a number (did you mean `1000`?)"),
        (
            "x: 2026-01-02",
            '7:10: `2026-01-02` is read as a date; put it in quotes (did you mean `"2026-01-02"`?)',
        ),
        (
            "x: 2026-13-45",
            '7:10: `2026-13-45` is read as a date; put it in quotes (did you mean `"2026-13-45"`?)',
        ),
        ("x: 0b_", '7:10: `0b_` is not a number that can be read; put it in quotes (did you mean `"0b_"`?)'),
        (
            "on: x",
            '7:7: the key `on` is read as a boolean, not as text; put it in quotes (did you mean `"on"`?)',
        ),
        ("1: x", '7:7: the key `1` is read as a number, not as text; put it in quotes (did you mean `"1"`?)'),
        ("[a]: x", "7:7: a key has to be text, not a list or a mapping"),
        ("<<: {x: 1}", "7:7: merge keys (`<<`) are not supported; write the keys out"),
        ("x: !!binary aGk=", "7:10: the tag `!!binary` is not supported here"),
        (
            "x: !!python/object/apply:os.getcwd []",
            "7:10: the tag `!!python/object/apply:os.getcwd` is not supported here",
        ),
        ("x: !own {}", "7:10: the tag `!own` is not supported here"),
        ("x: 1\n      x: 2", "8:7: the key `x` is there twice, first in line 7"),
    ],
)
def test_what_yaml_reads_otherwise_than_people_do(line: str, expected: str, problems: Problems) -> None:
    text = f"{HEAD}chaos:\n  c:\n    kind: K\n    spec:\n      {line}\nsteps: [{{apply: c}}]\n"

    assert problems(text) == [f"s.yaml:{expected}"]


@pytest.mark.parametrize(
    "line", ["size: 32MB", 'x: "off"', "x: 0x10", "x: 1.5", "x: -3", "x: true", "x: 0.5e+3"]
)
def test_what_is_no_trap(line: str, scenario_file: Write) -> None:
    text = f"{HEAD}chaos: {{c: {{kind: K, spec: {{{line}}}}}}}\nsteps: [{{wait: 1}}]\n"

    assert load(scenario_file(text))[0].scenario.chaos["c"].spec == yaml.safe_load(line)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "s.yaml:1:1: the file is empty; a scenario begins with `scenario: NAME`"),
        (b"# nothing\n---\n", "s.yaml:1:1: the file is empty; a scenario begins with `scenario: NAME`"),
        (
            b"\xef\xbb\xbfscenario: a\n",
            "s.yaml:1:1: begins with a byte order mark; save it as UTF-8 without one",
        ),
        ("scenario: a".encode("utf-16"), "s.yaml:1:1: is UTF-16; save it as UTF-8"),
        (b"scenario: a\nabout: caf\xe9\n", "s.yaml:2:11: is not UTF-8: byte 0xe9"),
        (b"scenario: a\nabout: \x07\n", "s.yaml:2:8: the character U+0007 is not allowed in YAML"),
        (b"scenario: a\nsteps:\n\t- wait: 1\n", "s.yaml:3:1: a tab in the indentation; YAML wants spaces"),
        (
            b"scenario: a\n---\nscenario: b\n",
            "s.yaml:3:1: a second document begins here; a file holds one scenario",
        ),
        (
            b"- a\n",
            "s.yaml:1:1: a scenario file holds a mapping that begins with `scenario: NAME`, not a list",
        ),
        (
            b"just text\n",
            "s.yaml:1:1: a scenario file holds a mapping that begins with `scenario: NAME`,"
            " not the text `just text`",
        ),
        (
            b"a: {b: ${namespace}}\n",
            "s.yaml:1:8: not valid YAML: inside braces `${namespace}` has to be in quotes"
            ' (did you mean `"${namespace}"`?)',
        ),
        (
            b"a: [1\nb: 2\n",
            "s.yaml:2:2: not valid YAML while parsing a flow sequence: expected ',' or ']', but got ':'",
        ),
        (b"a: &x [*x]\n", "s.yaml:1:4: an alias refers to what it is part of"),
        (b"a: " + b"[" * 60 + b"]" * 60, "s.yaml:1:54: is nested deeper than 50 levels"),
        (b"a: " + b"[" * 5000, "s.yaml:1:1: is nested deeper than 50 levels"),
        (b"a: [" + b"1," * 30000, "s.yaml:1:39999: has more than 20000 values, aliases expanded"),
        (b" " * (MOST_BYTES + 1), "s.yaml: is larger than 1 MiB"),
    ],
)
def test_a_file_that_is_no_document(content: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(content)

    with pytest.raises(ScenarioError) as caught:
        load(path)

    assert [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems] == [expected]


def test_aliases_cannot_make_a_small_file_huge(problems: Problems) -> None:
    levels = "".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 10)}]\n" for n in range(1, 9))

    assert problems(f"k0: &k0 [x]\n{levels}") == ["s.yaml:1:10: has more than 20000 values, aliases expanded"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("missing.yaml", "missing.yaml: there is no such file"),
        ("folder", "folder: is a folder, not a file"),
        ("loop.yaml", "loop.yaml: cannot be read: too many levels of symbolic links"),
        ("fifo.yaml", "fifo.yaml: is a named pipe, not a file"),
    ],
)
def test_a_path_that_is_no_file(name: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(tmp_path / "fifo.yaml")

    with pytest.raises(ScenarioError) as caught:
        load(tmp_path / name)

    assert str(caught.value).removeprefix(f"{tmp_path}/") == expected


def test_the_error_is_one_of_usage_and_survives_pickling(scenario_file: Write) -> None:
    path = scenario_file("scenario: a\n")
    with pytest.raises(ScenarioError) as caught:
        load(path)

    error = pickle.loads(pickle.dumps(caught.value))

    assert error.exit_code == ExitCode.USAGE
    assert error.problems == caught.value.problems
    assert error.render() == (
        f"2 problems in {path}\n  {path}:1:1: `about` is missing\n  {path}:1:1: `steps` is missing"
    )


YAML_ISH = st.text(
    alphabet=st.sampled_from(list("ab:-?[]{}&*!|>'\"%@`#,\n \t~<=0123.e_$\\é\x00\ufeff")), max_size=60
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=YAML_ISH | st.text(max_size=80))
def test_whatever_is_in_a_file_the_answer_is_a_scenario_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(text.encode("utf-8", errors="surrogatepass"))

    with pytest.raises(ScenarioError):
        load(path)


KEYS = st.from_regex(r"[a-z]{1,6}", fullmatch=True).filter(
    lambda word: word not in ("yes", "no", "on", "off", "y", "n")
)
SPECS = st.dictionaries(
    KEYS.map(lambda key: f"k{key}"),
    st.recursive(
        st.integers(-9, 9) | st.booleans() | KEYS.map(lambda word: f"w{word}"),
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3)
            | st.dictionaries(KEYS.map(lambda key: f"k{key}"), inner, min_size=1, max_size=3)
        ),
        max_leaves=8,
    ),
    min_size=1,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spec=SPECS)
def test_each_position_is_that_of_its_entry(spec: dict[str, object], tmp_path: Path) -> None:
    data = {
        "scenario": "a",
        "about": "b",
        "chaos": {"c": {"kind": "K", "spec": spec}},
        "steps": [{"apply": "c"}],
    }
    path = tmp_path / "s.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False))

    file = load(path)[0]

    assert file.data == data
    lines = file.text.splitlines()

    def check(value: object, at: tuple[str | int, ...]) -> None:
        place = file.positions.at(at)
        rest = lines[place.line - 1][place.column - 1 :]
        if at and isinstance(at[-1], str):
            assert rest.startswith(f"{at[-1]}:")
        elif at:
            assert lines[place.line - 1][place.column - 3 : place.column - 1] == "- "
        if isinstance(value, dict):
            for key, inner in value.items():
                check(inner, (*at, key))
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                check(inner, (*at, index))

    check(data, ())


@pytest.mark.parametrize(
    ("step", "title"),
    [
        ({"restart": "chaos-daemon"}, "restart chaos-daemon"),
        (
            {"restart": {"component": "chaos-daemon", "node": "${nodes[0]}"}},
            "restart chaos-daemon on ${nodes[0]}",
        ),
        ({"scale": {"component": "workload", "replicas": 2}}, "scale workload to 2"),
        ({"http": {"to": "chaos-dashboard", "path": "/a"}}, "GET /a of chaos-dashboard"),
        (
            {"http": {"to": "chaos-dashboard", "path": "/a", "method": "PUT", "times": 3}},
            "PUT /a of chaos-dashboard, 3 times",
        ),
        (
            {"exec": {"in": "${burn.targets[0]}", "command": ["date", "-u"]}},
            "exec date in ${burn.targets[0]}",
        ),
        (
            {"exec": {"in": {"namespace": "a", "pod": "b", "container": "c"}, "command": ["x"]}},
            "exec x in a/b/c",
        ),
        ({"traffic": {"source": "a", "target": "b", "requests": 1}}, "traffic a -> b"),
        (
            {"deny": {"component": "chaos-dashboard", "verbs": ["get", "list"], "resources": ["podchaos"]}},
            "deny chaos-dashboard to get, list podchaos",
        ),
        ({"allow": "chaos-dashboard"}, "allow chaos-dashboard"),
    ],
)
def test_actions_that_are_about_no_chaos_have_titles(step: dict[str, object], title: str) -> None:
    assert Step.model_validate(step).title() == title


@pytest.mark.parametrize(
    ("step", "title"),
    [
        ({"patch": {"chaos": "burn", "spec": {"mode": "all"}}}, "patch burn"),
        ({"remove_namespace": "second"}, "remove the namespace second"),
        (
            {"restart": {"component": "controller-manager", "leader": True}},
            "restart the leader of controller-manager",
        ),
    ],
)
def test_changes_have_titles(step: dict[str, object], title: str) -> None:
    assert Step.model_validate(step).title() == title


TWO_PLACES = "scenario: a\nabout: b\nnamespaces: [second]\nchaos:\n  burn: {kind: K, spec: {}}\nsteps:\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TWO_PLACES + "- {patch: {chaos: burn}}\n", "patch takes `annotations`, `spec` or both"),
        (TWO_PLACES + "- {patch: {chaos: bern, spec: {a: 1}}}\n", "no chaos is named `bern`"),
        (
            TWO_PLACES + "- {wait: 1, refused: never}\n",
            "`refused` goes with apply, delete, pause, resume, patch",
        ),
        (TWO_PLACES + "- {apply: burn, refused: never, until: running}\n", "no `until`, no `proof`"),
        (
            TWO_PLACES + "- {remove_namespace: third}\n",
            "no namespace is named 'third' (`namespaces`: second)",
        ),
        (
            TWO_PLACES.replace("spec: {}", "spec: {}, namespace: third"),
            "chaos burn: no namespace is named 'third'",
        ),
        (
            TWO_PLACES + "- {restart: {component: chaos-daemon, leader: true}}\n",
            "only controller-manager has a leader, not chaos-daemon",
        ),
    ],
)
def test_what_these_steps_cannot_be(text: str, said: str, problems: Problems) -> None:
    found = problems(text + "- {apply: burn}\n")
    assert len(found) == 1
    assert said in found[0]
