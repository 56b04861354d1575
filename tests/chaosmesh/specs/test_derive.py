"""Shapes are what the definitions say, shared ones once; the rest of a definition does not matter."""

import json

from hypothesis import given
from hypothesis import strategies as st

from harness.chaosmesh.specs import derive
from harness.chaosmesh.specs.shape import SHAPES


def definition(kind, **properties):
    spec = {"type": "object", "properties": properties}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    return {"spec": {"names": {"kind": kind}, "versions": [{"schema": schema}]}}


SELECTOR = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


def test_what_two_kinds_share_is_written_once():
    made = derive.derive([definition("A", here=SELECTOR), definition("B", there=SELECTOR)], "x")
    assert made == {
        "source": "x",
        "kinds": {
            "A": {"type": "object", "fields": {"here": {"shape": "A.here"}}},
            "B": {"type": "object", "fields": {"there": {"shape": "A.here"}}},
        },
        "shapes": {
            "A.here": {"type": "object", "fields": {"name": {"type": "string"}}, "required": ["name"]}
        },
    }


def test_what_has_a_default_is_not_required():
    field = {"type": "object", "properties": {"a": {"type": "string", "default": "x"}}, "required": ["a"]}
    made = derive.derive([definition("A", field=field)], "x")
    assert "required" not in made["kinds"]["A"]["fields"]["field"]


def test_numbers_or_strings_and_free_keys():
    either = {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}
    labels = {"type": "object", "additionalProperties": {"type": "string"}}
    above = {"type": "number", "minimum": 0, "exclusiveMinimum": True}
    fields = derive.derive([definition("A", either=either, labels=labels, above=above)], "x")["kinds"]["A"][
        "fields"
    ]
    assert fields == {
        "either": {"type": "int-or-string"},
        "labels": {"type": "object", "of": {"type": "string"}},
        "above": {"type": "number", "over": 0},
    }


@given(st.permutations(["A", "B", "C"]))
def test_the_order_of_definitions_does_not_matter(order):
    texts = {
        derive.text_of(derive.derive([definition(kind, at=SELECTOR) for kind in kinds], "x"))
        for kinds in (order, ["A", "B", "C"])
    }
    assert len(texts) == 1


def test_what_ships_says_where_it_comes_from():
    assert "Chaos Mesh" in json.loads(SHAPES.read_text())["source"]
