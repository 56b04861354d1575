# ruff: noqa: E501  (messages are asserted whole)
import pytest

STARTED = "grpc_server_started_total"
EXPERIMENTS = "chaos_controller_manager_chaos_experiments"
ALL = f"metric: {EXPERIMENTS}; where: {{namespace: x}}"
SOME = f"metric: {EXPERIMENTS}; where: {{namespace: x, phase: running}}"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"{ALL}; equals: 1", f"{SOME}; equals: 1"),
        (f"{ALL}; equals: 1", f"{ALL}; at_least: 1"),
        (f"{ALL}; equals: 1", f"{ALL}; equals: {{oracle: experiments}}"),
        (f"{ALL}; present: true", f"{SOME}; absent: true"),
        (f"{SOME}; equals: 1", f"metric: {EXPERIMENTS}; where: {{namespace: y}}; absent: true"),
        (f"metric: {STARTED}; increases_by: 0", f"metric: {STARTED}; unchanged: true"),
        (f"metric: {STARTED}; increases_by: 0", f"metric: {STARTED}; absent: true"),
        (f"{ALL}; equals: 2", f"{ALL}; equals: 3; known_issue: {{id: x, shows: {{equals: 2}}}}"),
        (
            f"{ALL}; series: [{{kind: PodChaos, phase: '${{p}}', value: 1}}]",
            f"{ALL}; series: [{{kind: PodChaos, phase: running, value: 1}}]",
        ),
        ("promql: sum(up); equals: 3", "promql: count(up); equals: 4"),
        (f"{ALL}; series: [{{kind: PodChaos, phase: running, value: 1}}]", f"{ALL}; equals: 1"),
    ],
)
def test_what_can_be_so_at_once(first, second, check):
    assert check(first, second) == []
    assert check(second, first) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"{ALL}; equals: 1", f"{ALL}; equals: 1; hold: 2; because: it is so"),
        (f"{ALL}; equals: 1", f"{ALL}; equals: 1; known_issue: {{id: x, shows: {{equals: 2}}}}"),
        ("promql: sum(up); equals: 3", "promql: sum( up ); equals: 3"),
    ],
)
def test_what_is_said_twice(first, second, check):
    line = 7 + first.count("; ")

    assert check(first, second) == [f"{line}:7: this expectation is in this step already, in line 6"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"{ALL}; equals: 1", f"{ALL}; absent: true"),
        (f"{ALL}; equals: 1", f"{ALL}; equals: 2"),
        (f"{ALL}; at_least: 3", f"{ALL}; at_most: 2"),
        (f"{ALL}; unchanged: true", f"{ALL}; absent: true"),
        (
            f"{ALL}; equals: 1",
            f"{ALL}; series: [{{kind: A, phase: b, value: 1}}, {{kind: B, phase: b, value: 1}}]",
        ),
        (f"{ALL}; absent: true", f"{SOME}; present: true"),
        (f"metric: {STARTED}; unchanged: true", f"metric: {STARTED}; increases_by: 1"),
        (f"metric: {STARTED}; increases_by: 0", f"metric: {STARTED}; increases_by: 1"),
        ("promql: sum(up); equals: 3", "promql: sum(up); at_most: 2"),
    ],
)
def test_what_excludes_each_other(first, second, check):
    for one, other in ((first, second), (second, first)):
        kinds = [expectation.split("; ")[-1].split(":")[0] for expectation in (one, other)]
        line = 6 + one.count("; ")
        assert [told.split(": ", 1)[1] for told in check(one, other) if "together" in told] == [
            f"`{kinds[1]}` can never hold together with `{kinds[0]}` in line {line}, which is about the same series"
        ]


def test_the_problem_is_told_at_the_second(check):
    assert check(f"{ALL}; equals: 1", f"{ALL}; equals: 2")[0].startswith("11:7: `equals` can never")


def test_another_step_may_say_the_same(check_text):
    step = f"- wait: 1\n  expect: [{{metric: {EXPERIMENTS}, equals: 1}}]\n"

    assert check_text(f"scenario: a\nabout: b\nsteps:\n{step}{step}") == []
