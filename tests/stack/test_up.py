"""The way of `up`: what it does with a plan. Engine, kind and cluster are fakes that keep a diary."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from harness.base import process
from harness.base.errors import InfrastructureError, UsageError
from harness.base.progress import Progress
from harness.chaosmesh import rollout
from harness.chaosmesh.components import component_pods
from harness.chaosmesh.rollout import Rollout
from harness.kubernetes.client import Cluster
from harness.stack import (
    chaosmesh,
    cni,
    crd_fit,
    drift,
    engine,
    grafana,
    kind,
    loading,
    lock,
    mirror,
    ownership,
    preflight,
    prometheus,
    pulling,
    state,
    uml,
    wait_for_gc,
)
from harness.stack import up as module
from harness.stack.engine import Engine
from harness.stack.handle import StackHandle, StackNode
from harness.stack.imageset import ImageRef, ImageSet, UmlFiles
from harness.stack.options import UpOptions
from harness.stack.up import down, up

NODE = kind.Container("c-control-plane", running=True, id="id-1")
UML = kind.Container("c-uml", running=True, id="id-2")


class FakeHeld(lock.Held):
    """Says in the diary of a world when the cluster is claimed, which `in_use` refuses."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.calls: list[str] = []
        self.in_use = False

    def claim(self, kubeconfig: Path, context: str | None = None, **_: Any) -> None:
        if self.in_use:
            raise lock.in_use("c", None)
        self.calls.append("claim")

    def drop(self) -> None:
        self.calls.append("drop")


