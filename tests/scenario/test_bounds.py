"""What a scenario may take, and how much there may be of anything in a file."""

import pytest

from harness.lint.check import check
from harness.scenario.model import DEFAULT_TIMEOUT

HEAD = "scenario: s\nabout: Nothing happens.\n"
STEP = "  - {wait: 1, expect: [{metric: up, where: {job: chaos-daemon}, equals: 1}]}\n"


def told(tmp_path, text, interval=1.0):
    path = tmp_path / "s.yaml"
    path.write_text(text)
    files, problems = check(path, interval)
    return [file.scenario.timeout for file in files], [f"{each.line}: {each.message}" for each in problems]


@pytest.mark.parametrize(("written", "seconds"), [("90s", 90), ("20m", 1200), ("1h30m", 5400), ("6h", 21600)])
def test_a_timeout_is_a_duration(tmp_path, written, seconds):
    assert told(tmp_path, f"{HEAD}timeout: {written}\nsteps:\n{STEP}") == ([seconds], [])


def test_without_one_it_is_15_minutes(tmp_path):
    assert told(tmp_path, f"{HEAD}steps:\n{STEP}") == ([DEFAULT_TIMEOUT], [])


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("15", "3: a duration is text with its unit, such as 90s or 15m in timeout"),
        ("1.5", "3: a duration is text with its unit, such as 90s or 15m in timeout"),
        ("soon", "3: 'soon' is not a duration such as 90s, 15m or 1h30m in timeout"),
        ("0s", "3: a scenario may take 1s to 6h, not 0s in timeout"),
        ("7h", "3: a scenario may take 1s to 6h, not 7h in timeout"),
        ("[1m]", "3: a duration is text with its unit, such as 90s or 15m in timeout"),
    ],
)
def test_what_is_no_timeout_is_told(tmp_path, written, problem):
    assert told(tmp_path, f"{HEAD}timeout: {written}\nsteps:\n{STEP}") == ([], [problem])


def test_waits_that_alone_take_longer_are_told(tmp_path):
    text = f"{HEAD}steps:\n{STEP}" + "  - wait: 600\n" * 2
    said = "its waits alone take 1201 s, longer than its timeout of 15m"
    assert told(tmp_path, text)[1] == [f"3: {said}"]
    assert told(tmp_path, f"timeout: 30m\n{text}")[1] == []
    assert told(tmp_path, f"timeout: 30m\n{text}", 2.0)[1] == [
        "1: its waits alone take 2402 s, longer than its timeout of 30m"
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"{HEAD}steps:\n" + STEP * 501, "`steps` must have at most 500 entries"),
        (
            f"{HEAD}steps:\n  - wait: 1\n    expect:\n" + "    - {metric: up, equals: 1}\n" * 501,
            "`steps[0].expect` must have at most 500 entries",
        ),
    ],
)
def test_steps_and_expectations_are_bounded(tmp_path, text, problem):
    assert told(tmp_path, text)[1][0].endswith(problem)


@pytest.mark.parametrize("value", ["${" * 50_000, "${a" * 50_000, "${a$" * 50_000, "$" * 100_000])
def test_templates_are_found_in_linear_time(tmp_path, value):
    # Quadratic, as it was, each of these takes longer than a minute.
    files, _ = told(tmp_path, f"{HEAD}steps:\n{STEP}".replace("Nothing happens.", f"'{value}'"))
    assert len(files) == 1


@pytest.mark.parametrize("written", ["0x" + "f" * 5000, "0" + "7" * 5000, "1" * 5000, "1" + ":59" * 3000])
def test_numbers_of_many_digits_are_told(tmp_path, written):
    (problem,) = told(tmp_path, f"{HEAD}steps:\n{STEP}".replace("equals: 1", f"equals: {written}"))[1]
    assert problem == "4: is a number of more than 300 digits"


def test_numbers_of_more_than_64_bits_are_told(tmp_path):
    problems = told(tmp_path, f"{HEAD}steps:\n{STEP}".replace("equals: 1", f"equals: {2**64 + 1}"))[1]
    assert problems == [f"4: `{2**64 + 1}` is larger than any whole number of 64 bits"]
