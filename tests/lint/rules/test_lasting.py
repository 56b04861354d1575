# ruff: noqa: E501  (messages are asserted whole)
import pytest

EXPERIMENTS = "chaos_controller_manager_chaos_experiments"


def scenario(step, spec="duration: 4s", kind="StressChaos"):
    return f"scenario: a\nabout: b\nchaos:\n  burn: {{kind: {kind}, spec: {{{spec}}}}}\nsteps:\n- apply: burn\n{step}"


def held(hold, metric=EXPERIMENTS, spec="duration: 4s", more="", kind="present: true"):
    return scenario(f"  expect:\n  - metric: {metric}\n    {kind}\n    hold: {hold}\n{more}", spec)


def wrong(told):
    return [line for line in told if " warning: " not in line]


def waiting(duration, more="", interval=1, metric=EXPERIMENTS):
    expect = f"  expect: [{{metric: {metric}, present: true{more}}}]\n"
    return scenario(expect, f"duration: {duration}"), interval


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        waiting("15s"),
        waiting("1m"),
        waiting("8s", interval=0.5),
        waiting("10s", ", deadline: 4"),
        waiting("'${d}'"),
        (
            scenario(
                "  until: finished\n  bound: 40\n  expect: [{metric: up, present: true}]\n", "duration: 4s"
            ),
            1,
        ),
        (scenario("- wait: 9\n  expect: [{metric: up, present: true}]\n", "duration: 4s"), 1),
    ],
)
def test_what_lasts_while_its_step_waits(text, interval, check_text):
    assert check_text(text, interval) == []


@pytest.mark.parametrize(
    ("text", "interval", "lasts", "waits"),
    [
        (*waiting("10s"), "10", "15"),
        (*waiting("8s", interval=1), "8", "15"),
        (*waiting("1m", interval=5), "60", "75"),
        (*waiting("15s", ", deadline: 11"), "15", "16"),
        (*waiting("10s", metric="grpc_server_started_total"), "10", "15"),
    ],
)
def test_what_may_be_over_while_its_step_waits_is_a_warning(text, interval, lasts, waits, check_text):
    assert check_text(text, interval) == [
        f"6:3: warning: `burn` is over after {lasts} s (its `duration`), and this step waits for up to {waits} s for an expectation that does not come true: others may be undecided then"
    ]


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        (held(3), 1),
        (held(7), 0.5),
        (held(9, spec=""), 1),
        (held(9, spec="duration: '${x}'"), 1),
        (held(9, spec="duration: soon"), 1),
        (held(9, metric="grpc_server_started_total"), 1),
        (held(9, kind="unchanged: true"), 1),
        (scenario(f"- delete: burn\n  expect: [{{metric: {EXPERIMENTS}, present: true, hold: 9}}]\n"), 1),
    ],
)
def test_what_lasts_as_long_as_it_is_held(text, interval, check_text):
    assert wrong(check_text(text, interval)) == []


@pytest.mark.parametrize(("hold", "interval", "seconds"), [(4, 1, "4"), (8, 0.5, "4"), (1, 5, "5")])
def test_what_is_over_before(hold, interval, seconds, check_text):
    assert wrong(check_text(held(hold), interval)) == [
        f"10:5: `hold: {hold}` is {seconds} s at a scrape each {interval:g} s, and `burn` is over after 4 s (its `duration`)"
    ]


@pytest.mark.parametrize(
    "text",
    [
        scenario("  until: running\n"),
        scenario("  until: finished\n"),
        scenario("- wait_for: burn\n  until: finished\n"),
        scenario("  until: finished\n", "action: pod-kill", "PodChaos"),
        scenario("  until: running\n", "action: pod-failure", "PodChaos"),
        scenario("  until: running\n", "action: '${a}'", "PodChaos"),
        scenario("  until: finished\n", "duration: '${d}'"),
        scenario("  until: running\n", "", "Workflow"),
        scenario("  until: finished\n  bound: 40\n", "duration: 30s"),
        scenario("- {wait_for: burn, until: finished, bound: 10}\n", "duration: 30s"),
    ],
)
def test_phases_that_come(text, check_text):
    assert check_text(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            scenario("  until: running\n", "action: pod-kill", "PodChaos"),
            "7:3: a PodChaos that does `pod-kill` hits once and is never `running` (did you mean `finished`?)",
        ),
        (
            scenario("- pause: burn\n- resume: burn\n", "action: container-kill", "PodChaos"),
            "8:3: a PodChaos that does `container-kill` hits once and is never `running` (did you mean `finished`?)",
        ),
        (
            scenario("  until: finished\n", "mode: one"),
            "7:3: `burn` has no `duration` in its `spec`, so it is never `finished`",
        ),
        (
            scenario("- {wait_for: burn, until: finished}\n", "action: pod-failure", "PodChaos"),
            "7:20: `burn` has no `duration` in its `spec`, so it is never `finished`",
        ),
        (
            scenario("  until: finished\n", "duration: 30s"),
            "7:3: `burn` lasts 30 s, and `bound` is 30 s; write a greater one",
        ),
    ],
)
def test_phases_that_never_come(text, expected, check_text):
    assert check_text(text) == [expected]
