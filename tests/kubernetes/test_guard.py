"""On a cluster of others nothing is sent that would change or enter what no run of the harness made."""

from dataclasses import replace

import pytest

from harness.base.errors import ExitCode, UsageError
from harness.kubernetes import namespaces
from harness.kubernetes.client import Cluster, NotFoundError
from harness.kubernetes.guard import ForeignRequestError, Guard

STACK, RUN, MESH = "a-stack", "1a2b3c4d", "chaos-mesh"
LABELS = {**namespaces.labels(RUN), namespaces.STACK_LABEL: STACK}
NAMESPACES = {
    "own": LABELS,
    "of-an-earlier-run": {**LABELS, namespaces.RUN_LABEL: "99999999"},
    "shop": {},
    "of-another-stack": {**LABELS, namespaces.STACK_LABEL: "another"},
    "half-labelled": {namespaces.MANAGED_BY: namespaces.MANAGER},
    "without-run": {**LABELS, namespaces.RUN_LABEL: "not-a-run"},
    MESH: {},
    namespaces.HARNESS_NAMESPACE: {},
}
PODS = {
    "chaos-daemon-x": {"app.kubernetes.io/component": "chaos-daemon"},
    "chaos-controller-manager-x": {"app.kubernetes.io/component": "controller-manager"},
}
GUARD = Guard(STACK, RUN, MESH)
FOREIGN = ["shop", "of-another-stack", "half-labelled", "without-run", "default", "kube-system"]


def answer(request):
    words = request.path.split("/")
    if request.method == "GET" and words[3:4] == ["namespaces"] and len(words) == 5:
        if words[4] not in {*NAMESPACES, "default", "kube-system"}:
            request.answer(404, {"kind": "Status", "reason": "NotFound"})
            return
        metadata = {"name": words[4], "labels": NAMESPACES.get(words[4], {})}
        request.answer(200, {"kind": "Namespace", "metadata": metadata})
    elif request.method == "GET" and words[-1] in PODS:
        request.answer(200, {"kind": "Pod", "metadata": {"name": words[-1], "labels": PODS[words[-1]]}})
    elif request.path.endswith("/exec"):
        send = request.upgrade("v5.channel.k8s.io")
        send(b'\x03{"status":"Success"}')
        send(b"\x03\xe8", opcode=8)
    else:
        request.answer(200, {"items": [], "metadata": {"resourceVersion": "1"}})


@pytest.fixture
def guarded(api, kubeconfig):
    api.route = answer

    def connect(**changes):
        return Cluster.connect(kubeconfig, guard=replace(GUARD, **changes))

    return connect


def pod(namespace):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": namespace}}


WRITES = {
    "create": lambda cluster, at: cluster.create(pod(at)),
    "patch": lambda cluster, at: cluster.patch("PodChaos", "kill", at, {"spec": {}}),
    "delete": lambda cluster, at: cluster.delete("Pod", "web", at),
    "delete by force": lambda cluster, at: cluster.delete("Pod", "web", at, grace=0, uid="1"),
    "patch by path": lambda cluster, at: cluster.patch_at(f"/api/v1/namespaces/{at}/pods/web", {}),
    "replace by path": lambda cluster, at: cluster.replace_at(f"/api/v1/namespaces/{at}/pods/web", {}),
    "exec": lambda cluster, at: cluster.exec(at, "web", "main", ["id"]),
    "post": lambda cluster, at: cluster.proxy_send(
        cluster.session(), "pods", at, "web", 80, "/x", method="POST"
    ),
    "delete a namespace": lambda cluster, at: cluster.delete("Namespace", at),
    "patch a namespace": lambda cluster, at: cluster.patch("Namespace", at, None, {}),
    "finalize a namespace": lambda cluster, at: cluster.replace_at(f"/api/v1/namespaces/{at}/finalize", {}),
}


def changes(api):
    return [
        f"{each.method} {each.path}"
        for each in api.requests
        if each.method != "GET" or each.path.endswith("/exec")
    ]


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("namespace", FOREIGN)
@pytest.mark.parametrize("disruption", [False, True])
def test_what_is_others_is_neither_changed_nor_entered(api, guarded, write, namespace, disruption):
    with pytest.raises(ForeignRequestError) as caught:
        WRITES[write](guarded(disruption=disruption), namespace)

    assert changes(api) == []
    assert namespace in (caught.value.namespace, caught.value.name)
    assert namespace in caught.value.problem
    assert caught.value.next_step
    assert caught.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("namespace", ["own", "of-an-earlier-run"])
def test_what_a_run_on_this_stack_made_is_its_own(api, guarded, write, namespace):
    WRITES[write](guarded(), namespace)
    assert len(changes(api)) == 1


@pytest.mark.parametrize("write", sorted({*WRITES} - {"delete", "delete by force", "delete a namespace"}))
def test_a_namespace_that_does_not_exist_is_not_found(api, guarded, write):
    with pytest.raises(NotFoundError):
        WRITES[write](guarded(), "gone")
    assert changes(api) == []


