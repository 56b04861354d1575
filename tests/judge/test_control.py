"""What a control run says of each claim: each rule with what it excuses and what it only nearly does."""

from typing import Any

import pytest

from harness.actions.action import ControlRole
from harness.actions.registry import actions
from harness.judge.control import Controlled, ControlOutcome, control, without_chaos
from harness.scenario.model import Expectation, Step

GAUGE: dict[str, Any] = {
    "metric": "chaos_controller_manager_chaos_experiments",
    "where": {"namespace": "${namespace}"},
}
COUNTER = {"metric": "grpc_server_handled_total", "where": {"node": "${burn.node}"}}
RUNNING = {"series": [{"phase": "running", "value": 1}]}
PROOF = {"oracle": "processes", "in": "${burn.targets}", "named": "stress-ng"}
ONE, THREE, NOTHING, WORLD = (
    {"equals": 1},
    {"equals": 3},
    {"absent": True},
    {"series": {"oracle": "experiments"}},
)
WAIT, APPLY, DELETE = {"wait": 1}, {"apply": "burn", "until": "running"}, {"delete": "burn"}
TRAFFIC = {"source": "a", "target": "b", "requests": 3}


def step(action, *expect, **more):
    return action | {"expect": [dict(each) for each in expect]} | more


def say(*steps, held, unknown=()):
    """Return what is said of each claim; those in `held` hold, of the `unknown` nobody can tell."""
    made = [Step.model_validate(each) for each in steps]
    everything = {each.id: False for each in control(made, dict.fromkeys(_ids(made), False))}
    assert set(held) | set(unknown) <= set(everything), sorted(everything)
    holds = everything | dict.fromkeys(held, True) | dict.fromkeys(unknown)
    return {each.id: each for each in control(made, holds)}


def _ids(steps):
    return [
        name
        for index, each in enumerate(steps)
        for name in (
            f"{index}.answered",
            *(f"{index}.proof.{position}" for position in range(len(each.proof))),
            *(
                f"{index}.{position}{suffix}"
                for position in range(len(each.expect))
                for suffix in ("", ".shows")
            ),
        )
    ]


def excuse(said, identity):
    """Return the rule that excuses a claim, None when it is vacuous."""
    found = said[identity]
    assert found.outcome in (ControlOutcome.EXCUSED, ControlOutcome.VACUOUS), found
    return found.excused_by


# The table


def test_what_is_performed_without_the_chaos():
    roles = {name: each.role for name, each in actions().items() if each.role is not ControlRole.LEFT_OUT}
    stimuli = dict.fromkeys(["traffic", "http", "exec"], ControlRole.STIMULUS)
    assert roles == {"wait": ControlRole.WAIT, **stimuli}


# Needing the chaos


def test_what_does_not_hold_needs_the_chaos():
    said = say(step(APPLY, GAUGE | RUNNING, proof=PROOF | {"at_least": 1}), held=[])
    assert {each.outcome for each in said.values()} == {ControlOutcome.NEEDS_CHAOS}
    assert list(said) == ["0.proof.0", "0.0"]
    assert said["0.0"] == Controlled(
        id="0.0",
        step=0,
        claim="chaos_controller_manager_chaos_experiments series: [{'phase': 'running', 'value': 1}]",
        holds=False,
        outcome=ControlOutcome.NEEDS_CHAOS,
    )


def test_what_holds_all_the_same_is_vacuous_and_says_why_nothing_excuses_it():
    said = say(step(WAIT, GAUGE | NOTHING), step(APPLY, COUNTER | {"at_least": 0}), held=["1.0"])
    assert said["1.0"] == Controlled(
        id="1.0",
        step=1,
        claim="grpc_server_handled_total at_least: 0",
        holds=True,
        outcome=ControlOutcome.VACUOUS,
        not_excused=[
            "before: step 2 (apply burn) comes first",
            "stays: it does not claim that nothing changes",
            "returns: no earlier step claims otherwise about the very same, or a part of it",
            "comes: no later step claims otherwise and needs the chaos for it",
            "spared: no step before the chaos claims the same of the very same",
        ],
        next_step="make it stronger, so that it fails without the chaos: a value that only the chaos brings "
        "about, or increases_by; for what comes back, expect the value that it had meanwhile, of the same "
        "metric with the same `where`, in an earlier step",
    )


