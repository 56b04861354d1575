"""Manifests as kubectl applies them: taken over as they are, in the scenario's own namespace."""

import pytest

from harness.lint.check import check
from harness.scenario.document import MOST_DOCUMENTS

SCENARIO = """\
scenario: pasted
about: An experiment of a manifest.
workload: mini-node-exporter
manifest: burn.yaml
steps:
  - apply: burn
    until: running
    proof: {oracle: processes, in: "${burn.targets}", named: stress-ng, at_least: 1}
    expect: [{metric: up, where: {job: workload}, equals: 1}]
"""
BURN = """\
apiVersion: chaos-mesh.org/v1alpha1
kind: StressChaos
metadata:
  name: burn
  namespace: shop
  labels: {team: shop}
  annotations: {example.org/why: because}
spec:
  mode: one
  selector: {namespaces: [shop], labelSelectors: {namespaces: shop, app: greeter}}
  stressors: {cpu: {workers: 1, load: 20}}
"""


@pytest.fixture
def lint(tmp_path):
    """Return what is said of a scenario whose manifest is a text."""

    def checked(manifest=BURN, scenario=SCENARIO):
        folder = tmp_path / "checkout/scenarios"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "burn.yaml").write_text(manifest)
        (folder / "pasted.yaml").write_text(scenario)
        (tmp_path / "checkout/.git").mkdir(exist_ok=True)
        (tmp_path / "outside.yaml").write_text(BURN)
        return check(folder / "pasted.yaml")

    return checked


def test_an_object_is_a_chaos_of_its_name_in_the_scenario_s_own_namespace(lint):
    (file,), problems = lint()
    assert problems == []
    chaos = file.scenario.chaos["burn"]
    assert (chaos.kind, chaos.name, chaos.namespace) == ("StressChaos", None, None)
    assert chaos.annotations == {"example.org/why": "because"}
    assert chaos.spec["selector"] == {
        "namespaces": ["${namespace}"],
        # A label that is called so is none.
        "labelSelectors": {"namespaces": "shop", "app": "greeter"},
    }


def test_without_a_namespace_it_is_the_default_one(lint):
    (file,), problems = lint(BURN.replace("  namespace: shop\n", "").replace("[shop]", "[default]"))
    assert problems == []
    assert file.scenario.chaos["burn"].spec["selector"]["namespaces"] == ["${namespace}"]


def test_several_documents_of_which_not_all_are_applied(lint):
    other = BURN.replace("name: burn", "name: other")
    (file,), problems = lint(f"---\n{BURN}---\n{other}---\n")
    assert problems == []
    assert list(file.scenario.chaos) == ["burn", "other"]


def test_what_is_wrong_is_told_at_its_place_in_the_manifest(lint):
    _, problems = lint(BURN.replace("workers: 1", "wokers: 1"))
    assert [(each.path.name, each.line) for each in problems] == [("burn.yaml", 11), ("burn.yaml", 11)]
    assert any("wokers" in each.message for each in problems)


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (BURN.replace("[shop]", "[kube-system]"), "the namespace 'kube-system' is not the scenario's own"),
        (BURN.replace("[shop]", "[shop, other]"), "the namespace 'other' is not the scenario's own"),
        (
            BURN.replace("namespaces: [shop]", "pods: {shop: [a]}"),
            "the namespace 'shop' is not the scenario's own",
        ),
        (
            BURN.replace("chaos-mesh.org/v1alpha1", "apps/v1"),
            "not of apps/v1; pods that chaos hits are a workload",
        ),
        (BURN.replace("kind: StressChaos", "kind: StresChaos"), "Chaos Mesh has no kind `StresChaos`"),
        (BURN.replace("kind: StressChaos", "kind: RemoteCluster"), "no scenario applies a RemoteCluster"),
        (BURN.replace("  name: burn\n", ""), "has no `metadata.name`"),
        (BURN.replace("spec:", "spce:"), "an object has no `spce`"),
        (BURN + "---\n" + BURN, "`burn` is defined twice"),
        ("[]", "this is a list"),
        ("", "the file is empty"),
        ("a: [", "not valid YAML"),
        ("---\nx: 1\n" * (MOST_DOCUMENTS + 1), f"at most {MOST_DOCUMENTS} documents"),
    ],
)
def test_what_cannot_be_taken_over_is_refused(lint, manifest, said):
    _, problems = lint(manifest)
    assert any(said in each.message for each in problems), [*map(str, problems)]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("../../outside.yaml", "leads out of the checkout"),
        ("/etc/passwd", "relative to the scenario's folder"),
        ('"${run}.yaml"', "without templates"),
        ("burn.txt", "ends in .yaml, .yml, .json"),
        ("missing.yaml", "there is no such file"),
        ("[burn.yaml, ./burn.yaml]", "`./burn.yaml` is named twice"),
        ("5", "takes the path of a file"),
    ],
)
def test_what_names_no_manifest_is_refused(lint, written, said):
    _, problems = lint(scenario=SCENARIO.replace("manifest: burn.yaml", f"manifest: {written}"))
    assert any(said in each.message for each in problems), [*map(str, problems)]


def test_a_link_out_of_the_checkout_is_refused(lint, tmp_path):
    lint()
    (tmp_path / "checkout/scenarios/link.yaml").symlink_to(tmp_path / "outside.yaml")
    _, problems = lint(scenario=SCENARIO.replace("burn.yaml", "link.yaml"))
    assert any("leads out of the checkout" in each.message for each in problems)


def test_a_name_of_the_scenario_itself_is_not_replaced(lint):
    own = SCENARIO.replace("steps:", "chaos: {burn: {kind: PodChaos, spec: {action: pod-kill}}}\nsteps:")
    _, problems = lint(scenario=own)
    assert any("`burn` is defined twice" in each.message for each in problems)
