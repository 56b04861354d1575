# ruff: noqa: E501  (messages are asserted whole)
import pytest

EXPERIMENTS = "chaos_controller_manager_chaos_experiments"
MEMBERS = "chaos_daemon_ipset_members"
STARTED = "grpc_server_started_total"


@pytest.mark.parametrize(
    "expectation",
    [
        f"promql: sum({STARTED}); at_least: 1",
        f"promql: count({EXPERIMENTS}); equals: 2",
        f"promql: count({EXPERIMENTS}); absent: true",
        f"promql: {MEMBERS} > 3; present: true",
        f"promql: {MEMBERS} > 3; at_most: 7",
        f"promql: {MEMBERS} > bool 3; equals: 1",
        f"promql: {MEMBERS} or {EXPERIMENTS}; present: true",
        f"promql: count({EXPERIMENTS}) >= ${{n}}; present: true",
        f"promql: rate({STARTED}[5s]) * 60; between: [1, 2]",
        f"promql: max({MEMBERS}); at_most: 3",
        f"promql: {MEMBERS} unless on (node) {STARTED}; present: true",
        f"promql: {MEMBERS} - on (node) {STARTED}; equals: -1",
        f"metric: {EXPERIMENTS}; at_least: 1",
        f"metric: {EXPERIMENTS}; equals: {{oracle: experiments}}",
        f"metric: {EXPERIMENTS}; equals: 1; known_issue: {{id: x, shows: {{equals: 0}}}}",
        f"metric: {EXPERIMENTS}; equals: '${{n}}'",
        f"metric: {MEMBERS}; at_least: 0",
        f"metric: {STARTED}; equals: 0",
        "metric: go_whatever; equals: -1",
    ],
)
def test_what_can_be_so_and_otherwise(expectation, check):
    assert check(expectation) == []


@pytest.mark.parametrize(
    ("expectation", "expected"),
    [
        (
            f"promql: count({EXPERIMENTS}) or vector(0); equals: 0",
            "6:7: `or vector(0)` makes what is not there look like the value 0; leave it out: an expectation tells no series from every value",
        ),
        (
            f"promql: sum({MEMBERS} or 0 * up); at_most: 3",
            "6:7: `or 0 * up` makes what is not there look like the value 0; leave it out: an expectation tells no series from every value",
        ),
        (
            f"promql: vector(scalar({MEMBERS})); present: true",
            f"6:7: `vector(scalar({MEMBERS}))` always has a result, so `present` cannot fail",
        ),
        (
            f"promql: vector(scalar({MEMBERS})); absent: true",
            f"6:7: `vector(scalar({MEMBERS}))` always has a result, so `absent` cannot hold",
        ),
        (
            f"promql: hour() + on () vector(scalar({MEMBERS})); at_least: 2",
            f"6:7: `hour() + on () vector(scalar({MEMBERS}))` always has a result, so `at_least` may be about nothing at all",
        ),
    ],
)
def test_an_expression_that_always_has_a_result(expectation, expected, check):
    assert check(expectation) == [expected]


@pytest.mark.parametrize(
    ("expectation", "remedy"),
    [
        (f"promql: absent({EXPERIMENTS}); present: true", "`absent: true`"),
        (f"promql: absent({EXPERIMENTS}); equals: 0", "`absent: true`"),
        (f"promql: absent({EXPERIMENTS}); absent: true", "`present: true`"),
    ],
)
def test_absence_is_a_kind_and_no_value(expectation, remedy, check):
    assert check(expectation)[0] == (
        f"6:7: `absent()` makes a value of what is not there; expect {remedy} of `{EXPERIMENTS}` itself: that looks at"
        " scrapes which succeeded"
    )


def test_absence_over_time_and_within_an_expression(check):
    assert any(
        "`absent_over_time()` makes a value" in told
        for told in check("promql: absent_over_time(up[5s]); equals: 3")
    )
    assert any(
        "`absent()` makes a value" in told for told in check("promql: absent(up) or up; present: true")
    )


@pytest.mark.parametrize(
    ("promql", "expected"),
    [
        (f"{STARTED} >= 0", f"`{STARTED} >= 0` is always true, and selects everything"),
        (f"count({EXPERIMENTS}) > 0", f"`count({EXPERIMENTS}) > 0` is always true, and selects everything"),
        (f"count({EXPERIMENTS}) == 0", f"`count({EXPERIMENTS}) == 0` is always false, and selects nothing"),
        (f"rate({STARTED}[5s]) < 0", f"`rate({STARTED}[5s]) < 0` is always false, and selects nothing"),
        (f"sum({STARTED} >= bool 0)", f"`{STARTED} >= bool 0` is always true"),
        (f"{MEMBERS} == NaN", f"`{MEMBERS} == NaN` is always false, and selects nothing"),
        (f"{MEMBERS} - {MEMBERS}", f"`{MEMBERS} - {MEMBERS}`: both sides are the same"),
        (f"{MEMBERS} == bool {MEMBERS}", f"`{MEMBERS} == bool {MEMBERS}`: both sides are the same"),
        (f"{MEMBERS} unless {MEMBERS}", f"`{MEMBERS} unless {MEMBERS}`: both sides are the same"),
        (f"sum({MEMBERS} / {MEMBERS})", f"`{MEMBERS} / {MEMBERS}`: both sides are the same"),
    ],
)
def test_a_comparison_that_is_settled(promql, expected, check):
    assert check(f"promql: {promql}; at_least: 3")[0] == f"6:7: {expected}"


