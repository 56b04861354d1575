"""Label matchers: which series an expectation selects.

Prometheus compiles a matcher's regular expression with Go's RE2 as `^(?s:...)$`, and so does the judge with
RE2 itself: a full match, dot matching newlines, in time that is linear in the text whatever the pattern is.
What people may read differently, as Python's `re` does, `regex_problem` refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any

import re2

from harness.prometheus.matcher import Matcher
from harness.recording.index import LabelIndex
from harness.recording.labels import TARGET_LABELS
from harness.recording.series import Series

Where = Mapping[str, str | Matcher]

_LONGEST_PATTERN = 4096
_MOST_GROUPS = 500
"""Prometheus' engine refuses what nests deeper than 1000."""
_DIFFERENT = (
    (re.compile(r"\(\?(?:[=!>#(]|<[=!])"), "lookaround, atomic groups, conditions and comments are not RE2"),
    (re.compile(r"\(\?P[=>]"), "references to groups are not RE2"),
    (re.compile(r"\\[1-9]"), "references to groups are not RE2"),
    (re.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\})\+"), "possessive quantifiers are not RE2"),
    (re.compile(r"\(\?[a-zA-Z]*[aLuxU]"), "of the flags only i, m and s mean the same in RE2 and Python"),
    (re.compile(r"\\[pPQECzZGhRXNuU]"), "this escape is not the same in RE2 and Python"),
    (re.compile(r"\[\[:"), "character classes such as [[:alpha:]] are not Python's"),
    (re.compile(r"\{,\d+\}"), "a repetition without a lower bound is plain text in RE2"),
    (re.compile(r"\\s"), "\\s takes a vertical tab in Python and not in RE2: write [ \\t]"),
)
_REPEAT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_RE2_MOST_REPEATS = 1000


def regex_problem(pattern: str) -> str | None:
    """Return why the judge and Prometheus could read a regular expression differently, or None."""
    # An escaped backslash starts no escape.
    bare = pattern.replace("\\\\", "")
    for different, why in _DIFFERENT:
        if found := different.search(bare):
            return f"{found.group()!r}: {why}"
    for repeat in _REPEAT.finditer(bare):
        if max(int(number) for number in repeat.groups() if number) > _RE2_MOST_REPEATS:
            return f"{repeat.group()!r}: RE2 repeats at most {_RE2_MOST_REPEATS} times"
    try:
        _compiled(pattern)
    except (re2.error, UnicodeEncodeError) as error:
        said = error.args[0] if error.args else "it cannot be compiled"
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        return f"not a regular expression: {text}"
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"RE2 takes it and Python does not: {error}"
    return None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    if len(pattern) > _LONGEST_PATTERN or pattern.count("(") > _MOST_GROUPS:
        raise re2.error(f"longer than {_LONGEST_PATTERN} characters, or with more than {_MOST_GROUPS} groups")
    options = re2.Options()
    options.dot_nl = True
    options.never_capture = True
    options.log_errors = False
    return re2.compile(pattern.encode(), options)


def compiles(pattern: str) -> bool:
    """Say whether Prometheus takes a text for a regular expression."""
    try:
        _compiled(pattern)
    except (re2.error, UnicodeEncodeError):
        return False
    return True


def full_match(pattern: str) -> Callable[[str], bool]:
    """Return a test whether a regular expression matches a whole text; one that is none matches nothing."""
    try:
        compiled = _compiled(pattern)
    except (re2.error, UnicodeEncodeError):
        return lambda _value: False

    @lru_cache(maxsize=4096)
    def matches(value: str) -> bool:
        return compiled.fullmatch(value.encode("utf-8", "replace")) is not None

    return matches


def label_test(wanted: str | Matcher) -> Callable[[str], bool]:
    """Return a test of one label's value; a label that is missing has the value ""."""
    if isinstance(wanted, str):
        return lambda value: value == wanted
    if wanted.not_ is not None:
        unwanted = wanted.not_
        return lambda value: value != unwanted
    if wanted.matches is not None:
        return full_match(wanted.matches)
    refused = full_match(wanted.not_matches or "")
    return lambda value: not refused(value)


class Matchers:
    """The matchers of one expectation."""

    def __init__(self, where: Where) -> None:
        self._tests = {label: label_test(wanted) for label, wanted in where.items()}
        self._equal = fixed_labels(where)
        self._target_tests = [(label, test) for label, test in self._tests.items() if label in TARGET_LABELS]

    def match(self, labels: Mapping[str, str]) -> bool:
        """Tell whether a series is selected."""
        return all(test(labels.get(label, "")) for label, test in self._tests.items())

    def select(self, index: LabelIndex) -> list[Series]:
        """Return the selected series of a metric, in the order of their definition."""
        if not self._tests:
            return list(index.series)
        # What is equal is only looked up; anything else has to be tested against every value.
        looked_up = [(label, index.positions(label).get(value, [])) for label, value in self._equal.items()]
        label, fewest = min(
            looked_up or [(label, self._positions(index, label)) for label in self._tests],
            key=lambda each: len(each[1]),
        )
        others = [(other, test) for other, test in self._tests.items() if other != label]
        return [
            series
            for series in (index.series[position] for position in fewest)
            if all(test(series.labels.get(other, "")) for other, test in others)
        ]

    def _positions(self, index: LabelIndex, label: str) -> list[int]:
        by_value, test = index.positions(label), self._tests[label]
        return sorted(chain.from_iterable(found for value, found in by_value.items() if test(value)))

    def match_job(self, job: str) -> bool:
        """Tell whether a job can have selected series."""
        return all(test(job) for label, test in self._target_tests if label == "job")

    def match_target(self, labels: Mapping[str, str]) -> bool:
        """Tell whether a target, by the labels of its `up` series, can have selected series."""
        return all(test(labels.get(label, "")) for label, test in self._target_tests)


def fixed_labels(where: Where) -> dict[str, str]:
    """Return the labels that plain equality fixes."""
    return {label: wanted for label, wanted in where.items() if isinstance(wanted, str)}
