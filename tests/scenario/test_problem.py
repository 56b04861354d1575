from pathlib import Path

from harness.scenario.problem import Problem, in_order, told_once

SHARED = Problem(Path("s.yaml"), 3, 1, "wrong")
OWN = Problem(Path("s.yaml"), 1, 1, "must be at least 1, not 0")


def test_what_all_cases_share_is_told_once_and_what_some_have_names_them() -> None:
    told = told_once([("a", [SHARED, OWN]), ("b", [SHARED, OWN, OWN]), ("c", [SHARED])])

    assert [str(problem) for problem in told] == [
        "s.yaml:3:1: wrong",
        "s.yaml:1:1: must be at least 1, not 0 (in the cases `a`, `b`)",
    ]
    (one,) = told_once([("a", []), ("b", [OWN])])
    assert str(one) == "s.yaml:1:1: must be at least 1, not 0 (in the case `b`)"


def test_a_file_without_cases_names_none() -> None:
    assert told_once([(None, [SHARED])]) == [SHARED]


def test_problems_come_in_the_order_of_the_file_and_those_of_other_files_after_them() -> None:
    other = Problem(Path("_a.yaml"), 1, 1, "wrong")

    assert in_order(Path("s.yaml"), [SHARED, other, OWN, SHARED]) == [OWN, SHARED, other]
