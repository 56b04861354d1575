import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.prometheus.expression import (
    Aggregation,
    Binary,
    Call,
    Range,
    Selector,
    reach,
    read,
    result_type,
    selectors,
)
from harness.prometheus.matcher import Matcher
from harness.prometheus.promql import PromQLError, selector


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("up", [("up", {})]),
        ('a{b="c"} / on(x) b{d=~"e|f"}', [("a", {"b": "c"}), ("b", {"d": Matcher(matches="e|f")})]),
        ('{__name__="a", x!~"y"}', [("a", {"x": Matcher(not_matches="y")})]),
        ('{"a.b", c=""}', [("a.b", {"c": ""})]),
        ('{job="x"}', [("", {"job": "x"})]),
        ('{__name__=~"a|b"}', [("", {"__name__": Matcher(matches="a|b")})]),
        ("topk(2, sum by (x) (rate(a[5s])))", [("a", {})]),
        ("max_over_time((a + b)[9s:1s])", [("a", {}), ("b", {})]),
        ('quantile(scalar(a), -b{c!="d"})', [("a", {}), ("b", {"c": Matcher.model_validate({"not": "d"})})]),
        ("time()", []),
    ],
)
def test_each_selector_is_told_from_left_to_right(expression, expected):
    assert selectors(expression) == expected


@pytest.mark.parametrize(
    ("matchers", "wanted"),
    [
        ('b="c", b!="d"', "c"),
        ('b!="d", b="c"', "c"),
        ('b!="c.", b!="d"', Matcher(not_matches="c\\.|d")),
        ('b=~"c.*", b=~".*d"', Matcher(matches="c.*")),
    ],
)
def test_several_matchers_of_a_label_become_one_that_selects_no_less(matchers, wanted):
    assert selectors(f"a{{{matchers}}}") == [("a", {"b": wanted})]


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,5}", fullmatch=True).filter(lambda name: name != "__name__"),
        st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
        max_size=3,
    )
)
def test_what_the_harness_writes_is_read_back(where):
    assert selectors(selector("a", where)) == [("a", where)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("up", "vector"),
        ("(up)", "vector"),
        ("1", "scalar"),
        ("-(1 + 2)", "scalar"),
        ("1 + up", "vector"),
        ("-up", "vector"),
        ("scalar(up)", "scalar"),
        ("time() > bool 1", "scalar"),
        ("vector(1)", "vector"),
        ("rate(up[5s])", "vector"),
        ("sum(up)", "vector"),
        ("up[5s]", "matrix"),
        ("up[5s:1s]", "matrix"),
        ('"text"', "string"),
    ],
)
def test_the_type_of_the_result(expression, expected):
    assert result_type(expression) == expected


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("up", 0),
        ("rate(a[5s])", 5),
        ("rate(a[1m]) + rate(b[5s])", 60),
        ("rate(a[5s] offset 10s)", 15),
        ("max_over_time(rate(a[5s])[10s:1s])", 15),
        ("max_over_time(a[10s:1s] offset 1m)", 70),
        ("a offset -5s", 0),
    ],
)
def test_how_far_an_expression_looks_back(expression, seconds):
    assert reach(read(expression)) == seconds


def test_the_parts_of_an_expression():
    joined = read(
        "sum without (x) (rate(a[5s])) + on (y) group_left (z) (max_over_time(b[10s:] @ end()) > bool 2)"
    )

    assert isinstance(joined, Binary)
    assert (joined.operator, joined.matching, joined.ignoring, joined.included) == (
        "+",
        ("y",),
        False,
        ("z",),
    )
    total, compared = joined.children
    assert isinstance(total, Aggregation)
    assert (total.operator, total.by, total.without) == ("sum", ("x",), True)
    assert isinstance(compared, Binary)
    assert (compared.returns_bool, compared.is_filter) == (True, False)
    call = compared.left
    assert isinstance(call, Call)
    assert (call.function, call.experimental) == ("max_over_time", False)
    (subquery,) = call.arguments
    assert isinstance(subquery, Range)
    assert (subquery.subquery, subquery.seconds, subquery.step, subquery.moved.at) == (
        True,
        10,
        None,
        "@ end()",
    )


def test_equal_parts_are_equal_however_they_are_written():
    sides = read('a{x="1"} - (a{ x = "1" })')

    assert isinstance(sides, Binary)
    assert sides.left == sides.right
    assert isinstance(sides.left, Selector)
    assert sides.left.text == 'a{x="1"}'
    assert read("a - b") != read("b - a")


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("rate(up[5s]", "unclosed left parenthesis"),
        ("rate(up)", "expected type matrix in call to function 'rate', got vector"),
        ("", "no expression found in input"),
        ('a{b="c" or d="e"}', "Prometheus knows no `or` between matchers"),
        ("(" * 5000 + "a" + ")" * 5000, "has more than 500 tokens"),
        ("+".join(["a"] * 5000), "has more than 500 tokens"),
        ("-" * 5000 + "a", "has more than 500 tokens"),
    ],
)
def test_what_is_no_expression_is_refused_with_the_reason(expression, words):
    with pytest.raises(PromQLError) as caught:
        read(expression)

    assert caught.value.details == [words]
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("text", ["a" * 100_000, '"' + "x " * 10_000 + '"', "a # " + "b " * 10_000])
def test_a_long_word_string_or_comment_is_one_token(text):
    assert read(text).text
