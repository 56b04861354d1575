"""Brings a stack up: reuses what works, repairs what can be repaired, makes the rest anew."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from harness.base import process
from harness.base.errors import HarnessError, InfrastructureError
from harness.base.files import write_whole
from harness.base.progress import Progress
from harness.chaosmesh import components, rollout
from harness.kubernetes import credentials
from harness.kubernetes.client import Cluster
from harness.stack import (
    chaosmesh,
    cni,
    crd_fit,
    drift,
    engine,
    further,
    grafana,
    kind,
    loading,
    mirror,
    ownership,
    preflight,
    prometheus,
    pulling,
    uml,
    wait_for_gc,
)
from harness.stack.connection import connect
from harness.stack.engine import Engine
from harness.stack.existing.install import install
from harness.stack.existing.use import ImageNames, use
from harness.stack.handle import ServiceAddress, StackHandle, StackNode
from harness.stack.imageset import ImageSet
from harness.stack.kubectl import Kubectl
from harness.stack.lock import Held, InUseError
from harness.stack.options import ImageMode, UpOptions
from harness.stack.run_parallel import together
from harness.stack.state import StateFolder

_EXEC_SECONDS = 20.0
_READY_SECONDS = 120.0
# What a new cluster of the same would end with, too.
_SAME_AGAIN = (chaosmesh.PrunedFieldError, crd_fit.CrdMismatchError, prometheus.ScrapeTooSlowError)


def up(
    options: UpOptions,
    progress: Progress,
    held: Held | None = None,
    *,
    prepare_images: PrepareImages,
    image_names: ImageNames | None = None,
    disruption: bool = False,
) -> StackHandle:
    """Return a stack that is up and answers, as `options` want it.

    Doing it twice reuses the cluster.

    Args:
        options: what to bring up.
        progress: where the steps are announced.
        held: of `harness.stack.lock`, where others may come: takes the cluster's Lease, too.
        prepare_images: returns what the stack is made of; once engine and machine have been looked at.
        image_names: returns the pinned images; needed for a cluster that is there already.
        disruption: on such a one the account has to be permitted to restart Chaos Mesh's components.

    A cluster that is there already is looked at, and gets what it lacks and was asked for: see
    `harness.stack.existing`.

    Raises:
        UsageError: an option is wrong.
        InUseError: another process works with the cluster.
        ForeignClusterError: the cluster of that name is not ours.
        InfrastructureError: something failed; names the step's log.
    """
    options.check()
    if options.existing is not None:
        assert image_names is not None

        def install_chaos_mesh(cluster: Cluster, state: StateFolder, identity: str) -> None:
            _install_theirs(options, progress, prepare_images, cluster, state, identity)

        return use(
            options,
            progress,
            held,
            image_names=image_names,
            install_chaos_mesh=install_chaos_mesh,
            disruption=disruption,
        )
    state = StateFolder(options.cluster)
    state.prepare()
    state.logs.mkdir(exist_ok=True)
    where = engine.find(progress, install=True)
    containers = kind.containers(options.cluster, where)
    ownership.verify(state, containers, where)
    _claim_what_answers(state, containers, held)
    if not any(container.running for container in containers):
        with progress.step("looking at this machine"):
            checks = preflight.look(where, building=options.images != "registry")
        preflight.enforce(checks, progress)
    got = prepare_images(
        _mode(options, state, containers, progress),
        engine=where,
        progress=progress,
        logs=state.logs,
        chaos_mesh_source=options.chaos_mesh_source,
        chaos_mesh_version=options.chaos_mesh_version,
        chaos_mesh_images=options.chaos_mesh_images,
        chaos_mesh_chart=options.chaos_mesh_chart,
        daemon_programs=options.daemon_programs,
        kubernetes_version=options.kubernetes_version,
        uml_worker=options.uml_worker,
    )
    stack = _Stack(options, progress, state, where, got, held)
    handle = stack.bring_up(containers)
    stack.claim()
    return handle


def _mode(
    options: UpOptions, state: StateFolder, containers: list[kind.Container], progress: Progress
) -> ImageMode:
    """Return where images come from: no registry is asked for what the cluster has already."""
    there = state.load() if any(container.running for container in containers) else None
    named = (
        options.chaos_mesh_source
        or options.daemon_programs
        or options.chaos_mesh_version
        or options.kubernetes_version
    )
    if options.images != "auto" or options.fresh or named or there is None or there.images == "existing":
        return options.images
    progress.say(f"images: {there.images}, as in the cluster {options.cluster}")
    return there.images


def _install_theirs(
    options: UpOptions,
    progress: Progress,
    prepare_images: PrepareImages,
    cluster: Cluster,
    state: StateFolder,
    identity: str,
) -> None:
    """Install Chaos Mesh in a cluster that is there already; its nodes pull the images, or have them."""
    images = prepare_images(
        "source" if options.images == "source" else "registry",
        engine=engine.find(progress),
        progress=progress,
        logs=state.logs,
        chaos_mesh_source=options.chaos_mesh_source,
        chaos_mesh_version=options.chaos_mesh_version,
        chaos_mesh_images=(),
        chaos_mesh_chart=options.chaos_mesh_chart,
        daemon_programs=None,
        kubernetes_version=None,
        uml_worker=False,
    )
    install(cluster, state, images, identity, progress, more=options.helm_values)
    if options.chaos_mesh_chart and not images.crds:
        crd_fit.look(cluster, chaosmesh.NAMESPACE, progress)


class PrepareImages(Protocol):
    """Returns everything that a stack is made of, once it is there; see harness/image_build."""

    def __call__(
        self,
        mode: ImageMode,
        *,
        engine: Engine,
        progress: Progress,
        logs: Path,
        chaos_mesh_source: Path | None,
        chaos_mesh_version: str | None,
        chaos_mesh_images: Sequence[str],
        chaos_mesh_chart: str | None,
        daemon_programs: Path | None,
        kubernetes_version: str | None,
        uml_worker: bool,
    ) -> ImageSet:
        """Return it."""


class _Stack:
    """One call of `up`, once engine and images are there."""

    def __init__(
        self,
        options: UpOptions,
        progress: Progress,
        state: StateFolder,
        where: Engine,
        got: ImageSet,
        held: Held | None,
    ) -> None:
        self.options, self.progress, self.state, self.engine, self.images = (
            options,
            progress,
            state,
            where,
            got,
        )
        self.held = held
        # Before an optional image turns out not to be there: the next `up` wants the same.
        self.configuration = self._configuration()
        self.pulled: list[str] = []
        self.cancel = threading.Event()
        self.crds: list[dict[str, Any]] = []
        self.logs = state.logs

    def bring_up(self, containers: list[kind.Container]) -> StackHandle:
        handle = self.state.load()
        plan = self._plan(handle, containers)
        if handle is not None and plan.action == "reuse":
            # What is built may have moved since, or been built for the first time.
            self.state.save_programs(self.images)
            # An older version of the harness named fewer of them.
            return handle.model_copy(update={"versions": {**handle.versions, **self.images.versions}})
        if handle is not None and plan.action == "repair":
            self._say(f"repairing {' and '.join(sorted(plan.parts))}", plan.reasons)
            try:
                return self._repair(handle, plan)
            except InfrastructureError as error:
                if isinstance(error, _SAME_AGAIN):
                    raise
                plan = drift.Plan("create", [f"the repair failed: {error.problem}"])
        if plan.reasons:
            self._say(f"making the cluster {self.options.cluster} anew", plan.reasons)
        self.cancel = threading.Event()
        return self._create()

    def claim(self) -> None:
        """Hold the cluster in the cluster itself.

        Raises:
            InUseError: another process does.
            ApiError: the API server does not answer.
        """
        if self.held is not None:
            self.held.claim(self.state.kubeconfig)

    def _plan(self, handle: StackHandle | None, containers: list[kind.Container]) -> drift.Plan:
        if self.options.fresh:
            return drift.Plan("create", ["--fresh"] if containers else [])
        wanted = drift.WantedCluster(
            self.engine.name,
            self.images.key,
            self.options.workers,
            self.options.scrape_interval,
            self.configuration,
            self.images.uml.key if self.images.uml else "",
        )
        if handle is None or not containers:
            return drift.decide(handle, wanted, drift.Observed(containers))
        with self.progress.step(f"looking at the cluster {self.options.cluster}"):
            if not self.state.kubeconfig.exists():
                self.progress.say("the kubeconfig is gone; exporting it again")
                try:
                    kind.export_kubeconfig(
                        self.options.cluster,
                        self.engine,
                        kind=self.images.kind,
                        kubeconfig=self.state.kubeconfig,
                        logs=self.logs,
                    )
                except process.CommandError as error:
                    return drift.Plan("create", [error.problem])
                _claim_what_answers(self.state, containers, self.held)
            self._undo_changes(handle)
            observed = drift.observe(handle, containers)
        return drift.decide(handle, wanted, observed)

    def _undo_changes(self, handle: StackHandle) -> None:
        """Put back what a killed run scaled or denied: that is not what a stack is checked for."""
        # What is wrong with the cluster is found, and said, by looking at it.
        with contextlib.suppress(HarnessError):
            cluster = connect(handle)
            for restored in rollout.restore(cluster, handle.chaos_mesh_namespace):
                self.progress.say(f"put {restored.group.job} back as it was, with {restored.wanted} pods")
                rollout.finish(cluster, restored, rollout.WHOLE_SECONDS, handle.chaos_mesh_namespace)

    def _fetch(self) -> None:
        """Get what comes from a registry, before anything is removed or made for it."""
        if self.images.mode == "registry":
            there = set(self.images.image_ids)
            self.images = pulling.pull(
                self.images, self.engine, progress=self.progress, logs=self.logs, cancel=self.cancel
            )
            self.pulled = [str(image) for role, image in self.images.images.items() if role not in there]
        self._fetch_chart()

    def _fetch_chart(self) -> None:
        if self.images.chart_repository:
            with self.progress.step("getting the chart of Chaos Mesh", "1-5 s"):
                self.images = chaosmesh.fetch_chart(
                    self.images,
                    folder=self.state.folder,
                    log=self.logs / "chaos-mesh.log",
                    cancel=self.cancel,
                )

    def _create(self) -> StackHandle:
        self._fetch()
        # Looked at again: images may have been built for an hour meanwhile.
        old = kind.containers(self.options.cluster, self.engine)
        ownership.verify(self.state, old, self.engine)
        if old:
            _claim_what_answers(self.state, old, self.held)
            with self.progress.step("deleting the old cluster"):
                if self.held is not None:
                    self.held.drop()
                kind.delete(
                    self.options.cluster,
                    old,
                    self.engine,
                    kubeconfig=self.state.kubeconfig,
                    logs=self.logs,
                )
        self.state.forget()
        # Also of a cluster that somebody else removed.
        credentials.forget(self.state.kubeconfig)
        identity = ownership.begin(self.state)
        text = kind.config(
            self.images,
            workers=self.options.workers,
            cgroup_v1=preflight.cgroup_version(Path("/")) != "v2",
            mark=ownership.mark(self.state, identity),
            credentials=self._credentials(),
        )

        def create() -> None:
            with self.progress.step("creating the kind cluster", "15-35 s"):
                kind.create(
                    self.options.cluster,
                    self.images,
                    self.engine,
                    text=text,
                    kubeconfig=self.state.kubeconfig,
                    logs=self.logs,
                    cancel=self.cancel,
                )

        together(self.cancel, create, self._read_crds)
        made = kind.containers(self.options.cluster, self.engine)
        ownership.seal(self.state, identity, made)
        self.claim()
        kubectl = self._kubectl("install")
        settings = self._settings(uuid.uuid4().hex)
        nodes = [container.name for container in made]
        if self.images.mirror:
            mirror.tell_nodes(self.images.mirror, nodes, self.engine, logs=self.logs)
        self._load(nodes)

        def network() -> None:
            # Pods are scheduled when their node has a network. A CRD or an image that is not there by
            # then would be missed, and looked for again only after a back-off.
            self._install_crds(kubectl)
            if self.images.archives:
                with self.progress.step("importing images into the nodes"):
                    kind.wait_for_archives(self.engine, nodes, logs=self.logs, cancel=self.cancel)
            if self.images.needs_own_cni:
                with self.progress.step("connecting the pod network"):
                    cni.install(self._kubectl("network"), self._cluster(), self.engine)
            self._start_uml_worker(identity)

        together(
            self.cancel,
            network,
            lambda: self._install_chaos_mesh(kubectl),
            lambda: self._install_monitoring(settings),
        )
        return self._finish(settings, nodes, new_kinds=True)

    def _load(self, nodes: list[str]) -> None:
        # Before any pod is made: the kubelet looks again for a missing image after a back-off only.
        if not self.pulled and not self.images.archives_to_load:
            return
        with self.progress.step("loading images into the nodes", "5-60 s"), contextlib.ExitStack() as kept:
            archives = list(self.images.archives_to_load)
            if self.pulled:
                made = pulling.packed(self.pulled, self.engine, logs=self.logs, cancel=self.cancel)
                archives.append(kept.enter_context(made))
            for archive in archives:
                loading.load(archive, nodes, self.engine, logs=self.logs, cancel=self.cancel)

    def _credentials(self) -> Path | None:
        """Write what the nodes log in to registries with, for this user's eyes only."""
        file = self.state.folder / "registries.json"
        file.unlink(missing_ok=True)
        if self.images.credentials is None:
            return None
        return write_whole(file, self.images.credentials.get_secret_value())

    def _repair(self, handle: StackHandle, plan: drift.Plan) -> StackHandle:
        there = {
            role: image
            for role, image in self.images.images.items()
            if role not in pulling.OPTIONAL or not handle.image_ids or role in handle.image_ids
        }
        self.images = self.images.model_copy(
            update={"images": there, "image_ids": handle.image_ids, "image_digests": handle.image_digests}
        )
        if "chaos-mesh" in plan.parts:
            self._fetch_chart()
        settings = self._settings(handle.identity)
        steps: list[Callable[[], None]] = [self._read_crds]
        if "chaos-mesh" in plan.parts:
            kubectl = self._kubectl("install")
            self._install_crds(kubectl)
            steps.append(lambda: self._install_chaos_mesh(kubectl))
        if "prometheus" in plan.parts:
            steps.append(lambda: self._install_prometheus(settings))
        if "grafana" in plan.parts:
            steps.append(self._install_grafana)
        if "uml-worker" in plan.parts:
            steps.append(self._renew_uml_worker)
        together(self.cancel, *steps)
        nodes = [node.name for node in handle.nodes if node.name != uml.name_of(self.options.cluster)]
        return self._finish(settings, nodes, new_kinds="chaos-mesh" in plan.parts)

    def _renew_uml_worker(self) -> None:
        identity = ownership.identity(self.state)
        self._uml_worker.remove(self._cluster())
        self._start_uml_worker(identity)

    def _start_uml_worker(self, identity: str) -> None:
        """Start the worker in user-mode Linux, if there is to be one."""
        if self.images.uml is None:
            return
        with self.progress.step("starting the worker in user-mode Linux", "40-90 s"):
            self._uml_worker.start(
                self.images.uml,
                ownership.mark(self.state, identity),
                self._cluster(),
                self._kubectl("uml"),
                self.cancel,
            )
        ownership.seal(self.state, identity, kind.containers(self.options.cluster, self.engine))

    @property
    def _uml_worker(self) -> uml.UmlWorker:
        return uml.UmlWorker(self.options.cluster, self.engine, self.state.folder, self.logs)

    def _read_crds(self) -> None:
        if self.images.crds:
            self.crds = chaosmesh.read_crds(self.images.crds)

    def _install_crds(self, kubectl: Kubectl) -> None:
        if self.images.crds:
            with self.progress.step("installing the CRDs"):
                chaosmesh.apply_crds(kubectl, self.images.crds)

    def _install_chaos_mesh(self, kubectl: Kubectl) -> None:
        with self.progress.step("installing Chaos Mesh", "5-10 s"):
            chaosmesh.install(
                kubectl,
                self.images,
                folder=self.state.folder,
                log=self.logs / "chaos-mesh.log",
                more=self.options.helm_values,
            )

    def _install_prometheus(self, settings: prometheus.Settings) -> None:
        with self.progress.step("installing Prometheus"):
            prometheus.install(self._kubectl("prometheus"), settings)

    def _install_monitoring(self, settings: prometheus.Settings) -> None:
        # One after the other: both are in the namespace that Prometheus' manifest makes.
        self._install_prometheus(settings)
        self._install_grafana()

    def _install_grafana(self) -> None:
        if image := self.images.images.get(grafana.ROLE):
            with self.progress.step("installing Grafana"):
                grafana.install(self._kubectl("grafana"), str(image), self.options.scrape_interval)

    def _finish(self, settings: prometheus.Settings, nodes: list[str], *, new_kinds: bool) -> StackHandle:
        """Wait for everything, check it, and write the handle; CRDs were installed if there are new kinds."""
        facts: list[StackNode] = []

        def mesh() -> None:
            with self.progress.step("waiting for Chaos Mesh", "5-15 s"):
                chaosmesh.wait_ready(self._kubectl("chaos-mesh-rollout"), self._cluster(), self.images)
            if self._chosen and not self.images.crds:
                crd_fit.look(self._cluster(), chaosmesh.NAMESPACE, self.progress)

        def collector() -> None:
            if not new_kinds:
                return
            with self.progress.step("waiting for the garbage collector", "1-30 s"):
                wait_for_gc.wait_ready(self._kubectl("garbage"))

        def own() -> None:
            with self.progress.step("waiting for Prometheus"):
                prometheus.wait_ready(self._kubectl("prometheus"), self._cluster(), settings)

        def rest() -> None:
            cluster = self._cluster()
            self._wait_nodes(self._kubectl("nodes"))
            facts.extend(self._node_facts(cluster, nodes))
            if self.crds:
                with self.progress.step("comparing the CRDs with the controller's API"):
                    chaosmesh.check_crds(cluster, self.crds)

        def boards() -> None:
            if grafana.ROLE not in self.images.images:
                return
            try:
                with self.progress.step("waiting for Grafana"):
                    grafana.wait_ready(self._kubectl("grafana"))
            except InfrastructureError as error:
                # Nothing that is judged depends on it; the capability `grafana` is missing, and says why.
                self._say("going on without Grafana", [error.problem, *error.details])

        together(self.cancel, mesh, collector, own, rest, boards)
        handle = self._handle(settings, facts)
        with self.progress.step("waiting for the first scrapes"):
            prometheus.wait_targets(self._cluster(), settings, drift.expected_targets(handle), self.progress)
        handle.durations = dict(self.progress.durations)
        self.state.save(handle, self.images)
        return handle

    def _wait_nodes(self, kubectl: Kubectl) -> None:
        kubectl.run(
            "wait for the nodes",
            "wait",
            "nodes",
            "--all",
            "--for=condition=Ready",
            f"--timeout={_READY_SECONDS:.0f}s",
            timeout=_READY_SECONDS + 5,
        )

    def _node_facts(self, cluster: Cluster, nodes: list[str]) -> list[StackNode]:
        info = {item["metadata"]["name"]: item["status"]["nodeInfo"] for item in cluster.list("Node")}
        return [
            StackNode(
                name=name,
                kernel=info[name]["kernelVersion"],
                runtime=info[name]["containerRuntimeVersion"],
                cgroup=self._cgroup(name),
            )
            for name in nodes
        ] + [
            StackNode(
                name=name,
                kernel=info[name]["kernelVersion"],
                runtime=info[name]["containerRuntimeVersion"],
                cgroup="v2",
            )
            for name in [uml.name_of(self.options.cluster)]
            if self.images.uml
        ]

    def _cgroup(self, node: str) -> preflight.CgroupVersion:
        listed = self.engine.run(
            f"look at the cgroups of {node}", ["exec", node, "ls", "/sys/fs/cgroup"], timeout=_EXEC_SECONDS
        ).stdout.split()
        if "cgroup.controllers" in listed:
            return "v2"
        return "hybrid" if "unified" in listed else "v1"

    def _handle(self, settings: prometheus.Settings, nodes: list[StackNode]) -> StackHandle:
        dashboard = components.COMPONENTS[components.DASHBOARD]
        versions = {**self.images.versions, "kubernetes": self.images.kubernetes}
        if dns := self.images.images.get("dns-server"):
            versions["dns-server"] = dns.tag
        return StackHandle(
            cluster=self.options.cluster,
            provider=self.engine.name,
            kubeconfig=self.state.kubeconfig,
            context=self._context,
            identity=settings.identity,
            prometheus=prometheus.ADDRESS,
            dashboard=ServiceAddress(
                namespace=chaosmesh.NAMESPACE, name=dashboard.service, port=dashboard.port
            ),
            chaos_mesh_namespace=chaosmesh.NAMESPACE,
            workload_image=str(self.images.images["workload"]),
            # Chaos-daemon's own has a JRE, too, wherever it has byteman.
            jvm_image=str(self.images.images.get("jvm") or self.images.images["daemon"]),
            scrape_interval=settings.interval,
            scrape_timeout=settings.timeout,
            images=self.images.mode,
            image_key=self.images.key,
            versions=versions,
            image_ids=self.images.image_ids,
            image_digests=self.images.image_digests,
            stand_ins=self.images.stand_ins,
            nodes=nodes,
            uml_key=self.images.uml.key if self.images.uml else "",
            configuration={str(part): digest for part, digest in self.configuration.items()},
        )

    def _configuration(self) -> dict[drift.Part, str]:
        """Return a hash of what each part is configured with, but for the identity."""
        texts: dict[drift.Part, str] = {
            "chaos-mesh": json.dumps(chaosmesh.values(self.images), sort_keys=True)
            + self.options.helm_values.text(),
            "prometheus": prometheus.render(self._settings("")),
        }
        if image := self.images.images.get(grafana.ROLE):
            texts["grafana"] = grafana.render(str(image), self.options.scrape_interval)
        return {part: hashlib.sha256(text.encode()).hexdigest() for part, text in texts.items()}

    def _settings(self, identity: str) -> prometheus.Settings:
        return prometheus.Settings(
            identity=identity,
            image=str(self.images.images["prometheus"]),
            chaos_mesh_namespace=chaosmesh.NAMESPACE,
            interval=self.options.scrape_interval,
            timeout=self.options.scrape_interval,
            rules=self.options.alert_rules,
            slow_node=uml.name_of(self.options.cluster) if self.images.uml else "",
            slow_interval=max(uml.SCRAPE_SECONDS, self.options.scrape_interval) if self.images.uml else 0.0,
        )

    @property
    def _chosen(self) -> bool:
        """Whether chart and images may be of different versions."""
        return bool(self.options.chaos_mesh_chart or self.options.chaos_mesh_images)

    def _cluster(self) -> Cluster:
        return Cluster.connect(self.state.kubeconfig, self._context)

    @property
    def _context(self) -> str:
        """The context that kind writes."""
        return f"kind-{self.options.cluster}"

    def _kubectl(self, step: str) -> Kubectl:
        return Kubectl(self.images.kubectl, self.state.kubeconfig, self.logs / f"{step}.log", self.cancel)

    def _say(self, what: str, reasons: list[str]) -> None:
        self.progress.say(f"{what}: {'; '.join(reasons)}")