class World:
    """Everything outside, as far as `up` calls it; `diary` is what was done, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.diary: list[str] = []
        self.containers: list[kind.Container] = []
        self.observed: drift.Observed | None = None
        self.fail: dict[str, Exception] = {}
        self.mounts: list[dict[str, str]] = []
        self.held = FakeHeld(self)
        self.settings: list[prometheus.Settings] = []
        self.packed: list[str] = []
        self.images = image_set(folder, "key1")
        monkeypatch.setenv("CHAOS_HARNESS_STATE", str(folder / "state"))
        monkeypatch.setattr(engine, "find", lambda progress, **options: Engine("podman", Path("podman")))
        monkeypatch.setattr(Engine, "run", self.asked)
        self.prepare_images = lambda mode, **options: self.images
        monkeypatch.setattr(preflight, "look", self.note("preflight", []))
        monkeypatch.setattr(kind, "containers", lambda cluster, where: list(self.containers))
        monkeypatch.setattr(kind, "create", self.note("create", None, self.appear))
        monkeypatch.setattr(kind, "delete", self.note("delete", None, self.vanish))
        monkeypatch.setattr(kind, "export_kubeconfig", self.note("export kubeconfig"))
        monkeypatch.setattr(kind, "wait_for_archives", self.note("images"))
        monkeypatch.setattr(cni, "install", self.note("network"))
        monkeypatch.setattr(chaosmesh, "apply_crds", self.note("crds"))
        monkeypatch.setattr(chaosmesh, "install", self.note("chaos-mesh"))
        monkeypatch.setattr(chaosmesh, "wait_ready", self.note("chaos-mesh ready"))
        monkeypatch.setattr(chaosmesh, "check_crds", self.note("crds checked"))
        monkeypatch.setattr(crd_fit, "look", self.note("crds compared with the manager"))
        monkeypatch.setattr(wait_for_gc, "wait_ready", self.note("garbage collector ready"))
        monkeypatch.setattr(prometheus, "install", self.note("prometheus"))
        monkeypatch.setattr(prometheus, "wait_ready", self.note("prometheus ready"))
        monkeypatch.setattr(prometheus, "wait_targets", self.note("targets", None, self.remember))
        monkeypatch.setattr(grafana, "install", self.note("grafana"))
        monkeypatch.setattr(grafana, "wait_ready", self.note("grafana ready"))
        monkeypatch.setattr(drift, "observe", lambda *arguments: self.observed)
        monkeypatch.setattr(module._Stack, "_wait_nodes", lambda *arguments: None)
        monkeypatch.setattr(module._Stack, "_cluster", lambda own: None)
        monkeypatch.setattr(
            module._Stack,
            "_node_facts",
            lambda own, cluster, names: [
                StackNode(name=name, kernel="6", runtime="containerd", cgroup="v2") for name in names
            ],
        )

    def note(self, what: str, answer: Any = None, also: Any = None) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            self.diary.append(what)
            if what in self.fail:
                raise self.fail.pop(what)
            if also:
                also(*arguments)
            return answer

        return call

    def appear(self, *arguments: Any) -> None:
        self.containers = [NODE]
        kubeconfig = state.StateFolder("c").kubeconfig
        kubeconfig.parent.mkdir(parents=True, exist_ok=True)
        kubeconfig.touch()

    def asked(self, *arguments: Any, **options: Any) -> process.Result:
        """What the engine knows of containers that are not in the record."""
        inspected = [{"Created": "2026-01-01T00:00:00Z", "Mounts": self.mounts} for _ in self.containers]
        return process.Result(0, json.dumps(inspected), "", 0.0)

    def vanish(self, *arguments: Any) -> None:
        self.containers = []

    def remember(self, cluster: Any, settings: prometheus.Settings, *rest: Any) -> None:
        self.settings.append(settings)

    def well(self) -> None:
        """From now on the cluster is seen as it should be."""
        self.observed = drift.Observed([NODE], nodes={NODE.name: True})

    def up(self, **options: Any) -> StackHandle:
        self.diary.clear()
        self.said = io.StringIO()
        return up(
            UpOptions(cluster="c", **options),
            Progress(self.said),
            self.held,
            prepare_images=self.prepare_images,
        )


def image_set(folder: Path, key: str) -> ImageSet:
    crds = folder / "crds"
    crds.mkdir(exist_ok=True)
    (crds / "a.yaml").write_text("kind: CustomResourceDefinition\n")
    roles = ("controller-manager", "daemon", "dashboard", "prometheus", "workload", "pause")
    return ImageSet(
        mode="source",
        key=key,
        node_image="node",
        archives=[folder / "images.tar"],
        kind=Path("kind"),
        helm=Path("helm"),
        kubectl=Path("kubectl"),
        kubernetes="v1.35.3",
        images={role: ImageRef(registry="r", repository=role, tag="v1") for role in roles},
        chart="chart",
        crds=crds,
        needs_own_cni=True,
        versions={"chaos-mesh": "v2"},
    )


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    return World(monkeypatch, tmp_path)


@pytest.mark.parametrize(
    "chosen", [{"chaos_mesh_chart": "2.7.3"}, {"chaos_mesh_images": ("chaos-mesh.tar",)}]
)
def test_what_may_be_of_two_versions_is_compared(world: World, chosen: dict[str, Any]) -> None:
    world.up(**chosen)
    assert "crds compared with the manager" not in world.diary, "the CRDs come from the manager's own types"
    world.images = world.images.model_copy(update={"crds": None})
    world.up(fresh=True, **chosen)
    ready = world.diary.index("chaos-mesh ready")
    assert ready < world.diary.index("crds compared with the manager")


def test_a_mismatch_is_no_reason_to_make_a_cluster_anew(world: World) -> None:
    world.images = world.images.model_copy(update={"crds": None})
    world.up(chaos_mesh_chart="2.7.3")
    world.observed = drift.Observed([NODE], nodes={NODE.name: True}, chaos_mesh=["the manager is gone"])
    world.fail["crds compared with the manager"] = crd_fit.CrdMismatchError("they do not fit")
    with pytest.raises(crd_fit.CrdMismatchError):
        world.up(chaos_mesh_chart="2.7.3")
    assert "create" not in world.diary


def test_from_nothing(world: World) -> None:
    handle = world.up()
    assert world.diary[:2] == ["preflight", "create"]
    assert world.diary[-1] == "targets"
    assert set(world.diary) >= {
        "chaos-mesh",
        "prometheus",
        "chaos-mesh ready",
        "prometheus ready",
        "crds checked",
        "garbage collector ready",
    }
    # With images from a registry the CRDs come with the chart.
    assert world.diary.index("chaos-mesh") < world.diary.index("garbage collector ready")
    assert "delete" not in world.diary
    assert handle.versions == {"chaos-mesh": "v2", "kubernetes": "v1.35.3"}
    assert handle.durations["creating the kind cluster"] >= 0
    assert state.load("c") == handle


def with_grafana(world: World) -> None:
    image = ImageRef(registry="r", repository="grafana", tag="v1")
    world.images = world.images.model_copy(update={"images": {**world.images.images, "grafana": image}})


def test_without_its_image_there_is_no_grafana(world: World) -> None:
    handle = world.up()
    assert not {"grafana", "grafana ready"} & set(world.diary)
    assert "grafana" not in handle.configuration


def test_with_its_image_grafana_comes_after_prometheus_whose_namespace_it_is_in(world: World) -> None:
    with_grafana(world)
    world.up()
    order = [what for what in world.diary if what in ("prometheus", "grafana", "grafana ready")]
    assert order == ["prometheus", "grafana", "grafana ready"]


def test_a_stack_goes_on_without_a_grafana_that_does_not_come_up(world: World) -> None:
    with_grafana(world)
    world.fail["grafana ready"] = InfrastructureError("not ready", details=["grafana: ImagePullBackOff"])
    world.up()
    assert world.diary[-1] == "targets"
    assert "going on without Grafana: not ready; grafana: ImagePullBackOff" in world.said.getvalue()


@pytest.fixture
def from_registry(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """A world whose images come from a mirror that has no Grafana."""
    with_grafana(world)
    world.images = world.images.model_copy(
        update={
            "mode": "registry",
            "archives": [],
            "crds": None,
            "needs_own_cni": False,
            "mirror": mirror.Mirror(host="m:5000"),
            "chart_repository": "oci://m:5000/charts",
            "credentials": SecretStr("{}"),
        }
    )

    def pull(images: ImageSet, where: Engine, **options: Any) -> ImageSet:
        world.note("pulled")()
        there = {role: image for role, image in images.images.items() if role != "grafana"}
        return images.model_copy(
            update={"images": there, "image_ids": dict.fromkeys([*there, "node"], "sha256:1")}
        )

    @contextlib.contextmanager
    def packed(names: list[str], *arguments: Any, **options: Any) -> Iterator[Path]:
        world.packed = names
        yield tmp_path / "pulled.tar"

    def fetch(images: ImageSet, **options: Any) -> ImageSet:
        world.note("chart")()
        update = {"chart": "c.tgz", "chart_repository": None, "image_digests": {"chart": "sha256:2"}}
        return images.model_copy(update=update)

    monkeypatch.setattr(pulling, "pull", pull)
    monkeypatch.setattr(pulling, "packed", packed)
    monkeypatch.setattr(chaosmesh, "fetch_chart", fetch)
    monkeypatch.setattr(mirror, "tell_nodes", world.note("nodes told"))
    monkeypatch.setattr(loading, "load", world.note("loaded"))
    return world


def test_images_and_chart_are_pulled_before_a_cluster_is_made_and_loaded_before_a_pod_is(
    from_registry: World,
) -> None:
    handle = from_registry.up()
    order = ["pulled", "chart", "create", "nodes told", "loaded"]
    assert [what for what in from_registry.diary if what in order] == order
    assert from_registry.diary.index("loaded") < from_registry.diary.index("chaos-mesh")
    roles = ("controller-manager", "daemon", "dashboard", "prometheus", "workload", "pause")
    assert from_registry.packed == [f"r/{role}:v1" for role in roles]
    assert handle.image_ids == dict.fromkeys([*roles, "node"], "sha256:1")
    assert handle.image_digests == {"chart": "sha256:2"}


@pytest.mark.parametrize("what", ["pulled", "chart"])
def test_a_cluster_stays_when_the_images_of_another_cannot_be_had(from_registry: World, what: str) -> None:
    from_registry.up()
    from_registry.fail[what] = InfrastructureError("no registry")
    with pytest.raises(InfrastructureError, match="no registry"):
        from_registry.up(fresh=True)
    assert from_registry.containers == [NODE]
    assert "delete" not in from_registry.diary


def test_nobody_waits_for_a_grafana_that_cannot_be_pulled_and_the_next_up_does_not_look_for_it(
    from_registry: World,
) -> None:
    from_registry.up()
    assert not {"grafana", "grafana ready"} & set(from_registry.diary)
    from_registry.well()
    from_registry.up()
    assert from_registry.diary == []


def test_a_repair_pulls_no_image_again_and_keeps_what_is_known_of_them(from_registry: World) -> None:
    first = from_registry.up()
    from_registry.observed = drift.Observed([NODE], nodes={NODE.name: True}, chaos_mesh=["broken"])
    handle = from_registry.up()
    assert "chaos-mesh" in from_registry.diary and "chart" in from_registry.diary
    assert not {"pulled", "loaded", "grafana"} & set(from_registry.diary)
    assert (handle.image_ids, handle.image_digests) == (first.image_ids, first.image_digests)


def test_credentials_for_the_nodes_are_for_this_user_only_and_go_when_they_are_not_needed(
    from_registry: World,
) -> None:
    from_registry.up()
    file = state.StateFolder("c").folder / "registries.json"
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("{}", 0o600)
    from_registry.images = from_registry.images.model_copy(update={"credentials": None})
    from_registry.up(fresh=True)
    assert not file.exists()


def test_changed_dashboards_are_installed_again_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_grafana(world)
    world.up()
    world.well()
    monkeypatch.setattr(grafana, "render", lambda image, interval: "another")
    world.up()
    assert "grafana" in world.diary
    assert not {"create", "delete", "chaos-mesh", "prometheus"} & set(world.diary)
    assert "the configuration of grafana has changed" in world.said.getvalue()


def test_pods_can_start_only_after_their_images_and_crds_are_there(world: World) -> None:
    world.up()
    order = [what for what in world.diary if what in ("crds", "images", "network")]
    assert order == ["crds", "images", "network"]


def test_a_second_up_touches_nothing(world: World) -> None:
    first = world.up()
    world.well()
    assert world.up() == first
    assert world.diary == []


@pytest.mark.parametrize(
    ("running", "options", "mode"),
    [
        (True, {}, "source"),
        (False, {}, "auto"),
        (True, {"fresh": True}, "auto"),
        (True, {"chaos_mesh_version": "2.8.4"}, "auto"),
        (True, {"images": "registry"}, "registry"),
    ],
)
def test_no_registry_is_asked_for_what_the_cluster_has(
    world: World, running: bool, options: dict[str, Any], mode: str
) -> None:
    modes = []

    def prepare(mode: str, **_: Any) -> ImageSet:
        modes.append(mode)
        return world.images

    world.up()
    world.well()
    if not running:
        world.containers = [replace(NODE, running=False)]
    world.prepare_images = prepare
    world.up(**options)
    assert modes == [mode]


def test_a_silent_api_server_means_a_new_cluster_with_a_new_identity(world: World) -> None:
    first = world.up()
    world.observed = drift.Observed([NODE], api="connection refused")
    second = world.up()
    assert world.diary[:2] == ["delete", "create"]
    assert "its API server does not answer: connection refused" in world.said.getvalue()
    assert second.identity != first.identity


def test_a_broken_part_is_installed_again_and_keeps_the_identity(world: World) -> None:
    first = world.up()
    world.observed = drift.Observed([NODE], nodes={NODE.name: True}, prometheus=["gone"])
    second = world.up()
    assert "prometheus" in world.diary
    assert not {"create", "delete", "chaos-mesh", "garbage collector ready"} & set(world.diary)
    assert second.identity == first.identity


def test_a_repair_that_fails_ends_in_a_new_cluster(world: World) -> None:
    world.up()
    world.observed = drift.Observed([NODE], nodes={NODE.name: True}, chaos_mesh=["gone"])
    world.fail["chaos-mesh"] = InfrastructureError("helm says no")
    world.up()
    assert world.diary.index("chaos-mesh") < world.diary.index("delete") < world.diary.index("create")
    assert "the repair failed: helm says no" in world.said.getvalue()


def test_a_scrape_that_is_too_slow_is_not_cured_by_a_new_cluster(world: World) -> None:
    world.up()
    world.well()
    world.fail["targets"] = prometheus.ScrapeTooSlowError("too slow")
    with pytest.raises(prometheus.ScrapeTooSlowError):
        world.up(scrape_interval=0.3)
    assert "create" not in world.diary


def test_another_interval_is_configured(world: World) -> None:
    world.up()
    world.well()
    assert world.up(scrape_interval=2.0).scrape_interval == 2.0
    assert (world.settings[-1].interval, world.settings[-1].timeout) == (2.0, 2.0)
    assert "create" not in world.diary


def test_other_images_mean_a_new_cluster(world: World, tmp_path: Path) -> None:
    world.up()
    world.well()
    world.images = image_set(tmp_path, "key2")
    assert world.up().image_key == "key2"
    assert world.diary[:2] == ["delete", "create"]


def test_fresh_deletes_first(world: World) -> None:
    world.up()
    world.well()
    world.up(fresh=True)
    assert world.diary[:2] == ["delete", "create"]


def test_an_up_that_failed_leaves_what_the_next_one_removes(world: World) -> None:
    world.fail["chaos-mesh ready"] = InfrastructureError("not ready")
    with pytest.raises(InfrastructureError, match="not ready"):
        world.up()
    assert state.load("c") is None
    world.up()
    assert "no `up` that came to its end is known" in world.said.getvalue()
    assert "delete" in world.diary


@pytest.fixture
def with_uml(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose images have what a worker in user-mode Linux needs."""
    files = UmlFiles(root=Path("root.ext4"), programs=Path("programs"), key="uml1")
    world.images = world.images.model_copy(update={"uml": files})

    def start(worker: uml.UmlWorker, *arguments: Any) -> None:
        world.diary.append("uml")
        if "uml" in world.fail:
            raise world.fail.pop("uml")
        world.containers = [NODE, UML]

    def remove(worker: uml.UmlWorker, cluster: Any) -> None:
        world.diary.append("uml removed")
        world.containers = [NODE]

    monkeypatch.setattr(uml.UmlWorker, "start", start)
    monkeypatch.setattr(uml.UmlWorker, "remove", remove)
    return world


