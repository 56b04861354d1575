import sys

import pytest

from harness.audit.contract.promtool import Linted, PromtoolSelector, by_program, known_findings, lint
from harness.base.errors import InfrastructureError
from harness.base.waiver import Waiver
from harness.results.contract import PromtoolFinding

SAID = 'chaos_x no help text\ngo_y counter metrics should have "_total" suffix\n'
KNOWN = [
    Waiver(
        about=PromtoolSelector(metric="go_.*", text='counter metrics should have "_total" suffix'),
        reason="of the runtime",
    )
]


def test_what_is_known_has_its_reason_and_what_is_not_has_none():
    found = lint([("a", "body")], lambda body: Linted(code=3, output=SAID), KNOWN)

    assert found == [
        PromtoolFinding(job="a", metric="chaos_x", text="no help text"),
        PromtoolFinding(
            job="a",
            metric="go_y",
            text='counter metrics should have "_total" suffix',
            reason="of the runtime",
        ),
    ]


def test_two_targets_of_a_component_say_the_same_once():
    found = lint(
        [("a", "1"), ("a", "2"), ("b", "3")], lambda body: Linted(code=3, output="m no help text\n"), []
    )

    assert [finding.job for finding in found] == ["a", "b"]


def test_nothing_is_said_about_a_clean_body():
    assert lint([("a", "body")], lambda body: Linted(code=0, output="")) == []


def test_an_error_is_no_answer():
    with pytest.raises(InfrastructureError, match="ended with 1 on the exposition of a") as caught:
        lint([("a", "body")], lambda body: Linted(code=1, output="error while linting: text format"))
    assert caught.value.details == ["error while linting: text format"]


def test_an_exception_is_for_the_whole_name_and_the_whole_text():
    exception = PromtoolSelector(metric="go_y", text="no help text")

    assert exception.selects(PromtoolFinding(job="a", metric="go_y", text="no help text"))
    assert not exception.selects(PromtoolFinding(job="a", metric="go_y_z", text="no help text"))
    assert not exception.selects(PromtoolFinding(job="a", metric="go_y", text="no help text at all"))


def test_the_program_gets_the_body_and_its_exit_code_is_an_answer(tmp_path):
    program = tmp_path / "promtool"
    program.write_text(
        f"#!{sys.executable}\nimport sys\n"
        "sys.stderr.write(' '.join(sys.argv[1:]) + ':' + sys.stdin.read())\nsys.exit(3)\n"
    )
    program.chmod(0o755)

    assert by_program(program)("a body") == Linted(code=3, output="check metrics:a body")


def test_the_known_findings_that_ship_can_be_read():
    assert all(known.until is None for known in known_findings())