def _claim_what_answers(state: StateFolder, containers: list[kind.Container], held: Held | None) -> None:
    """Hold a cluster in the cluster itself; one that does not answer is held by nobody.

    Raises:
        InUseError: another process holds it.
    """
    if held is None or not containers or not state.kubeconfig.exists():
        return
    try:
        held.claim(state.kubeconfig)
    except InUseError:
        raise
    except HarnessError:
        # What is wrong with the cluster is found, and said, by looking at it.
        return


def down(cluster: str, progress: Progress, held: Held | None = None) -> bool:
    """Remove the cluster and what is kept of it, but for its logs; return whether there was anything.

    Raises:
        ForeignClusterError: the cluster of that name is not ours; it is left as it is.
        InUseError: another process works with the cluster.
        InfrastructureError: no engine answers, or it does not remove a container.
    """
    state = StateFolder(cluster)
    there = state.load() is not None
    try:
        where = engine.find(progress)
    except HarnessError:
        if not there:
            return False
        raise
    containers = kind.containers(cluster, where)
    ownership.verify(state, containers, where)
    _claim_what_answers(state, containers, held)
    there = there or bool(containers)
    if there:
        if held is not None:
            held.drop()
        with progress.step(f"deleting the cluster {cluster}"):
            kind.delete(cluster, containers, where, kubeconfig=state.kubeconfig, logs=state.logs)
    state.forget()
    ownership.forget(state)
    further.forget(state)
    return there
