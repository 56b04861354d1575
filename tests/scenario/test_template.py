import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scenario.template import TemplateError, references, resolve

SCOPE = {
    "namespace": "ns-1",
    "burn": {"targets": [{"pod": "a-0"}, {"pod": "a-1"}], "node": "n1"},
    "workload": {"selector": {"labelSelectors": {"app": "x"}}},
}

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text().filter(lambda t: "${" not in t),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_what_has_no_template_stays_as_it_is(value: object) -> None:
    assert resolve(value, {}) == value
    assert references(value) == set()


@given(st.text().filter(lambda text: "$" not in text and "}" not in text))
def test_text_around_a_template_stays(text: str) -> None:
    assert resolve(f"{text}${{namespace}}-{text}", SCOPE) == f"{text}ns-1-{text}"


def test_a_template_alone_keeps_the_type() -> None:
    assert resolve("${workload.selector}", SCOPE) == {"labelSelectors": {"app": "x"}}
    assert resolve(["${burn.targets}"], SCOPE) == [[{"pod": "a-0"}, {"pod": "a-1"}]]
    assert resolve({"n": "${n}"}, {"n": 3}) == {"n": 3}


def test_inside_text_it_becomes_text() -> None:
    assert resolve("${burn.targets[1].pod}@${n}", {**SCOPE, "n": 3}) == "a-1@3"


def test_a_doubled_dollar_escapes() -> None:
    assert resolve("$${namespace}", SCOPE) == "${namespace}"
    assert resolve("a $${b} ${namespace} $$ $", SCOPE) == "a ${b} ns-1 $$ $"
    assert references("$${namespace}") == set()


def test_what_was_filled_in_is_not_resolved_again() -> None:
    assert resolve("${a}", {"a": "${b}"}) == "${b}"


def test_keys_are_left_alone() -> None:
    assert resolve({"${namespace}": 1}, SCOPE) == {"${namespace}": 1}


def test_references_are_found_everywhere() -> None:
    value = {"a": ["x ${burn.node} ${namespace}"], "b": {"c": "${burn.targets[0].pod}"}, "d": 1}

    assert references(value) == {"burn.node", "namespace", "burn.targets[0].pod"}


@pytest.mark.parametrize(
    ("text", "problem", "available"),
    [
        ("${burm.node}", "${burm.node}: the scope has no `burm`", ["burn", "namespace", "workload"]),
        ("${burn.nod}", "${burn.nod}: `burn` has no `nod`", ["node", "targets"]),
        ("${burn.targets[2]}", "${burn.targets[2]}: `burn.targets` has 2 entries, counted from 0", []),
        ("${burn.targets[0].ip}", "${burn.targets[0].ip}: `burn.targets[0]` has no `ip`", ["pod"]),
        ("${burn[0]}", "${burn[0]}: `burn` is no list", []),
        ("${namespace.x}", "${namespace.x}: `namespace` has no fields", []),
        (
            "${}",
            "${}: is no reference such as burn.targets[0].pod; write `$${` for the characters themselves",
            [],
        ),
        (
            "${a b}",
            "${a b}: is no reference such as burn.targets[0].pod; write `$${` for the characters themselves",
            [],
        ),
        ("x ${a", "${}: a template does not end with `}`; write `$${` for the characters themselves", []),
        (
            "${a${b}}",
            "${}: a template does not end with `}`; write `$${` for the characters themselves",
            [],
        ),
    ],
)
def test_what_cannot_be_resolved_says_why(text: str, problem: str, available: list[str]) -> None:
    with pytest.raises(TemplateError) as caught:
        resolve(text, SCOPE)

    assert str(caught.value) == problem
    assert caught.value.available == available
    assert caught.value.next_step == (f"there is: {', '.join(available)}" if available else "")
