"""One place decides the exit code; docs/exit-codes.md says the same."""

import pytest

from harness.base.errors import ExitCode
from harness.report.exit_code import Ending, decide

OK, FAILED, INTERRUPTED, INTERNAL, USAGE, NOTHING, INFRA = ExitCode


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        (Ending(OK), OK),
        (Ending(OK, ran=False), NOTHING),
        (Ending(NOTHING, ran=False), NOTHING),
        # A failure of the product was seen, whatever else went wrong.
        (Ending(FAILED, failed=True), FAILED),
        (Ending(FAILED, failed=True, undecided=True), FAILED),
        (Ending(OK, broken=True), FAILED),
        (Ending(FAILED, broken=True), FAILED),
        (Ending(OK, broken=True, undecided=True), FAILED),
        (Ending(OK, uncovered=True), FAILED),
        # Only the infrastructure.
        (Ending(FAILED), INFRA),
        (Ending(OK, undecided=True), INFRA),
        (Ending(OK, undecided=True, ran=False), INFRA),
        (Ending(OK, undecided=True, uncovered=True), INFRA),
        # The stack.
        (Ending(FAILED, not_up=INFRA), INFRA),
        (Ending(FAILED, not_up=USAGE, ran=False, undecided=True), USAGE),
        (Ending(FAILED, not_up=INTERNAL), INTERNAL),
        # Wrong files.
        (Ending(INTERRUPTED, wrong_file=True), USAGE),
        (Ending(FAILED, wrong_file=True), USAGE),
        (Ending(FAILED, wrong_file=True, failed=True), FAILED),
        (Ending(USAGE), USAGE),
        # Interrupted, whatever was seen before.
        (Ending(INTERRUPTED), INTERRUPTED),
        (Ending(INTERRUPTED, failed=True, undecided=True, uncovered=True), INTERRUPTED),
        # A defect of the harness: nothing that it says is to be trusted.
        *((Ending(each, defect=True, failed=True, broken=True), INTERNAL) for each in ExitCode),
        (Ending(OK, defect=True, wrong_file=True, not_up=INFRA), INTERNAL),
        (Ending(INTERNAL), INTERNAL),
        (Ending(INTERNAL, undecided=True), INFRA),
        # pytest.exit(returncode=...) of somebody else's test.
        (Ending(77, failed=True), 77),
    ],
)
def test_the_exit_code_of_a_run(ending, code):
    assert decide(ending) == code
