import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.judge.matching import Matchers, compiles, fixed_labels, full_match, regex_problem
from harness.prometheus.matcher import Matcher
from harness.recording.index import LabelIndex
from harness.recording.series import Series


@pytest.mark.parametrize(
    ("wanted", "value", "matches"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("", None, True),
        ("a", None, False),
        (Matcher(**{"not": "a"}), "b", True),
        (Matcher(**{"not": "a"}), "a", False),
        (Matcher(**{"not": "a"}), None, True),
        (Matcher(matches="a|b"), "b", True),
        (Matcher(matches="a|b"), "bb", False),
        (Matcher(matches="a"), "xa", False),
        (Matcher(matches="a.*"), "a\nb", True),
        (Matcher(matches="a"), "a\n", False),
        (Matcher(matches=".*"), None, True),
        (Matcher(matches=r"\d"), "\u0663", False),
        (Matcher(not_matches="a.*"), "ab", False),
        (Matcher(not_matches="a.*"), "b", True),
        (Matcher(not_matches=".+"), None, True),
    ],
)
def test_matchers_do_what_prometheus_does(wanted, value, matches):
    labels = {} if value is None else {"label": value}
    assert Matchers({"label": wanted}).match(labels) is matches


def test_all_matchers_have_to_match():
    matchers = Matchers({"a": "1", "node": Matcher(matches="n.")})
    assert matchers.match({"a": "1", "node": "n1"})
    assert not matchers.match({"a": "2", "node": "n1"})
    assert not matchers.match({"a": "1", "node": "x"})
    # A target is chosen by its own labels alone.
    assert matchers.match_target({"node": "n1", "job": "j"})
    assert not matchers.match_target({"node": "x"})


def test_labels_fixed_by_equality():
    assert fixed_labels({"a": "1", "b": Matcher(matches="1")}) == {"a": "1"}


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", r"(a)\1", "(?P<x>a)(?P=x)", "a++", "a*+", "a{2}+", "(?>a)",
        "(?#x)", "(?x)a", "(?U)a*", "(?a)b", r"\pL", r"\Qa\E", r"a\Z", r"a\z", "[[:alpha:]]",
        "a{,3}", "a{1001}", r"\s",
        "(a", "*", r"\C", r"(a)?(?(1)b)", "$?", "^*",
    ],
)  # fmt: skip
def test_what_re2_and_python_read_differently_is_refused(pattern):
    assert regex_problem(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "a|b",
        "(?i)ab",
        "(?:a|b)+",
        "[a-z]{1,3}",
        r"\d+\.\w*",
        "(?P<x>a)",
        r"a\\1",
        r"\\s",
        r"a\+b",
        "a+b",
        "a*?",
    ],
)
def test_what_both_read_alike_is_taken(pattern):
    assert regex_problem(pattern) is None


@given(st.text(max_size=10))
def test_what_is_taken_compiles(pattern):
    if regex_problem(pattern) is None:
        re.compile(pattern)


WANTED = st.one_of(
    st.sampled_from(["", "a", "b"]),
    st.sampled_from(["", "a"]).map(lambda value: Matcher(**{"not": value})),
    st.sampled_from(["a|b", "", ".*", "[^a]"]).map(lambda value: Matcher(matches=value)),
    st.sampled_from(["a|b", ".+"]).map(lambda value: Matcher(not_matches=value)),
)
LABEL_SETS = st.dictionaries(st.sampled_from("xyz"), st.sampled_from(["", "a", "b", "c"]))


@given(st.dictionaries(st.sampled_from("xyz"), WANTED), st.lists(LABEL_SETS, max_size=12))
def test_selecting_by_the_index_is_matching_each_series(where, label_sets):
    series = [Series({"__name__": "m", **labels}) for labels in label_sets]
    matchers = Matchers(where)
    assert matchers.select(LabelIndex(series)) == [each for each in series if matchers.match(each.labels)]


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(" * 50_000 + ")" * 50_000, "longer than 4096 characters"),
        ("(" * 600 + ")" * 600, "with more than 500 groups"),
        ("((((a{1000}){1000}){1000}){1000})", "invalid repetition size"),
        ("\ud800", "not a regular expression"),
    ],
)
def test_patterns_that_are_too_much_are_refused_and_match_nothing(pattern, problem):
    assert problem in (regex_problem(pattern) or "")
    assert not compiles(pattern)
    assert not full_match(pattern)("a")


def test_no_pattern_backtracks():
    # A backtracking engine needs longer than the age of the universe for this.
    assert not full_match("(a+)+b")("a" * 10_000)
    assert full_match("(a|aa)+")("a" * 10_000)
