"""The list of permissions says what the code asks for: nothing is missing in it, and nothing left over."""

import ast
import re
from pathlib import Path

import harness
from harness.chaosmesh.breakage import OWNER_KINDS
from harness.chaosmesh.permissions import PERMISSIONS, declares, single
from harness.kubernetes.kinds import CHAOS_MESH_KINDS, kind_of

PACKAGE = Path(harness.__file__).parent
CLIENT = PACKAGE / "kubernetes" / "client.py"
_CLUSTER = re.compile(r"(?:^|[._])cluster(?:\(\))?$")
_CAPITAL = re.compile(r"[A-Z][A-Za-z]+$")

VERBS = {
    "get": ["get"],
    "list": ["list"],
    "list_versioned": ["list"],
    "until": ["list", "watch"],
    "until_all": ["list", "watch"],
    "wait_gone": ["list", "watch"],
    "watch": ["watch"],
    "create": ["create"],
    "patch": ["patch"],
    "delete": ["delete"],
}
OTHERS = {
    "exec": [("get", "pods/exec"), ("create", "pods/exec")],
    "logs": [("get", "pods/log")],
    "proxy_fetch": [("get", "pods/proxy"), ("get", "services/proxy")],
    "proxy_send": [
        (verb, f"{resource}/proxy")
        for resource in ("pods", "services")
        for verb in ("get", "create", "update", "patch", "delete")
    ],
    "service_proxy_url": [("get", "services/proxy")],
}
RAW = {"text", "patch_at", "replace_at"}
"""By a path; what they ask for is named below."""

CHAOS = [*CHAOS_MESH_KINDS]
WORKLOADS = ["StatefulSet", "Deployment", "DaemonSet"]
MADE = ["Pod", "Service", "ConfigMap", "StatefulSet"]
"""Of what fixtures/workloads is made."""

PROMETHEUS = [
    *("Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding"),
    *("ConfigMap", "Service", "Deployment"),
]
"""Of what fixtures/manifests/prometheus.yaml is made."""

ACCOUNT = ["ServiceAccount", "ClusterRole", "ClusterRoleBinding"]
"""Of what `chaos-harness rbac` prints; the rest is made and removed in a cluster of our own only."""

NOT_LITERAL = {
    "chaosmesh/denial.py": {"get": ["ClusterRole", "Role"], "patch": ["ClusterRole", "Role"]},
    "chaosmesh/experiments.py": {"list": CHAOS},
    "chaosmesh/rollout.py": {"get": ["Deployment", "DaemonSet", "StatefulSet"], "patch": WORKLOADS},
    "chaosmesh/webhook.py": {"create": ["PodChaos"]},
    "chaosmesh/workload.py": {"create": MADE},
    "kubernetes/follower.py": {"list_versioned": ["Event"], "watch": ["Event"]},
    "kubernetes/leftovers.py": {
        "list": [*CHAOS, *WORKLOADS, "Pod"],
        "delete": [*CHAOS, *WORKLOADS, "Pod"],
        "wait_gone": CHAOS,
        "patch": [*CHAOS, "Pod"],
    },
    "oracles/webhooks.py": {"list": ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]},
    "runner/actions.py": {"get": CHAOS, "create": CHAOS, "patch": CHAOS, "delete": CHAOS},
    "runner/diagnostics/collectors/objects.py": {"list": CHAOS},
    "runner/final_look.py": {"get": CHAOS},
    "runner/foreign.py": {"list": CHAOS},
    "runner/waits.py": {"get": CHAOS, "until": CHAOS},
    "stack/drift.py": {"list": ["Deployment", "DaemonSet"]},
    "stack/existing/chaosmesh.py": {"list": ["Deployment", "DaemonSet"]},
    "stack/existing/own_prometheus.py": {
        "create": PROMETHEUS,
        "get": PROMETHEUS,
        "list": PROMETHEUS,
        "delete": PROMETHEUS,
        "wait_gone": PROMETHEUS,
    },
    "stack/in_cluster/account.py": {"create": ACCOUNT, "delete": ACCOUNT},
    "stack/in_cluster/follow.py": {"list": ["Job", "ConfigMap"], "delete": ["Job", "ConfigMap"]},
    "pytest_plugin/in_cluster.py": {"create": ["Job", "ConfigMap"]},
    "stack/lease.py": {"create": ["Lease"]},
}
"""Where the kind is not written in the call, by module and method: the kinds that come there."""

BY_PATH = {
    "chaosmesh/denial.py",  # /apis and what is under it
    "kubernetes/remains.py",  # anything, with an administrator's rights
    "oracles/webhooks.py",  # /metrics
    "runner/vitals.py",  # nodes/proxy
}
ASKED_BY_PATH = {("get", "", "nodes/proxy"), ("update", "", "namespaces/finalize")}
"""What these ask for of resources that are declared; of others `kubernetes/remains.py` asks when it may."""