def test_whose_a_namespace_is_is_asked_once(api, guarded):
    cluster = guarded()
    for _ in range(3):
        cluster.delete("Pod", "web", "own")
    assert [each.path for each in api.requests if each.method == "GET"] == ["/api/v1/namespaces/own"]


def test_everything_may_be_read(api, guarded):
    cluster = guarded()
    cluster.get("Secret", "password", "shop")
    cluster.list("Pod")
    cluster.proxy_fetch("services", "shop", "web", 80, "/")
    cluster.logs("shop", "web", "main", seconds=1)
    cluster.text("/metrics")
    assert len(api.requests) == 5


@pytest.mark.parametrize("path", ["run/a/b/c", "exec/a/b/c", "pods", "runningpods/../run/a", ""])
def test_of_a_kubelet_only_its_running_pods_are_read(api, guarded, path):
    guarded().text("/api/v1/nodes/n1/proxy/runningpods/")
    with pytest.raises(ForeignRequestError, match="nodes/proxy"):
        guarded().text(f"/api/v1/nodes/n1/proxy/{path}")
    assert len(api.requests) == 1


def namespace_with(labels, name="new"):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def test_a_namespace_is_made_with_the_labels_of_this_run(api, guarded):
    guarded().create(namespace_with({**LABELS, "further": "one"}))
    guarded().create(namespace_with({}, namespaces.HARNESS_NAMESPACE))
    assert len(changes(api)) == 2


@pytest.mark.parametrize("name", [*LABELS])
@pytest.mark.parametrize("value", [None, "another"])
def test_one_without_them_is_not_made(api, guarded, name, value):
    labels = {**LABELS, name: value}
    with pytest.raises(ForeignRequestError, match="labels of this run"):
        guarded().create(namespace_with({key: each for key, each in labels.items() if each}))
    assert changes(api) == []


def test_of_chaos_mesh_only_its_daemons_are_entered(api, guarded):
    cluster = guarded(disruption=True)
    cluster.exec(MESH, "chaos-daemon-x", "chaos-daemon", ["id"])
    for name, container in [("chaos-controller-manager-x", "chaos-daemon"), ("chaos-daemon-x", "sidecar")]:
        with pytest.raises(ForeignRequestError, match="only those of chaos-daemon"):
            cluster.exec(MESH, name, container, ["id"])
    assert len(changes(api)) == 1


DISRUPTIONS = {
    "scale": lambda cluster: cluster.patch("Deployment", "chaos-controller-manager", MESH, {}),
    "change": lambda cluster: cluster.patch("DaemonSet", "chaos-daemon", MESH, {}),
    "restart": lambda cluster: cluster.delete("Pod", "chaos-daemon-x", MESH),
    "deny": lambda cluster: cluster.patch("ClusterRole", "chaos-mesh", None, {}),
    "deny in a namespace": lambda cluster: cluster.patch("Role", "chaos-mesh", MESH, {}),
}


@pytest.mark.parametrize("disruption", DISRUPTIONS)
def test_chaos_mesh_is_disrupted_only_where_that_is_allowed(api, guarded, disruption):
    with pytest.raises(ForeignRequestError) as caught:
        DISRUPTIONS[disruption](guarded())
    assert "--allow-disruption" in caught.value.next_step
    assert changes(api) == []

    DISRUPTIONS[disruption](guarded(disruption=True))
    assert len(changes(api)) == 1


NEVER = {
    "remove the manager": lambda cluster: cluster.delete("Deployment", "chaos-controller-manager", MESH),
    "remove all pods": lambda cluster: cluster._json(
        "delete", "DELETE", f"/api/v1/namespaces/{MESH}/pods", timeout=5
    ),
    "an experiment beside it": lambda cluster: cluster.create(
        {"kind": "PodChaos", "metadata": {"name": "kill", "namespace": MESH}}
    ),
    "a node": lambda cluster: cluster.patch("Node", "n1", None, {"spec": {"unschedulable": True}}),
    "a CRD": lambda cluster: cluster.delete("CustomResourceDefinition", "podchaos.chaos-mesh.org"),
    "a webhook": lambda cluster: cluster.delete("MutatingWebhookConfiguration", "chaos-mesh-mutation"),
    "a binding": lambda cluster: cluster.create({"kind": "ClusterRoleBinding", "metadata": {"name": "a"}}),
    "Prometheus": lambda cluster: cluster.delete("Pod", "prometheus", namespaces.HARNESS_NAMESPACE),
    "a node's containers": lambda cluster: cluster.text("/api/v1/nodes/n1/proxy/run/a/b/c"),
    "all namespaces": lambda cluster: cluster._json("delete", "DELETE", "/api/v1/namespaces", timeout=5),
}