def test_present_says_nothing_about_a_comparison_with_bool(check):
    for kind in ("present", "absent"):
        assert check(f"promql: max({MEMBERS} > bool 3); {kind}: true") == [
            f"6:7: `{MEMBERS} > bool 3` has a result, 0 or 1, whenever both sides are there: `{kind}` says nothing about the comparison;"
            " leave out `bool`, or expect `equals: 1`"
        ]


@pytest.mark.parametrize(
    ("promql", "selecting", "subject", "remedy"),
    [
        (
            f"{MEMBERS} > 3",
            f"{MEMBERS} > 3",
            MEMBERS,
            "the value itself, for example of `max(...)` with `at_most`",
        ),
        (
            f"sum(3 < {MEMBERS}) * 2",
            f"3 < {MEMBERS}",
            MEMBERS,
            "the value itself, for example of `max(...)` with `at_most`",
        ),
        (
            f"abs({MEMBERS} == 3)",
            f"{MEMBERS} == 3",
            MEMBERS,
            "the value itself, for example of `max(...)` with `at_most`",
        ),
        (f"{MEMBERS} unless on (node) up", f"{MEMBERS} unless on (node) up", MEMBERS, "each side by itself"),
    ],
)
def test_no_data_is_no_proof_that_nothing_exceeds_a_bound(promql, selecting, subject, remedy, check):
    assert check(f"promql: {promql}; absent: true") == [
        f"6:7: `{selecting}` is absent as well where `{subject}` has no series at all; expect {remedy}"
    ]


@pytest.mark.parametrize(
    ("expectation", "expected"),
    [
        (
            f"promql: count({EXPERIMENTS}); equals: 0",
            f"7:7: `equals`: `count({EXPERIMENTS})` is never below 1; where there is nothing to count it has no series: expect `absent: true`",
        ),
        (
            f"metric: {EXPERIMENTS}; equals: 0",
            f"7:7: `equals`: `{EXPERIMENTS}` is never below 1; where there is nothing to count it has no series: expect `absent: true`",
        ),
        (
            f"metric: {EXPERIMENTS}; at_most: 0.5",
            f"7:7: `at_most`: `{EXPERIMENTS}` is never below 1; where there is nothing to count it has no series: expect `absent: true`",
        ),
        (
            f"promql: sum({EXPERIMENTS}); between: [-1, 0]",
            f"7:7: `between`: `sum({EXPERIMENTS})` is never below 1; where there is nothing to count it has no series: expect `absent: true`",
        ),
        (f"metric: {STARTED}; within: {{value: -5, abs: 1}}", f"7:7: `within`: `{STARTED}` is never below 0"),
        ("metric: up; equals: 2", "7:7: `equals`: `up` is always between 0 and 1"),
        (
            f"promql: {MEMBERS} == bool 3; equals: 3",
            f"7:7: `equals`: `{MEMBERS} == bool 3` is always between 0 and 1",
        ),
        (
            f"metric: {EXPERIMENTS}; series: [{{phase: running, kind: PodChaos, value: 1}}, {{phase: paused, kind: PodChaos, value: 0}}]",
            f"7:60: `series`: `{EXPERIMENTS}` is never below 1; where there is nothing to count it has no series: expect `absent: true`",
        ),
        (
            f"promql: count({EXPERIMENTS}); equals: 2; known_issue: {{id: x, shows: {{equals: 0}}}}",
            f"8:36: `equals`: `count({EXPERIMENTS})` is never below 1; where there is nothing to count it has no series: expect `absent: true`",
        ),
    ],
)
def test_a_value_that_cannot_be(expectation, expected, check):
    assert check(expectation) == [expected]


@pytest.mark.parametrize(
    ("expectation", "expected"),
    [
        (
            f"metric: {STARTED}; at_least: 0",
            f"`at_least`: `{STARTED}` is never below 0, so every value will do; use `present: true`",
        ),
        (
            "metric: up; between: [0, 1]",
            "`between`: `up` is always between 0 and 1, so every value will do; use `present: true`",
        ),
        (
            "promql: max(up); at_most: 1",
            "`at_most`: `max(up)` is always between 0 and 1, so every value will do; use `present: true`",
        ),
        (
            f"promql: sgn({STARTED}); at_least: 0",
            f"`at_least`: `sgn({STARTED})` is always between 0 and 1, so every value will do; use `present: true`",
        ),
        (
            f"promql: count({MEMBERS}); at_least: 1",
            f"`at_least`: `count({MEMBERS})` is never below 1, so every value will do; use `present: true`",
        ),
        (
            f"promql: group({MEMBERS}); equals: 1",
            f"`equals`: `group({MEMBERS})` is never anything but 1, so every value will do; use `present: true`",
        ),
        (
            f"promql: {MEMBERS} > bool 3; between: [0, 1]",
            f"`between`: `{MEMBERS} > bool 3` is always between 0 and 1, so every value will do; use `present: true`",
        ),
        (
            f"promql: {MEMBERS} == 3; equals: 3",
            f"`equals`: the comparison in `{MEMBERS} == 3` leaves no other value; expect it of `{MEMBERS}`",
        ),
        (
            f"promql: 3 <= {MEMBERS}; at_least: 2",
            f"`at_least`: the comparison in `3 <= {MEMBERS}` leaves no other value; expect it of `{MEMBERS}`",
        ),
    ],
)
def test_every_value_will_do(expectation, expected, check):
    assert check(expectation) == [f"7:7: {expected}"]