def test_a_worker_in_user_mode_linux_joins_when_the_pod_network_is_there(with_uml: World) -> None:
    handle = with_uml.up()
    assert with_uml.diary.index("network") < with_uml.diary.index("uml") < with_uml.diary.index("targets")
    assert handle.uml_key == "uml1"
    assert (with_uml.settings[-1].slow_node, with_uml.settings[-1].slow_interval) == ("c-uml", 10.0)
    record = json.loads((state.StateFolder("c").folder / "owner.json").read_text())
    assert record["containers"] == ["id-1", "id-2"]


def test_without_the_option_there_is_no_such_worker(world: World) -> None:
    assert world.up().uml_key == ""
    assert world.settings[-1].slow_node == ""


def test_a_worker_in_user_mode_linux_that_hangs_is_started_again_in_the_same_cluster(with_uml: World) -> None:
    first = with_uml.up()
    with_uml.observed = drift.Observed([NODE, UML], nodes={NODE.name: True, UML.name: False})
    first.nodes.append(StackNode(name=UML.name, kernel="6.1", runtime="containerd", cgroup="v2"))
    second = with_uml.up()
    assert [each for each in with_uml.diary if each.startswith("uml")] == ["uml removed", "uml"]
    assert not {"create", "delete", "chaos-mesh"} & set(with_uml.diary)
    assert second.identity == first.identity


