import pytest

from harness.judge.argument import ArgumentError
from harness.judge.proof import check_proof, split_proof
from harness.recording.model import Point


def points(*values):
    return [Point(value=value) for value in values]


@pytest.mark.parametrize(
    ("kind", "argument", "vector", "holds", "text"),
    [
        ("at_least", 1, points(1), True, "1; wanted: at least 1"),
        ("at_least", 1, [], False, "0; wanted: at least 1"),
        ("equals", 0, [], True, "0; wanted: equal to 0"),
        ("equals", 3, points(1, 2), True, "3; wanted: equal to 3"),
        ("at_most", 2, points(1, 2), False, "3; wanted: at most 2"),
        ("between", [1, 2], points(2), True, "2; wanted: between 1 and 2"),
        ("at_least", 1, points(float("nan")), False, "NaN; wanted: at least 1"),
    ],
)
def test_the_sum_is_compared(kind, argument, vector, holds, text):
    assert check_proof(kind, argument, vector) == (holds, text)


@pytest.mark.parametrize(
    ("kind", "argument", "message"),
    [
        ("absent", True, "a proof takes one of equals, at_least, at_most, between, not absent"),
        (
            "within",
            {"value": 1, "abs": 1},
            "a proof takes one of equals, at_least, at_most, between, not within",
        ),
        ("equals", "1", "a number is wanted, not the text '1'"),
        ("equals", {"oracle": "x"}, "a proof compares one oracle with a number"),
    ],
)
def test_what_is_no_proof(kind, argument, message):
    with pytest.raises(ArgumentError) as error:
        check_proof(kind, argument, points(1))
    assert str(error.value) == message


def test_the_keys_of_a_proof_are_the_comparison_and_the_oracle_s_parameters():
    assert split_proof({"in": "x", "at_least": 1}) == ("at_least", 1, {"in": "x"})
    with pytest.raises(ArgumentError, match="found: none"):
        split_proof({"in": "x"})
    with pytest.raises(ArgumentError, match="found: equals, at_least"):
        split_proof({"equals": 1, "at_least": 1})
