"""Workloads beside a scenario: applied in its namespace, and nothing in them reaches out of it."""

import pytest

from harness.base.errors import UsageError
from harness.chaosmesh import workload
from harness.chaosmesh.own_workload import OwnWorkload, find, names
from harness.lint.check import check

SCENARIO = """\
scenario: own
about: A workload of our own.
workload: NAME
steps:
  - wait: 1
    expect: [{metric: up, where: {job: workload}, equals: 1}]
"""
APP = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: app}
data: {text: "${file:text.txt}"}
---
apiVersion: v1
kind: Service
metadata: {name: app, namespace: "${namespace}"}
spec: {selector: {app: app}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: app}
spec:
  replicas: "${replicas}"
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
        - {name: app, image: "${image}", ports: [{name: metrics, containerPort: 8080}]}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: app-0, labels: {app: app}}
spec: {containers: [{name: app, image: i}]}
"""


@pytest.fixture
def scenario(tmp_path):
    """Return the file of a scenario beside a workload."""

    def made(manifests=APP, name="app"):
        (tmp_path / ".git").mkdir(exist_ok=True)
        folder = tmp_path / "chaos/workloads" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "app.yaml").write_text(manifests)
        (folder / "text.txt").write_text("hello")
        (tmp_path / "secret.txt").write_text("secret")
        path = tmp_path / "chaos/deep/own.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(SCENARIO.replace("NAME", name))
        return path

    return made


def test_it_is_found_beside_the_scenario_or_above_and_filled_in(scenario):
    path = scenario()
    assert names(path) == ["app"]
    config, service, owner = workload.manifests("app", "ns-1", "image:1", 3, path)
    assert config == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "app", "namespace": "ns-1"},
        "data": {"text": "hello"},
    }
    assert service["metadata"]["namespace"] == "ns-1"
    assert owner["spec"]["replicas"] == 3
    assert owner["spec"]["template"]["metadata"]["labels"] == {"app": "app", workload.WORKLOAD_LABEL: "true"}


def test_pods_without_an_owner(scenario):
    (pod,) = workload.manifests("app", "ns-1", "image:1", 1, scenario(POD))
    assert pod["metadata"] == {
        "name": "app-0",
        "namespace": "ns-1",
        "labels": {"app": "app", workload.WORKLOAD_LABEL: "true"},
    }


def test_nothing_is_wrong_with_it(scenario):
    _, problems = check(scenario())
    assert not [each for each in problems if "orkload" in str(each)]


def test_a_name_that_is_nearly_right(scenario):
    path = scenario()
    path.write_text(SCENARIO.replace("NAME", "ap"))
    _, problems = check(path)
    assert any("did you mean `app`?" in str(each) for each in problems)


def test_a_name_of_ours_is_refused(scenario):
    _, problems = check(scenario(name="mini-node-exporter"))
    assert any("is a workload of the harness, too" in each.message for each in problems)


IN_POD = APP.replace("      containers:\n", "      KEY\n      containers:\n")
IN_CONTAINER = APP.replace("ports: [", "KEY, ports: [")


@pytest.mark.parametrize(
    ("manifests", "said"),
    [
        (
            APP.replace('"${namespace}"', "kube-system"),
            "the namespace 'kube-system' is not the scenario's own",
        ),
        (APP.replace("StatefulSet", "Deployment"), "what a Deployment makes is not known before"),
        (APP + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n", "what a Secret makes"),
        (
            APP + "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: s}\n",
            "ClusterRole",
        ),
        (APP.replace("apps/v1", "apps/v2"), "a StatefulSet is of apps/v1"),
        (APP + "---\n" + POD, "a workload has one StatefulSet, or Pods"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "a workload has one StatefulSet, or Pods"),
        (POD.replace("labels: {app: app}", "labels: {app: other}"), "needs the label `app: app`"),
        *(
            (IN_POD.replace("KEY", f"{key}: true"), f"`{key}` reaches out")
            for key in ("hostNetwork", "hostPID", "hostIPC")
        ),
        (IN_POD.replace("KEY", "priorityClassName: system-node-critical"), "may end pods of others"),
        (IN_POD.replace("KEY", "volumes: [{name: v, hostPath: {path: /}}]"), "may not mount `hostPath`"),
        (
            IN_POD.replace("KEY", "volumes: [{name: v, persistentVolumeClaim: {claimName: x}}]"),
            "persistentVolumeClaim",
        ),
        (
            IN_POD.replace("KEY", "initContainers: [{name: i, securityContext: {privileged: true}}]"),
            "owns the node",
        ),
        (
            IN_CONTAINER.replace("KEY", "securityContext: {privileged: true}"),
            "a privileged container owns the node",
        ),
        (
            IN_CONTAINER.replace("KEY", "securityContext: {capabilities: {add: [SYS_ADMIN]}}"),
            "further capabilities",
        ),
        (APP.replace("containerPort: 8080", "containerPort: 8080, hostPort: 80"), "takes a port of the node"),
        (APP.replace("spec: {selector", "spec: {type: NodePort, selector"), "of the type ClusterIP"),
        (
            APP.replace("spec: {selector", "spec: {externalIPs: [1.2.3.4], selector"),
            "`externalIPs` reaches out",
        ),
        (
            APP.replace("metadata: {name: app}\ndata", "metadata: {name: app, finalizers: [a/b]}\ndata"),
            "no `finalizers`",
        ),
        (APP.replace("${file:text.txt}", "${file:../../../secret.txt}"), "${file:../../../secret.txt}"),
        (APP.replace("${file:text.txt}", "${file:none.txt}"), "${file:none.txt}"),
        (APP.replace("${image}", "${imgae}"), "${imgae} is not known"),
        ("- 1\n", "a manifest has"),
        ("a: [", "not valid YAML"),
    ],
)
def test_what_reaches_out_of_the_namespace_or_makes_no_sense_is_refused(scenario, manifests, said):
    path = scenario(manifests)
    _, problems = check(path)
    assert any(said in each.message for each in problems), [*map(str, problems)]
    # The run asks the same: a scenario in Python may not have been linted with the file that is there now.
    with pytest.raises(UsageError):
        workload.manifests("app", "ns-1", "image:1", 1, path)


def test_a_link_out_of_the_folder_is_refused(scenario, tmp_path):
    path = scenario()
    (tmp_path / "chaos/workloads/app/more.yaml").symlink_to(tmp_path / "secret.txt")
    folder = find("app", path)
    assert folder is not None
    assert "leads out of the workload's folder" in str(OwnWorkload(folder).problems[0])


def test_a_folder_out_of_the_checkout_is_not_there(scenario, tmp_path):
    path = scenario()
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    elsewhere.mkdir()
    (tmp_path / "chaos/workloads/far").symlink_to(elsewhere)
    assert find("far", path) is None