def test_what_was_not_judged_is_not_spoken_of():
    steps = [Step.model_validate(step(APPLY, GAUGE | RUNNING, proof=PROOF | {"at_least": 1}))]
    assert [each.id for each in control(steps, {"0.0": False})] == ["0.0"]


def test_the_expression_that_was_judged_is_kept():
    steps = [Step.model_validate(step(APPLY, GAUGE | RUNNING))]
    (said,) = control(steps, {"0.0": False}, {"0.0": 'x{namespace="a"}'})
    assert said.promql == 'x{namespace="a"}'


# The rule before


def test_before_any_chaos_everything_is_excused():
    said = say(
        step(WAIT, GAUGE | NOTHING, proof=PROOF | {"equals": 0}), step(APPLY), held=["0.0", "0.proof.0"]
    )
    assert excuse(said, "0.0") == excuse(said, "0.proof.0") == "before"


@pytest.mark.parametrize("first", [APPLY, {"wait_for": "burn", "until": "running"}])
def test_the_step_that_applies_it_is_not_before_the_chaos(first):
    assert excuse(say(step(first, GAUGE | NOTHING), held=["0.0"]), "0.0") is None


def test_a_step_that_waits_after_the_chaos_is_not_before_it():
    assert excuse(say(step(APPLY), step(DELETE), step(WAIT, GAUGE | NOTHING), held=["2.0"]), "2.0") is None


# The rule stays


@pytest.mark.parametrize("claim", [{"unchanged": True}, {"increases_by": 0}])
def test_what_claims_that_nothing_changes_is_excused(claim):
    assert excuse(say(step(APPLY, COUNTER | claim), held=["0.0"]), "0.0") == "stays"


@pytest.mark.parametrize(
    "claim",
    [
        {"equals": 0},
        {"absent": True},
        {"increases_by": 1},
        {"increases_by": {"oracle": "pods"}},
        {"at_most": 0},
    ],
)
def test_what_only_looks_like_nothing_changes_is_not(claim):
    assert excuse(say(step(APPLY, COUNTER | claim), held=["0.0"]), "0.0") is None


def test_that_all_requests_are_answered_claims_that_nothing_changes():
    said = say(step(APPLY), step({"traffic": TRAFFIC | {"answered": 3}}), held=["1.answered"])
    assert excuse(said, "1.answered") == "stays"


def test_that_some_requests_are_lost_needs_the_chaos():
    said = say(step(APPLY), step({"traffic": TRAFFIC | {"answered": 0}}), held=["1.answered"])
    assert excuse(said, "1.answered") is None
    assert said["1.answered"].next_step == "send the requests on a way that the chaos affects"


# The rule oracle


@pytest.mark.parametrize(
    "argument",
    [WORLD, {"equals": {"oracle": "pods"}}, {"increases_by": {"product": [{"oracle": "pods"}, 2]}}],
)
def test_agreement_with_an_oracle_is_excused_next_to_what_needs_the_chaos(argument):
    said = say(step(APPLY, GAUGE | argument, COUNTER | {"increases_by": 1}), held=["0.0"])
    assert excuse(said, "0.0") == "oracle"


def test_a_proof_that_needs_the_chaos_is_enough_for_an_oracle():
    said = say(step(APPLY, GAUGE | WORLD, proof=PROOF | {"at_least": 1}), held=["0.0"])
    assert excuse(said, "0.0") == "oracle"


def test_agreement_alone_is_vacuous():
    said = say(step(APPLY, GAUGE | WORLD, COUNTER | {"increases_by": 0}), held=["0.0", "0.1"])
    assert excuse(said, "0.0") is None
    assert (
        "oracle: nothing else in this step shows that there was an effect for the oracle to see"
        in said["0.0"].not_excused
    )
    assert said["0.0"].next_step == "add to this step an expectation or a proof that fails without the chaos"


def test_what_needs_the_chaos_in_another_step_does_not_count_for_an_oracle():
    said = say(step(APPLY, COUNTER | {"increases_by": 1}), step(DELETE, GAUGE | WORLD), held=["1.0"])
    assert excuse(said, "1.0") is None


