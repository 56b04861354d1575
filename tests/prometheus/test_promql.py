import re

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.prometheus import promql
from harness.prometheus.matcher import Matcher


def test_selector_is_what_a_person_would_paste():
    assert promql.selector("up", {"job": "daemon"}) == 'up{job="daemon"}'
    assert promql.selector("up") == "up"
    assert (
        promql.selector("a", {"x": Matcher.model_validate({"not": "1"}), "y": Matcher(not_matches="b.*")})
        == 'a{x!="1", y!~"b.*"}'
    )


def test_names_beyond_the_classic_alphabet_are_quoted():
    assert promql.selector("a.b", {"c-d": "e"}) == '{"a.b", "c-d"="e"}'


def test_label_values_are_escaped():
    rule = '-m comment --comment "a\\b" -j DROP\n'
    assert promql.selector("m", {"rule": rule}) == 'm{rule="-m comment --comment \\"a\\\\b\\" -j DROP\\n"}'


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=20))
def test_any_label_value_survives_the_parser(value):
    expression = promql_parser.parse(promql.selector("m", {"x": value}))
    assert isinstance(expression, promql_parser.VectorSelector)
    (matcher,) = expression.matchers.matchers
    assert matcher.value == value


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=4), st.text(max_size=8))
def test_alternatives_match_themselves_and_nothing_else(values, other):
    pattern = re.compile(promql.one_of(values))
    assert all(pattern.fullmatch(value) for value in values)
    assert (pattern.fullmatch(other) is not None) == (other in values)


def test_any_of_names_every_metric():
    assert promql.any_of({"b", "a"}, {"namespace": "n"}) == '{__name__=~"a|b", namespace="n"}'


def test_check_refuses_what_does_not_parse():
    promql.check("rate(up[5m])")
    with pytest.raises(promql.PromQLError) as caught:
        promql.check("rate(up[5m]")
    assert caught.value.details