def calls():
    """Yield module, method and first argument of each call of the client."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path == CLIENT or "_bundled" in path.parts:
            continue
        module = str(path.relative_to(PACKAGE))
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if _CLUSTER.search(ast.unparse(node.func.value)):
                    yield module, node.func.attr, node.args[0] if node.args else None
            # A method that is handed on, such as to what asks again and again.
            elif isinstance(node, ast.Call):
                for argument in node.args:
                    if isinstance(argument, ast.Attribute) and _CLUSTER.search(ast.unparse(argument.value)):
                        yield module, argument.attr, None


def literal(method, argument):
    """Return the kind that a call names itself; None when it does not."""
    if method == "create" and isinstance(argument, ast.Dict):
        for key, value in zip(argument.keys, argument.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "kind" and isinstance(value, ast.Constant):
                return value.value
        return None
    found = argument.value if isinstance(argument, ast.Constant) else None
    return found if isinstance(found, str) and _CAPITAL.match(found) else None


def asked():
    """Return what the code asks for: verb, group and resource to the modules."""
    found: dict[tuple[str, str, str], set[str]] = {}
    loose: set[tuple[str, str]] = set()
    for module, method, argument in calls():
        if method in OTHERS:
            wanted = [(verb, "", resource) for verb, resource in OTHERS[method]]
        elif method in VERBS:
            kind = literal(method, argument)
            if kind is None:
                loose.add((module, method))
            kinds = [kind] if kind else NOT_LITERAL.get(module, {}).get(method, [])
            wanted = [
                (verb, group_of(each), kind_of(each).plural) for each in kinds for verb in VERBS[method]
            ]
        else:
            continue
        for each in wanted:
            found.setdefault(each, set()).add(module)
    for each in ASKED_BY_PATH:
        found.setdefault(each, set()).update(BY_PATH)
    return found, loose


def group_of(kind):
    group, slash, _ = kind_of(kind).api_version.partition("/")
    return group if slash else ""


def test_all_that_the_code_asks_for_is_in_the_list():
    found, _ = asked()
    assert len(found) > 60
    assert {each: modules for each, modules in found.items() if not declares(*each)} == {}


def test_nothing_is_in_the_list_that_the_code_does_not_ask_for():
    found, _ = asked()
    listed = {(verb, each.group, what) for each, what, verb in single(PERMISSIONS) if each.resources}
    assert listed - found.keys() == set()


def test_where_a_kind_is_not_written_in_the_call_the_kinds_are_known():
    _, loose = asked()
    assert loose == {(module, method) for module, methods in NOT_LITERAL.items() for method in methods}


def test_requests_by_a_path_are_made_in_known_places():
    assert {module for module, method, _ in calls() if method in RAW} == BY_PATH


def test_workloads_are_made_of_kinds_that_may_be_created():
    folder = PACKAGE.parent / "fixtures" / "workloads"
    kinds = {
        line.split()[1]
        for path in folder.glob("*/workload.yaml")
        for line in path.read_text().splitlines()
        if line.startswith("kind:")
    }
    assert kinds and kinds <= {*MADE}


def test_the_manifest_of_prometheus_is_made_of_kinds_that_are_declared():
    text = (PACKAGE.parent / "fixtures" / "manifests" / "prometheus.yaml").read_text()
    assert {*re.findall(r"^kind: (\w+)", text, re.MULTILINE)} == {*PROMETHEUS}


def test_what_the_table_above_names_is_what_the_code_has():
    assert set(WORKLOADS) == set(OWNER_KINDS)


def test_each_permission_says_what_it_is_for():
    assert all(each.why and each.verbs and (each.resources or each.paths) for each in PERMISSIONS)


def test_only_an_administrator_may_change_roles_or_finalize_namespaces():
    powerful = {"clusterroles", "roles", "clusterrolebindings", "rolebindings", "namespaces/finalize"}
    for each, what, verb in single(PERMISSIONS):
        if what in powerful and verb not in ("get", "list", "watch"):
            assert each.tier in ("install", "owner"), what
        assert verb not in ("*", "escalate", "bind", "impersonate")
        assert "*" not in (what, each.group)


def test_nothing_but_the_node_tier_enters_a_container():
    for each, what, _ in single(PERMISSIONS):
        assert (what in ("pods/exec", "nodes/proxy")) == (each.tier == "node")


def test_containers_are_entered_in_few_places():
    entering = {module for module, method, _ in calls() if method == "exec"}
    assert entering == {"audit/contract/promtool.py", "chaosmesh/daemons.py", "runner/calls.py"}