def test_two_agreements_do_not_excuse_each_other():
    said = say(step(APPLY, GAUGE | WORLD, COUNTER | {"equals": {"oracle": "pods"}}), held=["0.0", "0.1"])
    assert excuse(said, "0.0") is excuse(said, "0.1") is None


def test_what_returns_shows_an_effect_to_an_oracle():
    steps = [
        step(APPLY, proof=PROOF | {"at_least": 1}),
        step(DELETE, GAUGE | WORLD, proof=PROOF | {"equals": 0}),
    ]
    said = say(*steps, held=["1.0", "1.proof.0"])
    assert excuse(said, "1.0") == "oracle"


def test_what_stays_shows_no_effect_to_an_oracle():
    said = say(step(APPLY), step(DELETE, GAUGE | WORLD, COUNTER | {"unchanged": True}), held=["1.0", "1.1"])
    assert excuse(said, "1.0") is None


# The rule comes


def test_what_has_not_come_yet_is_excused_by_what_needs_the_chaos_to_come():
    said = say(step(APPLY, GAUGE | NOTHING), step(WAIT, GAUGE | RUNNING), held=["0.0"])
    assert excuse(said, "0.0") == "comes"


def test_what_comes_without_the_chaos_excuses_nothing():
    said = say(step(APPLY, GAUGE | NOTHING), step(WAIT, GAUGE | RUNNING), held=["0.0", "1.0"])
    assert excuse(said, "0.0") is None


# The rule spared


def test_what_was_so_before_the_chaos_and_is_so_beside_its_effect_is_excused():
    alone = COUNTER | {"equals": 0}
    steps = [step(WAIT, alone), step(APPLY, alone, GAUGE | ONE)]
    assert excuse(say(*steps, held=["0.0", "1.0"]), "1.0") == "spared"


@pytest.mark.parametrize(
    ("before", "beside"),
    [
        (COUNTER | {"equals": 1}, GAUGE | ONE),
        (GAUGE | {"equals": 0}, GAUGE | ONE),
        (COUNTER | {"equals": 0}, GAUGE | {"unchanged": True}),
    ],
)
def test_what_was_not_so_before_or_has_no_effect_beside_it_is_not_spared(before, beside):
    steps = [step(WAIT, before), step(APPLY, COUNTER | {"equals": 0}, beside)]
    held = ["0.0", "1.0", *(["1.1"] if "unchanged" in beside else [])]
    assert excuse(say(*steps, held=held), "1.0") is None


def test_what_an_earlier_chaos_spared_was_not_so_before_any():
    alone = COUNTER | {"equals": 0}
    said = say(step(APPLY, alone), step(DELETE, alone, GAUGE | ONE), held=["0.0", "1.0"])
    assert excuse(said, "1.0") is None


# The rule returns


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (RUNNING, NOTHING),
        (ONE, NOTHING),
        ({"present": True}, NOTHING),
        ({"increases_by": 1}, NOTHING),
        (THREE, {"equals": 0}),
        ({"at_least": 1}, {"at_most": 0}),
        ({"within": {"value": -600, "abs": 5}}, {"between": [-5, 5]}),
        (RUNNING, {"series": [{"phase": "paused", "value": 1}]}),
        (RUNNING, {"series": [{"phase": "running", "value": 2}]}),
        ({"series": [{"phase": "a", "value": 1}, {"phase": "b", "value": 1}]}, RUNNING),
    ],
)
def test_what_an_earlier_step_excludes_returns(earlier, later):
    said = say(step(APPLY, GAUGE | earlier), step(DELETE, GAUGE | later), held=["1.0"])
    assert excuse(said, "1.0") == "returns"


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"at_least": 1}, {"present": True}),
        ({"at_least": 1}, {"at_most": 1}),
        (RUNNING, {"present": True}),
        (RUNNING, {"at_least": 0}),
        (
            {"series": [{"phase": "a", "value": 1}, {"phase": "b", "value": 1}]},
            {"series": [{"phase": "b", "value": {"at_least": 0}}, {"phase": "a", "value": 1}]},
        ),
        (RUNNING, {"series": [{"value": {"at_least": 0}}]}),
        (ONE, {"equals": {"oracle": "pods"}}),
        (WORLD, NOTHING),
        ({"increases_by": 1}, {"at_least": 0}),
        ({"increases_by": 1}, {"present": True}),
    ],
)
def test_what_may_have_been_true_all_the_time_does_not_return(earlier, later):
    said = say(step(APPLY, GAUGE | earlier), step(DELETE, GAUGE | later), held=["1.0"])
    assert excuse(said, "1.0") is None