def test_a_worker_in_user_mode_linux_that_nobody_wants_any_more_is_removed(with_uml: World) -> None:
    with_uml.up()
    with_uml.images = with_uml.images.model_copy(update={"uml": None})
    with_uml.observed = drift.Observed([NODE, UML], nodes={NODE.name: True, UML.name: True})
    handle = with_uml.up()
    assert "uml removed" in with_uml.diary
    assert not {"uml", "create", "delete"} & set(with_uml.diary)
    assert handle.uml_key == ""
    assert [node.name for node in handle.nodes] == [NODE.name]


def test_what_a_killed_run_scaled_is_restored_before_the_cluster_is_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three replicas would be taken for a Prometheus that scrapes too many targets."""
    world.up()
    world.well()
    monkeypatch.setattr(
        Cluster, "connect", lambda kubeconfig, context, guard=None: (kubeconfig.name, context)
    )
    restored = Rollout(component_pods("chaos-dashboard", "chaos-mesh"), 1)
    monkeypatch.setattr(rollout, "restore", world.note("restore", [restored]))
    monkeypatch.setattr(rollout, "finish", world.note("finish"))
    monkeypatch.setattr(drift, "observe", world.note("observe", world.observed))
    world.up()
    assert world.diary == ["restore", "finish", "observe"]
    assert "put chaos-dashboard back as it was, with 1 pods" in world.said.getvalue()


def test_a_cluster_that_cannot_be_restored_is_looked_at_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.up()
    world.well()
    monkeypatch.setattr(Cluster, "connect", lambda kubeconfig, context, guard=None: None)
    monkeypatch.setattr(rollout, "restore", world.note("restore"))
    world.fail["restore"] = InfrastructureError("no answer")
    world.up()
    assert world.diary == ["restore"]


def test_a_new_cluster_is_claimed_as_soon_as_it_is_there(world: World) -> None:
    world.fail["chaos-mesh"] = InfrastructureError("enough")
    with pytest.raises(InfrastructureError):
        world.up()
    assert world.held.calls == ["claim"]


def test_a_cluster_is_claimed_before_it_is_deleted_and_dropped_with_it(world: World) -> None:
    world.up()
    world.well()
    world.held.calls.clear()
    world.up(fresh=True)
    assert world.held.calls[0] == "claim"
    assert world.held.calls.count("drop") == 1
    assert world.held.calls[-1] == "claim"


@pytest.mark.parametrize("options", [{}, {"fresh": True}, {"workers": 2}])
def test_a_cluster_that_another_run_holds_is_left_as_it_is(world: World, options: dict[str, Any]) -> None:
    world.up()
    world.well()
    world.held.in_use = True
    with pytest.raises(lock.InUseError):
        world.up(**options)
    with pytest.raises(lock.InUseError):
        down("c", Progress(io.StringIO()), world.held)
    assert world.diary == []
    assert world.containers == [NODE]


def mark(world: World, cluster: str = "c") -> None:
    """From now on the container bears the mark of a cluster of this state folder."""
    own = state.StateFolder(cluster)
    own.prepare()
    world.mounts = [{"Destination": ownership.mark(own, ownership.begin(own))}]


def test_another_cluster_of_that_name_is_left_as_it_is(world: World) -> None:
    world.containers = [NODE]
    for options in ({}, {"fresh": True}):
        with pytest.raises(ownership.ForeignClusterError, match="was not made by this harness"):
            world.up(**options)
        assert world.diary == []
    with pytest.raises(ownership.ForeignClusterError):
        down("c", Progress(io.StringIO()))
    assert world.containers == [NODE]


def test_a_cluster_that_took_the_place_of_ours_is_left_as_it_is(world: World) -> None:
    world.up()
    world.containers = [kind.Container(NODE.name, running=True, id="id-2")]
    with pytest.raises(ownership.ForeignClusterError):
        world.up(fresh=True)
    assert world.diary == []


def test_a_cluster_that_came_while_images_were_built_is_left_as_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(mode: str, **options: Any) -> ImageSet:
        world.containers = [NODE]
        return world.images

    world.prepare_images = build
    with pytest.raises(ownership.ForeignClusterError):
        world.up()
    assert not {"delete", "create"} & set(world.diary)


def test_what_a_killed_creation_left_is_ours_by_its_mark(world: World) -> None:
    mark(world)
    world.containers = [NODE]
    world.up()
    assert world.diary[:2] == ["delete", "create"]


def test_keys_of_a_cluster_that_somebody_removed_go_with_the_next_one(world: World) -> None:
    world.up()
    old = state.StateFolder("c").kubeconfig.with_name("kubeconfig.keys") / "key"
    old.parent.mkdir()
    old.touch()
    world.vanish()
    world.up()
    assert not old.exists()


@pytest.mark.parametrize("file", ["handle", "kubeconfig"])
def test_a_cluster_of_an_earlier_version_is_adopted(world: World, file: str) -> None:
    world.containers = [kind.Container(NODE.name, running=False, id="id-1")]
    path: Path = getattr(state.StateFolder("c"), file)
    path.parent.mkdir(parents=True)
    path.touch()
    world.up()
    assert "delete" in world.diary


def test_a_lost_kubeconfig_is_exported_again(world: World) -> None:
    world.up()
    world.well()
    state.StateFolder("c").kubeconfig.unlink()
    world.up()
    assert world.diary == ["export kubeconfig"]


def test_down_removes_what_is_there_and_says_when_nothing_is(world: World) -> None:
    world.up()
    assert down("c", Progress(io.StringIO())) is True
    assert state.load("c") is None
    assert world.containers == []
    assert down("c", Progress(io.StringIO())) is False


@pytest.mark.parametrize("options", [{"workers": -1}, {"workers": 99}, {"scrape_interval": 0.0}])
def test_options_that_cannot_work(options: dict[str, Any], world: World) -> None:
    with pytest.raises(UsageError):
        world.up(**options)
    assert world.diary == []
