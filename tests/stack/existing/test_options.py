"""What names a cluster that is there already, and what cannot go with it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from harness import cli
from harness.base.errors import UsageError
from harness.stack.existing.options import ExistingOptions
from harness.stack.options import EXISTING, UpOptions, up_options


def given(*words: str) -> UpOptions:
    return up_options(vars(cli.parser().parse_args(["up", *words])).__getitem__)


def test_without_a_context_it_is_the_harness_own_cluster() -> None:
    assert given().existing is None
    assert given().place == "chaos-harness"


def test_all_of_it_is_taken(tmp_path: Path) -> None:
    words = f"--context staging --kubeconfig {tmp_path}/k --prometheus-url http://p:9090/prom"
    words += " --prometheus-label namespace=exported_namespace --prometheus-label pod=exported_pod"
    words += " --install-chaos-mesh --workload-image w:1"
    assert given(*words.split()).existing == ExistingOptions(
        "staging",
        tmp_path / "k",
        "http://p:9090/prom",
        (("namespace", "exported_namespace"), ("pod", "exported_pod")),
        install_chaos_mesh=True,
        workload_image="w:1",
    )


@pytest.mark.parametrize(
    "words",
    [
        "--kubeconfig k",
        "--prometheus-url http://p",
        "--prometheus-label pod=p",
        "--install-chaos-mesh",
        "--workload-image w",
        "--prometheus-image p",
    ],
)
def test_nothing_of_it_counts_without_a_context(words: str) -> None:
    with pytest.raises(UsageError, match=f"{words.split(maxsplit=1)[0]} needs --context") as caught:
        given(*words.split())
    assert "the current context is never used" in caught.value.next_step


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("--fresh", "--fresh cannot go with --context"),
        ("--cluster mine", "--cluster cannot go with --context"),
        ("--worker-nodes 2", "--worker-nodes cannot go with --context"),
        ("--kubernetes-version 1.34.0", "--kubernetes-version cannot go with --context"),
        ("--images source", "--images source cannot go with --context"),
        ("--chaos-mesh-version 2.8.4", "a Chaos Mesh that the harness installs"),
        ("--set a.b=1", "a Chaos Mesh that the harness installs"),
        ("--chaos-mesh-images a.tgz", "--chaos-mesh-images cannot go with --context"),
        ("--prometheus-label pod=p", "--prometheus-label is about a Prometheus that is there"),
        ("--prometheus-url prometheus:9090", "is no address of a Prometheus"),
        ("--prometheus-url ftp://p", "is no address of a Prometheus"),
        ("--prometheus-url http://p:x", "is no address of a Prometheus"),
        ("--prometheus-url http://p/?query=up", "is no address of a Prometheus"),
        ("--prometheus-url http://u:secret@p", "holds a user name or a password"),
        ("--prometheus-url http://p --prometheus-image p", "--prometheus-image is of the Prometheus"),
    ],
)
def test_what_contradicts_it_is_refused(words: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        given("--context", "staging", *words.split()).check()
    assert "secret" not in caught.value.render()


@pytest.mark.parametrize("label", ["namespace", "region=r", "pod=", "pod=a-b"])
def test_a_label_is_one_that_scenarios_name(label: str) -> None:
    with pytest.raises(UsageError, match="--prometheus-label"):
        given("--context", "staging", "--prometheus-label", label)


def test_each_context_has_its_own_folder() -> None:
    places = [
        ExistingOptions(name, file).place
        for name in ("arn:aws:eks:eu:123:cluster/Prod", "ARN", "/", "x" * 300)
        for file in (None, Path("k"))
    ]
    assert len(set(places)) == len(places)
    assert all(UpOptions(cluster=place).place == place for place in places)
    for place in places:
        UpOptions(cluster=place).check()


def test_an_empty_context_is_none() -> None:
    with pytest.raises(UsageError, match="--context is empty"):
        given("--context", "").check()


def test_every_field_has_an_option() -> None:
    names = [each.arguments.get("dest", each.name.removeprefix("--").replace("-", "_")) for each in EXISTING]
    assert names == [each.name for each in fields(ExistingOptions)]