def test_what_claims_otherwise_must_have_needed_the_chaos():
    said = say(step(APPLY, GAUGE | RUNNING), step(DELETE, GAUGE | NOTHING), held=["0.0", "1.0"])
    assert excuse(said, "1.0") is None
    assert "returns: what claims otherwise (0.0) held without the chaos" in said["1.0"].not_excused


@pytest.mark.parametrize(
    "other",
    [
        {"metric": "chaos_controller_manager_chaos_schedules", "where": GAUGE["where"]},
        {"metric": GAUGE["metric"], "where": {"namespace": {"not": "${namespace}"}}},
        {"promql": f"sum({GAUGE['metric']})"},
    ],
)
def test_claims_about_something_else_do_not_count(other):
    said = say(step(APPLY, other | ONE), step(DELETE, GAUGE | NOTHING), held=["1.0"])
    assert excuse(said, "1.0") is None


def test_expressions_return_too():
    expression = {"promql": f"sum({GAUGE['metric']})"}
    said = say(step(APPLY, expression | ONE), step(DELETE, expression | NOTHING), held=["1.0"])
    assert excuse(said, "1.0") == "returns"


def test_what_claims_otherwise_in_the_same_step_does_not_count():
    said = say(step(APPLY, GAUGE | NOTHING, GAUGE | ONE), held=["0.0"])
    assert excuse(said, "0.0") is None


def test_an_effect_that_a_known_issue_hides_is_nothing_to_return_from():
    hidden = GAUGE | THREE | {"known_issue": {"id": "made-up", "shows": {"equals": 2}}}
    said = say(step(APPLY, hidden), step(DELETE, GAUGE | {"equals": 2}), held=["0.0.shows", "1.0"])
    assert excuse(said, "1.0") is None
    seen = GAUGE | THREE | {"known_issue": {"id": "made-up", "shows": {"equals": 4}}}
    said = say(step(APPLY, seen), step(DELETE, GAUGE | {"equals": 2}), held=["1.0"])
    assert excuse(said, "1.0") == "returns"


def test_what_an_earlier_step_had_a_part_of_returns():
    part = GAUGE | {"where": GAUGE["where"] | {"phase": "running"}, "equals": 1}
    said = say(step(APPLY, part), step(DELETE, GAUGE | NOTHING), held=["1.0"])
    assert excuse(said, "1.0") == "returns"


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"where": {"namespace": "other", "phase": "running"}, "equals": 1}, NOTHING),
        ({"where": GAUGE["where"] | {"phase": "running"}, "equals": 1}, {"at_most": 1}),
        ({"where": GAUGE["where"] | {"phase": "running"}, "increases_by": 0}, NOTHING),
    ],
)
def test_another_part_does_not_return(earlier, later):
    said = say(step(APPLY, GAUGE | earlier), step(DELETE, GAUGE | later), held=["1.0"])
    assert excuse(said, "1.0") is None


def test_a_part_does_not_return_by_the_whole():
    part = GAUGE | {"where": GAUGE["where"] | {"phase": "running"}, "absent": True}
    said = say(step(APPLY, GAUGE | {"present": True}), step(DELETE, part), held=["1.0"])
    assert excuse(said, "1.0") is None


def test_a_proof_returns_by_an_earlier_one_of_the_same_oracle_and_parameters():
    steps = [step(APPLY, proof=PROOF | {"at_least": 1}), step(DELETE, proof=PROOF | {"equals": 0})]
    assert excuse(say(*steps, held=["1.proof.0"]), "1.proof.0") == "returns"


