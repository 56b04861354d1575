"""Label matchers: which series an expectation selects.

Prometheus compiles a matcher's regular expression with RE2 as `^(?s:...)$`; the judge uses Python's
`re` with full match, dot matching newlines and ASCII classes, which is the same for the syntax that
both know. What only one of them knows, or what they read differently, `regex_problem` refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import chain

from harness.recording.index import LabelIndex
from harness.recording.series import Series
from harness.scenario.model import Matcher

Where = Mapping[str, str | Matcher]

TARGET_LABELS = ("job", "instance", "node")
"""Labels that Prometheus gives to a target; all others of a label set are the product's own."""

_FLAGS = re.DOTALL | re.ASCII
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
        re.compile(pattern, _FLAGS)
    except re.error as error:
        return f"not a regular expression: {error}"
    return None


def label_test(wanted: str | Matcher) -> Callable[[str], bool]:
    """Return a test of one label's value; a label that is missing has the value ""."""
    if isinstance(wanted, str):
        return lambda value: value == wanted
    if wanted.not_ is not None:
        unwanted = wanted.not_
        return lambda value: value != unwanted
    if wanted.matches is not None:
        pattern = re.compile(wanted.matches, _FLAGS)
        return lambda value: pattern.fullmatch(value) is not None
    refused = re.compile(wanted.not_matches or "", _FLAGS)
    return lambda value: refused.fullmatch(value) is None


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
