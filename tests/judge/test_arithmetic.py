import pytest

from harness.judge.argument import ArgumentError, oracles_in, quantity
from harness.judge.finding import Verdict
from harness.judge.kind import kinds, readings_to_take, wanted_readings
from harness.scenario.model import Expectation
from tests.fakes.recordings import Timeline, found

TRUTH = {"oracle": "truth"}


def world(value, truth, **other):
    timeline = Timeline().values([0] * 5 + [value] * 20).readings([truth] * 40)
    for name, says in other.items():
        timeline.readings([says] * 40, oracle=name)
    return timeline


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ({"sum": [TRUTH, 1]}, 7),
        ({"difference": [TRUTH, 1]}, 5),
        ({"difference": [1, TRUTH]}, -5),
        ({"product": [28, TRUTH]}, 168),
        ({"quotient": [TRUTH, 4]}, 1.5),
        ({"sum": [TRUTH, {"product": [TRUTH, {"oracle": "other"}]}]}, 18),
    ],
)
def test_a_number_made_of_oracles(number, value):
    assert found(world(value, 6, other=2), equals=number).verdict is Verdict.PASS
    wrong = found(world(value + 1, 6, other=2), equals=number)
    assert wrong.verdict is Verdict.FAIL
    assert f"the value is {value + 1}" in wrong.reason


def test_every_kind_that_takes_a_number_takes_arithmetic():
    double = {"product": [TRUTH, 2]}
    assert found(world(12, 6), at_least=double).verdict is Verdict.PASS
    assert found(world(12, 6), at_most=double).verdict is Verdict.PASS
    assert found(world(12, 6), between=[TRUTH, double]).verdict is Verdict.PASS
    assert found(world(13, 6), between=[TRUTH, double]).verdict is Verdict.FAIL
    assert found(world(12.4, 6), within={"value": double, "abs": 0.5}).verdict is Verdict.PASS
    assert found(world(12, 6), increases_by=double).verdict is Verdict.PASS
    assert found(world(12, 6), series=[{"value": double}]).verdict is Verdict.PASS
    assert found(world(13, 6), series=[{"value": double}]).verdict is Verdict.FAIL
    assert found(world(13, 6), series=[{"value": {"at_least": double}}]).verdict is Verdict.PASS


def test_what_is_wanted_says_the_number_and_where_it_is_from():
    finding = found(world(13, 6), equals={"product": [TRUTH, 2]})
    assert finding.expected == "equal to 12 ((the oracle truth * 2))"


def test_an_oracle_that_says_nothing_makes_no_number():
    finding = found(world(2, []), equals={"sum": [TRUTH, 2]})
    assert finding.verdict is Verdict.FAIL
    assert finding.reason.endswith("the oracle truth says there is nothing, which is not 0")


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ({"quotient": [1, TRUTH]}, "has no result: float division by zero"),
        ({"quotient": [TRUTH, TRUTH]}, "has no result: float division by zero"),
    ],
)
def test_without_a_result_nothing_is_compared(number, why):
    finding = found(world(0, 0), equals=number)
    assert finding.verdict is Verdict.ERROR
    assert why in finding.reason


def test_of_several_points_no_number_is_made():
    finding = found(world(3, [({"a": "1"}, 1), ({"a": "2"}, 2)]), equals={"sum": [TRUTH, 0.0]})
    assert finding.verdict is Verdict.ERROR
    assert "gives 2 points; one number is wanted here" in finding.reason


def test_all_oracles_in_it_are_read():
    number = {"sum": [TRUTH, {"product": [{"oracle": "other", "in": []}, 2]}]}
    assert [each.name for each in oracles_in(quantity(number))] == ["truth", "other"]
    wanted = wanted_readings(Expectation.model_validate({"metric": "m", "between": [number, 5]}))
    assert [each.name for each in wanted] == ["truth", "other"]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"sum": [1, 2]}, "`sum` of plain numbers: write the result"),
        ({"sum": [TRUTH]}, "`sum` takes a list of two numbers, not [{'oracle': 'truth'}]"),
        ({"sum": 3}, "`sum` takes a list of two numbers, not 3"),
        ({"sum": [TRUTH, "3"]}, "a number is wanted, not the text '3'"),
        ({"sum": [TRUTH, 1], "product": [TRUTH, 1]}, "a number or {oracle: name, ...} is wanted"),
        ({"minus": [TRUTH, 1]}, "a number or {oracle: name, ...} is wanted"),
        ({"sum": [TRUTH, "${x}"]}, "the template ${x} was not resolved"),
    ],
)
def test_what_is_no_arithmetic(raw, message):
    with pytest.raises(ArgumentError) as caught:
        kinds()["equals"].parse(raw)
    assert message in str(caught.value)


def test_a_template_may_stand_for_an_operand_until_it_is_resolved():
    kinds()["equals"].parse({"sum": [TRUTH, "${parameters.n}"]}, templates=True)


def test_what_a_twin_has_is_read_and_decides_nothing():
    spec = {"metric": "m", "equals": {"oracle": "members"}, "unlike": {"sets": {"oracle": "sets"}, "one": 1}}
    expectation = Expectation.model_validate(spec)
    assert [each.name for each in wanted_readings(expectation)] == ["members"]
    assert [each.name for each in readings_to_take(expectation)] == ["members", "sets"]
