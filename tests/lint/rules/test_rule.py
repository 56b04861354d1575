import pkgutil

import pytest

import harness.lint.rules
from harness.lint.rules.rule import check_rules, rules
from harness.scenario.load import load


def test_the_rules_of_every_file_are_found():
    modules = {module.name for module in pkgutil.iter_modules(harness.lint.rules.__path__)}

    assert {rule.__module__.rpartition(".")[2] for rule in rules()} == modules - {"rule", "template"}
    assert len(set(rules())) == len(rules())


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.__name__)
def test_each_rule_says_what_it_wants_in_one_line(rule):
    assert rule.__doc__
    assert rule.__doc__.endswith(".")
    assert "\n" not in rule.__doc__


def test_a_problem_has_the_place_in_the_file(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(
        "scenario: a\nabout: b\nsteps:\n- wait: 1\n  expect:\n  - equals: 0\n    promql: count(up)\n"
    )
    (problem,) = check_rules(load(path)[0])

    assert (problem.path, problem.line, problem.column) == (path, 6, 5)
