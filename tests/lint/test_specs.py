from harness.lint.specs import check_specs
from harness.scenario.load import load

HEAD = "scenario: a\nabout: b\nchaos:\n"
STEPS = "steps:\n- apply: burn\n"
BURN = "  burn: {kind: TimeChaos, spec: {mode: one, selector: {}, timeOffset: 1s"


def problems(tmp_path, text):
    path = tmp_path / "s.yaml"
    path.write_text(text)
    return [str(each).removeprefix(f"{path}:") for file in load(path) for each in check_specs(file)]


def test_a_wrong_field_of_a_chaos_has_its_place(tmp_path):
    spec = "      mode: one\n      selector: {}\n      timeOffset: 1s\n      clockId: [A]\n"
    (problem,) = problems(tmp_path, f"{HEAD}  burn:\n    kind: TimeChaos\n    spec:\n{spec}{STEPS}")
    assert problem.startswith("10:7: `spec` of TimeChaos has no field `clockId`; it has: clockIds, ")
    assert problem.endswith("(did you mean `clockIds`?)")


def test_a_wrong_field_of_a_patch_has_its_place(tmp_path):
    patch = "- patch:\n    chaos: burn\n    spec: {paused: true}\n"
    (problem,) = problems(tmp_path, f"{HEAD}{BURN}}}}}\n{STEPS}{patch}")
    assert problem.startswith("9:12: `spec` of TimeChaos has no field `paused`")


def test_a_wrong_value_of_a_case_is_found(tmp_path):
    cases = "parameters: {good: {mode: one}, bad: {mode: two}}\n"
    spec = '{mode: "${parameters.mode}", selector: {}, timeOffset: 1s}'
    text = f"{HEAD}  burn: {{kind: TimeChaos, spec: {spec}}}\n{cases}{STEPS}"
    (problem,) = problems(tmp_path, text)
    assert "`spec.mode` of TimeChaos is one of one, all, " in problem


def test_a_field_that_does_nothing_is_a_warning(tmp_path):
    assert problems(tmp_path, f"{HEAD}{BURN}, value: '2'}}}}\n{STEPS}") == [
        "4:75: warning: `value` does nothing with `mode: one`: only the other modes take a number"
        " (api/v1alpha1/selector.go)"
    ]


def test_what_has_to_be_refused_may_have_a_form_that_is(tmp_path):
    burn = f"{HEAD}{BURN}, duration: 10sek}}}}\n"
    (problem,) = problems(tmp_path, f"{burn}{STEPS}")
    assert "`spec.duration` of TimeChaos is a duration such as 90s, 15m or 1h30m; not `10sek`" in problem
    assert problems(tmp_path, f"{burn}{STEPS}  refused: parse duration\n") == []
