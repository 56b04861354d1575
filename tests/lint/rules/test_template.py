import pytest

from harness.lint.rules.template import as_literals, range_is_open, stands_for_more
from harness.prometheus.expression import Range, read


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('a{b="${burn.node}"}', 'a{b="⟨burn.node⟩"}'),
        ('a{b=~"x-${run}.*"} > ${n}', 'a{b=~"x-⟨run⟩.*"} > pi()'),
        ("a > ${n} + ${m}", "a > pi() + pi()"),
        ("rate(a[${range}])", "rate(a[3557])"),
        ("rate(a[${n}s]) > ${n}", "rate(a[3557s]) > pi()"),
        ('a{b="[",c="${x}"} > ${n}', 'a{b="[",c="⟨x⟩"} > pi()'),
        ('a{b="\\"",c="${x}"}', 'a{b="\\"",c="⟨x⟩"}'),
        ("a{b='\"',c='${x}'}", "a{b='\"',c='⟨x⟩'}"),
        ("a{b=`\\`} > ${n}", "a{b=`\\`} > pi()"),
        ('a{b="#"} > ${n}', 'a{b="#"} > pi()'),
        ("a # it's ${n}\n> ${n}", "a # it's ${n}\n> pi()"),
        ('a{b="$${x}"}', 'a{b="${x}"}'),
        ("a > ${n", "a > pi()n"),
        ("a", "a"),
    ],
)
def test_a_template_becomes_a_word_in_a_string_and_else_a_number(expression, expected):
    assert as_literals(expression) == expected


def test_a_string_with_a_template_is_told_from_one_without():
    assert stands_for_more(as_literals('"x-${run}"'))
    assert not stands_for_more(as_literals('"x-run"'))


@pytest.mark.parametrize(("unit", "seconds"), [("", 1), ("s", 1), ("ms", 0.001), ("m", 60)])
def test_a_range_with_a_template_is_told_from_one_without(unit, seconds):
    node = read(as_literals(f"a[${{n}}{unit}]"))

    assert isinstance(node, Range)
    assert node.seconds == 3557 * seconds
    assert range_is_open(node.seconds)
    assert not range_is_open(5 * seconds)