@pytest.mark.parametrize(
    "earlier",
    [
        PROOF | {"at_least": 1, "named": "memStress"},
        PROOF | {"at_least": 1, "oracle": "other"},
        PROOF | {"at_least": 0},
        PROOF | {"between": [0, 4]},
    ],
)
def test_a_proof_of_something_else_is_nothing_to_return_from(earlier):
    said = say(step(APPLY, proof=earlier), step(DELETE, proof=PROOF | {"equals": 0}), held=["1.proof.0"])
    assert excuse(said, "1.proof.0") is None
    assert said["1.proof.0"].next_step.startswith("prove what only the chaos brings about")


# The rule uninjected


def test_a_chaos_that_is_meant_to_hit_nothing_may_be_proven_to_hit_nothing():
    injecting = {"apply": "burn", "until": "injecting"}
    said = say(step(injecting, GAUGE | NOTHING, proof=PROOF | {"equals": 0}), held=["0.proof.0", "0.0"])
    assert excuse(said, "0.proof.0") == "uninjected"
    assert excuse(said, "0.0") is None, "only proofs are excused"


def test_a_proof_that_holds_without_the_chaos_is_vacuous():
    said = say(step(APPLY, proof=PROOF | {"at_least": 1}), held=["0.proof.0"])
    assert excuse(said, "0.proof.0") is None
    assert said["0.proof.0"].claim == ("the proof processes in=${burn.targets} named=stress-ng at_least: 1")
    assert "uninjected: its chaos is meant to have an effect" in said["0.proof.0"].not_excused


# The rule stimulus


@pytest.mark.parametrize(
    "over",
    [
        DELETE,
        {"pause": "burn"},
        {"wait_for": "burn", "until": "finished"},
        {"wait_for": "burn", "until": "accomplished"},
    ],
)
def test_what_a_step_itself_does_is_counted_while_no_chaos_is_in_force(over):
    counted = step({"traffic": TRAFFIC}, COUNTER | {"increases_by": 3})
    assert excuse(say(step(APPLY), step(over), counted, held=["2.0"]), "2.0") == "stimulus"


@pytest.mark.parametrize(
    "before",
    [
        [APPLY],
        [APPLY, {"pause": "burn"}, {"resume": "burn"}],
        [APPLY, DELETE, APPLY],
        [APPLY, {"apply": "other"}, DELETE],
        [APPLY, {"delete": "burn", "until": "deleting"}],
    ],
)
def test_while_a_chaos_is_in_force_it_has_to_matter(before):
    counted = step({"traffic": TRAFFIC}, COUNTER | {"increases_by": 3})
    index = len(before)
    said = say(*map(step, before), counted, held=[f"{index}.0"])
    assert excuse(said, f"{index}.0") is None
    assert any(reason.startswith("stimulus: in force is ") for reason in said[f"{index}.0"].not_excused)


SCALE, BACK = ({"scale": {"component": "chaos-dashboard", "replicas": each}} for each in (2, 1))
BREAK = {"node": {"name": "n", "command": ["true"], "breaks": ["chaos-daemon"]}}
REPLACE = {"restart": {"component": "chaos-daemon"}}
DENY = {"deny": {"component": "chaos-daemon", "verbs": ["get"], "resources": ["podchaos"]}}
ALLOW = {"allow": "chaos-daemon"}


@pytest.mark.parametrize(
    ("before", "rule"),
    [
        ([SCALE], None),
        ([SCALE, BACK], "stimulus"),
        ([BREAK], None),
        ([BREAK, REPLACE], "stimulus"),
        ([BREAK, {"restart": {"component": "workload"}}], None),
        ([REPLACE], "stimulus"),
        ([DENY], None),
        ([DENY, ALLOW], "stimulus"),
        ([DENY, REPLACE], None),
        ([DENY, {"allow": "chaos-dashboard"}], None),
        ([ALLOW], "stimulus"),
    ],
)
def test_what_was_scaled_broken_or_denied_is_in_force_until_it_is_put_back(before, rule):
    counted = step({"traffic": TRAFFIC}, COUNTER | {"increases_by": 3})
    index = len(before)
    assert excuse(say(*map(step, before), counted, held=[f"{index}.0"]), f"{index}.0") == rule


