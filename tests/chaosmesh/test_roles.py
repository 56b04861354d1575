"""The roles that are printed, and the check before a run that they are there."""

import pytest
import yaml

from harness.base.errors import ExitCode, UsageError
from harness.chaosmesh import access
from harness.chaosmesh.permissions import Tier, of_tiers, single
from harness.chaosmesh.roles import ACCOUNT, manifest
from harness.cli import main
from harness.kubernetes import rbac
from harness.kubernetes.client import Cluster
from harness.kubernetes.namespaces import HARNESS_NAMESPACE

MESH = "their-mesh"
NODE: list[Tier] = ["node"]
DISRUPTION: list[Tier] = ["disruption"]


class FakeReviews(Cluster):
    """An API server that decides by the roles of a manifest, as it decides itself."""

    context = "theirs"

    def __init__(self, text):
        self.objects = list(yaml.safe_load_all(text))
        self.asked = []

    def create(self, body, **_):
        assert body["kind"] == "SelfSubjectAccessReview"
        wanted = body["spec"]["resourceAttributes"]
        self.asked.append(wanted)
        resource = "/".join(filter(None, [wanted["resource"], wanted.get("subresource")]))
        rules = [
            rule
            for each in self.objects
            if each["kind"] in ("ClusterRole", "Role")
            and each["metadata"].get("namespace") in (None, wanted["namespace"])
            for rule in each["rules"]
        ]
        return {"status": {"allowed": rbac.allows(rules, wanted["group"], resource, wanted["verb"])}}


@pytest.mark.parametrize("tier", ["api", "node"])
@pytest.mark.parametrize("disruption", [False, True])
def test_the_roles_permit_what_their_tiers_need_and_nothing_more(tier, disruption):
    cluster = FakeReviews(manifest(tier, MESH, disruption=disruption))
    tiers: list[Tier] = [
        "api",
        *(NODE if tier == "node" else []),
        *(DISRUPTION if disruption else []),
    ]
    assert access.missing(cluster, MESH, tiers) == []
    access.check(cluster, MESH, tiers)

    rules = [rule for each in cluster.objects for rule in each.get("rules", [])]
    given = {
        (group, resource, verb)
        for rule in rules
        for group in rule.get("apiGroups", [])
        for resource in rule.get("resources", [])
        for verb in rule["verbs"]
    }
    assert given == {
        (each.group, what, verb) for each, what, verb in single(of_tiers(tiers)) if each.resources
    }


def test_what_is_missing_is_named_with_the_next_step():
    cluster = FakeReviews(manifest("api", MESH))
    with pytest.raises(access.NotPermittedError) as caught:
        access.check(cluster, MESH, ["api", "node", "disruption"])

    text = caught.value.render()
    assert "theirs lacks" in text
    assert "create pods/exec in all namespaces: " in text
    assert f"patch deployments.apps in the namespace {MESH}: " in text
    named = f"--chaos-mesh-namespace {MESH} --allow-disruption"
    assert f"chaos-harness rbac {named} | kubectl apply -f -" in text
    assert caught.value.exit_code == ExitCode.USAGE
    assert isinstance(caught.value, UsageError)


@pytest.mark.parametrize(
    ("tier", "node"), [("api", "the account may not get pods/exec in all namespaces"), ("node", "")]
)
def test_what_only_some_scenarios_need_is_no_error(tier, node):
    found = access.limits(FakeReviews(manifest(tier, MESH, disruption=True)), MESH)
    assert found.node == node
    assert found.roles == (
        "the account may not patch clusterroles.rbac.authorization.k8s.io, which is for an administrator"
    )


def test_no_account_of_the_roles_installs_anything():
    cluster = FakeReviews(manifest("node", MESH, disruption=True))
    for chaos_mesh, what in ((False, "Prometheus"), (True, "Chaos Mesh")):
        with pytest.raises(access.NotPermittedError, match=f"may not install {what}") as caught:
            access.check_installing(cluster, MESH, chaos_mesh=chaos_mesh)
        assert "have an administrator run `chaos-harness up`" in caught.value.next_step
        assert caught.value.details


def test_an_administrator_may_all_of_it():
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    cluster = FakeReviews(
        yaml.safe_dump({"kind": "ClusterRole", "metadata": {"name": "cluster-admin"}, "rules": [everything]})
    )
    access.check_installing(cluster, MESH, chaos_mesh=True)
    assert access.limits(cluster, MESH) == access.AccessLimits()


def test_the_next_step_names_no_option_that_is_the_default():
    with pytest.raises(access.NotPermittedError) as caught:
        access.check(FakeReviews(manifest("api", MESH)), "chaos-mesh", ["api"])
    assert "run: chaos-harness rbac | kubectl apply -f -; then" in caught.value.next_step


def test_every_binding_is_of_the_one_account():
    objects = list(yaml.safe_load_all(manifest("node", MESH)))
    bindings = [each for each in objects if each["kind"].endswith("Binding")]
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": HARNESS_NAMESPACE}
    assert len(bindings) == 3
    assert all(each["subjects"] == [subject] for each in bindings)
    places = [each["metadata"].get("namespace") for each in objects if each["kind"] == "Role"]
    assert places == [HARNESS_NAMESPACE, MESH]


def test_the_command_prints_it_and_says_what_node_means(capsys):
    assert main(["rbac", "--tier", "api", "--chaos-mesh-namespace", MESH]) == 0
    assert capsys.readouterr().out == manifest("api", MESH)
    assert main(["rbac", "--allow-disruption"]) == 0
    printed = capsys.readouterr().out
    assert "ROOT ON EVERY NODE" in printed
    assert printed == manifest("node", "chaos-mesh", disruption=True)


@pytest.mark.parametrize("words", [["--tier", "root"], ["--chaos-mesh-namespace", "No_Name"], ["more"]])
def test_wrong_words_are_an_error(words, capsys):
    assert main(["rbac", *words]) == ExitCode.USAGE
    assert capsys.readouterr().err
