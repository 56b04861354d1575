"""What is taken out of rules of RBAC, and that all else stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.kubernetes.rbac import Served, allows, without

GROUP = "chaos-mesh.org"
VERBS = ["get", "list", "delete"]
RESOURCES = ["awschaos", "statuschecks", "statuschecks/status", "workflows", "workflows/status"]
GROUPS = ["", "apps", GROUP]
SERVED = Served(
    frozenset(GROUPS), GROUP, {name: frozenset(VERBS[:2] if "/" in name else VERBS) for name in RESOURCES}
)


def some(values):
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)


RULES = st.lists(
    st.fixed_dictionaries(
        {
            "apiGroups": some([*GROUPS, "*"]),
            "resources": some([*RESOURCES, "pods", "*", "*/status"]),
            "verbs": some([*VERBS, "*"]),
        },
        optional={"resourceNames": st.lists(st.sampled_from(["a", "b"]), max_size=2)},
    )
    | st.just({"nonResourceURLs": ["/metrics"], "verbs": ["get"]}),
    max_size=4,
)


@given(rules=RULES, resources=some(RESOURCES), verbs=some(VERBS))
def test_all_is_allowed_as_before_but_what_is_denied(rules, resources, verbs):
    after = without(rules, resources, verbs, SERVED)
    for group in GROUPS:
        for resource in [*RESOURCES, *(["pods"] if group != GROUP else [])]:
            for verb in VERBS:
                for name in ("", "a"):
                    denied = group == GROUP and resource in resources and verb in verbs
                    before = allows(rules, group, resource, verb, name)
                    assert allows(after, group, resource, verb, name) == (before and not denied)


@given(rules=RULES, resources=some(RESOURCES), verbs=some(VERBS))
def test_what_is_denied_already_changes_nothing(rules, resources, verbs):
    once = without(rules, resources, verbs, SERVED)
    assert without(once, resources, verbs, SERVED) == once


def test_wildcards_are_spelled_out_only_where_they_have_to_be():
    pods = {"apiGroups": [""], "resources": ["*"], "verbs": ["*"]}
    all_ = {"apiGroups": [GROUP], "resources": ["*"], "verbs": ["*"]}
    urls = {"nonResourceURLs": ["*"], "verbs": ["*"]}
    assert without([pods, all_, urls], ["statuschecks"], ["delete"], SERVED) == [
        pods,
        {
            "apiGroups": [GROUP],
            "resources": ["awschaos", "statuschecks/status", "workflows", "workflows/status"],
            "verbs": ["*"],
        },
        {"apiGroups": [GROUP], "resources": ["statuschecks"], "verbs": ["get", "list"]},
        urls,
    ]


@pytest.mark.parametrize(
    ("rule", "resource", "name", "allowed"),
    [
        ({"resources": ["*"]}, "workflows/status", "", True),
        ({"resources": ["*/status"]}, "workflows/status", "", True),
        ({"resources": ["*/status"]}, "workflows", "", False),
        ({"resources": ["workflows"]}, "workflows/status", "", False),
        ({"resources": ["workflows"], "resourceNames": ["a"]}, "workflows", "", False),
        ({"resources": ["workflows"], "resourceNames": ["a"]}, "workflows", "a", True),
        ({"resources": ["workflows"], "apiGroups": ["apps"]}, "workflows", "", False),
        ({"resources": ["workflows"], "verbs": ["list"]}, "workflows", "", False),
    ],
)
def test_requests_are_decided_as_the_api_server_does(rule, resource, name, allowed):
    whole = {"apiGroups": [GROUP], "verbs": ["get"], **rule}
    assert allows([whole], GROUP, resource, "get", name) is allowed