def test_a_one_shot_chaos_is_over_when_it_is_finished():
    counted = step({"traffic": TRAFFIC}, COUNTER | {"increases_by": 3})
    said = say(step({"apply": "kill", "until": "finished"}), counted, held=["1.0"])
    assert excuse(said, "1.0") == "stimulus"


def test_what_does_not_count_what_the_step_does_is_not_excused_by_it():
    still = step({"traffic": TRAFFIC}, GAUGE | NOTHING)
    assert excuse(say(step(APPLY), step(DELETE), still, held=["2.0"]), "2.0") is None


def test_a_step_that_only_waits_counts_nothing():
    counted = step(WAIT, COUNTER | {"increases_by": 3})
    assert excuse(say(step(APPLY), step(DELETE), counted, held=["2.0"]), "2.0") is None


# Known issues


WAIVED = COUNTER | {"equals": 1, "known_issue": {"id": "made-up", "shows": {"equals": 0}}}


def test_the_wrong_value_that_is_there_without_chaos_is_waived_and_listed():
    said = say(step(APPLY, WAIVED), held=["0.0.shows"])
    assert said["0.0"].outcome is ControlOutcome.NEEDS_CHAOS
    assert excuse(said, "0.0.shows") == "waived"
    assert said["0.0.shows"].claim == "grpc_server_handled_total equals: 0"


def test_the_right_value_that_is_there_without_chaos_is_vacuous():
    assert excuse(say(step(APPLY, WAIVED), held=["0.0"]), "0.0") is None


def test_the_right_value_of_a_known_issue_is_excused_like_any_other():
    left = GAUGE | {"equals": 0, "known_issue": {"id": "made-up", "shows": {"equals": 3}}}
    said = say(step(APPLY, GAUGE | THREE), step(DELETE, left), held=["1.0"])
    assert excuse(said, "1.0") == "returns"


def test_a_known_issue_shows_an_effect_to_an_oracle_only_by_what_it_shows():
    agreement = GAUGE | WORLD
    assert excuse(say(step(APPLY, agreement, WAIVED), held=["0.0", "0.1.shows"]), "0.0") is None
    assert excuse(say(step(APPLY, agreement, WAIVED), held=["0.0", "0.1"]), "0.0") == "oracle"


# What cannot be told


def test_what_could_not_be_told_is_undecided():
    said = say(step(APPLY, GAUGE | ONE), held=[], unknown=["0.0"])
    assert said["0.0"].outcome is ControlOutcome.UNDECIDED
    assert said["0.0"].next_step == "run it again: a scrape or a reading was missing"


def test_what_is_excused_either_way_need_not_be_told():
    said = say(
        step(WAIT, GAUGE | NOTHING),
        step(APPLY, COUNTER | {"unchanged": True}),
        held=[],
        unknown=["0.0", "1.0"],
    )
    assert {each.outcome for each in said.values()} == {ControlOutcome.EXCUSED}


def test_an_excuse_that_hangs_on_what_could_not_be_told_is_undecided():
    steps = [step(APPLY, GAUGE | RUNNING), step(DELETE, GAUGE | NOTHING)]
    said = say(*steps, held=["1.0"], unknown=["0.0"])
    assert said["1.0"].outcome is ControlOutcome.UNDECIDED


# What is judged


def test_an_expectation_is_judged_with_a_short_deadline_and_without_its_known_issue():
    kept = {"where": {"a": {"not_matches": "x"}}, "because": "so", "level": "should"}
    written = Expectation.model_validate(WAIVED | kept | {"hold": 9, "deadline": 60})
    right, shows = without_chaos(written)
    common = kept | {"metric": "grpc_server_handled_total", "hold": 2, "deadline": 3}
    dumped = [
        (suffix, each.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True))
        for suffix, each in (right, shows)
    ]
    assert dumped == [("", common | {"equals": 1}), (".shows", common | {"equals": 0})]


def test_an_expectation_without_a_known_issue_is_judged_once():
    (one,) = without_chaos(Expectation.model_validate(GAUGE | ONE | {"hold": 1}))
    assert (one[0], one[1].hold, one[1].argument) == ("", 1, 1)