@pytest.mark.parametrize("what", NEVER)
@pytest.mark.parametrize("disruption", [False, True])
def test_some_things_are_never_changed(api, guarded, what, disruption):
    with pytest.raises(ForeignRequestError):
        NEVER[what](guarded(disruption=disruption))
    assert changes(api) == []


INSTALLED = {namespaces.INSTALLED: "a-cluster"}


def installed(kind, name, namespace=None, labels=INSTALLED):
    return {"kind": kind, "metadata": {"name": name, "namespace": namespace, "labels": labels}}


MAKES = [
    installed("Namespace", "chaos-mesh-of-ours"),
    installed("ClusterRole", "chaos-harness-prometheus"),
    installed("Deployment", "prometheus", namespaces.HARNESS_NAMESPACE),
]


@pytest.mark.parametrize("body", MAKES, ids=[each["kind"] for each in MAKES])
def test_what_the_harness_installs_has_the_clusters_label(api, guarded, body):
    guarded(cluster="a-cluster").create(body)
    assert len(changes(api)) == 1
    with pytest.raises(ForeignRequestError):
        guarded().create(body)
    for labels in ({}, {namespaces.INSTALLED: "another"}):
        with pytest.raises(ForeignRequestError):
            guarded(cluster="a-cluster").create(
                installed(body["kind"], "x", namespaces.HARNESS_NAMESPACE, labels)
            )
    assert len(changes(api)) == 1


def test_with_the_label_nothing_is_put_into_a_namespace_of_others(api, guarded):
    with pytest.raises(ForeignRequestError):
        guarded(cluster="a-cluster").create(installed("Deployment", "prometheus", "shop"))
    assert changes(api) == []


REMOVES = {
    "a role": lambda cluster: cluster.delete("ClusterRole", "own"),
    "a Deployment": lambda cluster: cluster.delete("Deployment", "own", namespaces.HARNESS_NAMESPACE),
    "a namespace": lambda cluster: cluster.delete("Namespace", "own"),
    "a CRD of Chaos Mesh": lambda cluster: cluster.delete(
        "CustomResourceDefinition", "podchaos.chaos-mesh.org"
    ),
}


@pytest.mark.parametrize("what", REMOVES)
@pytest.mark.parametrize("labels", [INSTALLED, {}, {namespaces.INSTALLED: "another"}])
def test_what_has_the_label_is_removed_and_nothing_else(api, guarded, what, labels):
    def show(request):
        if request.method == "GET":
            request.answer(200, {"metadata": {"name": "own", "labels": labels}})
        else:
            request.answer(200, {})

    api.route = show
    cluster = guarded(cluster="a-cluster")
    if labels == INSTALLED:
        REMOVES[what](cluster)
        assert len(changes(api)) == 1
    else:
        with pytest.raises(ForeignRequestError):
            REMOVES[what](cluster)
        assert changes(api) == []


def test_a_crd_of_others_is_never_removed(api, guarded):
    with pytest.raises(ForeignRequestError):
        guarded(cluster="a-cluster").delete("CustomResourceDefinition", "widgets.example.com")
    assert changes(api) == []


def test_the_lease_is_written_in_the_harness_own_namespace(api, guarded):
    guarded().patch("Lease", "chaos-harness", namespaces.HARNESS_NAMESPACE, {})
    assert len(changes(api)) == 1


def test_what_is_only_tried_is_kept_by_nobody(api, guarded):
    guarded().create(pod("shop"), dry_run=True)
    assert len(changes(api)) == 1


def test_an_access_review_changes_nothing(api, guarded):
    guarded().create({"kind": "SubjectAccessReview", "metadata": {}, "spec": {}})
    assert len(changes(api)) == 1


def test_a_namespace_that_the_user_allows_takes_chaos_and_nothing_else(api, guarded):
    cluster = guarded(allowed=frozenset({"shop"}))
    WRITES["patch"](cluster, "shop")
    WRITES["exec"](cluster, "shop")
    for write in ("create", "delete", "delete a namespace", "patch a namespace"):
        with pytest.raises(ForeignRequestError):
            WRITES[write](cluster, "shop")
    assert len(changes(api)) == 2


def test_a_session_for_other_clients_is_guarded_too(api, guarded):
    cluster = guarded()
    session = cluster.session()
    url = cluster.service_proxy_url("shop", "web", 80)
    session.get(url)
    for send in (session.post, session.put, session.patch, session.delete, session.options):
        with pytest.raises(ForeignRequestError):
            send(url)
    assert changes(api) == []


def test_a_cluster_of_ones_own_needs_no_guard(api, cluster):
    api.route = answer
    WRITES["delete"](cluster, "shop")
    assert changes(api) == ["DELETE /api/v1/namespaces/shop/pods/web"]


def test_a_refusal_is_about_what_the_user_wants():
    assert issubclass(ForeignRequestError, UsageError)
