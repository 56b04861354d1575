import math
from dataclasses import replace

import pytest

from harness.audit.mutation.table import Column, Table

TARGET = ("job", "one")
ONE = Column({"a": "1"}, TARGET, {1.0: 1.0, 2.0: math.nan})
TWO = Column({"a": "2"}, TARGET, {1.0: 0.0})
TABLE = Table((ONE, TWO), {TARGET: (1.0, 2.0)})


@pytest.mark.parametrize(
    "columns",
    [
        (ONE, TWO),
        (TWO, ONE),
        (replace(TWO, samples={1.0: -0.0}), replace(ONE, samples={2.0: float("nan"), 1.0: 1.0})),
        (ONE, TWO, Column({"a": "3"}, TARGET, {})),
    ],
)
def test_order_the_sign_of_zero_and_series_without_samples_make_no_difference(columns):
    assert TABLE.with_columns(columns).same(TABLE)
    assert TABLE.same(TABLE.with_columns(columns))


@pytest.mark.parametrize(
    "columns",
    [
        (ONE,),
        (ONE, TWO, TWO),
        (ONE, replace(TWO, labels={"a": "3"})),
        (ONE, replace(TWO, target=("job", "two"))),
        (ONE, replace(TWO, samples={1.0: 0.5})),
        (ONE, replace(TWO, samples={2.0: 0.0})),
        (replace(ONE, samples={1.0: 1.0, 2.0: 2.0}), TWO),
        (replace(ONE, samples={1.0: 1.0}), TWO),
    ],
)
def test_another_sample_makes_another_table(columns):
    assert not TABLE.with_columns(columns).same(TABLE)
    assert not TABLE.same(TABLE.with_columns(columns))


def test_a_series_that_is_there_twice_is_not_there_once():
    twice = TABLE.with_columns((ONE, ONE, TWO))
    assert not twice.same(TABLE.with_columns((ONE, TWO, TWO)))
    assert twice.same(TABLE.with_columns((ONE, TWO, replace(ONE))))


def test_other_scrapes_make_another_table():
    assert not replace(TABLE, scrapes={TARGET: (1.0,)}).same(TABLE)
    assert not replace(TABLE, down=frozenset({(TARGET, 1.0)})).same(TABLE)
