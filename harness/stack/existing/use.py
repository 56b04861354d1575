"""Makes a stack of a cluster that is there already: what it has is used, what it lacks may be installed."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.base.errors import HarnessError, InfrastructureError
from harness.base.progress import Progress
from harness.chaosmesh import access, components
from harness.chaosmesh.access import AccessLimits
from harness.chaosmesh.components import COMPONENTS, DASHBOARD, DNS_SERVER, MANAGER
from harness.chaosmesh.daemons import DAEMON, Daemons
from harness.chaosmesh.permissions import Tier
from harness.kubernetes import credentials
from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.errors import UnreachableError
from harness.kubernetes.guard import Guard
from harness.kubernetes.ready_node import is_ready
from harness.stack import chaosmesh as mesh
from harness.stack import lock, prometheus
from harness.stack.access import by_url
from harness.stack.existing import chaosmesh, install, kubeconfig, own_prometheus, their_prometheus
from harness.stack.existing.chaosmesh import FoundChaosMesh, NotThereError
from harness.stack.existing.options import ExistingOptions
from harness.stack.existing.refusal import explained
from harness.stack.existing.their_prometheus import TheirPrometheus
from harness.stack.handle import CgroupVersion, ServiceAddress, StackHandle, StackNode
from harness.stack.lock import Held
from harness.stack.options import UpOptions
from harness.stack.state import StateFolder
from harness.stack.target import TargetCluster

ImageNames = Callable[[str | None], Mapping[str, str]]
"""Returns the pinned images by role; of another release of Chaos Mesh when one is named."""

InstallChaosMesh = Callable[[Cluster, StateFolder, str], None]
"""Installs Chaos Mesh in the cluster that the state folder's kubeconfig is of; takes its identity, too."""

_ANSWER_SECONDS = 5.0
_EXEC_SECONDS = 20.0
_CGROUPS: dict[str, CgroupVersion] = {"v1": "v1", "v2": "v2", "hybrid": "hybrid"}
_CGROUP = (
    "test -f /sys/fs/cgroup/cgroup.controllers && echo v2 && exit; "
    "test -d /sys/fs/cgroup/unified && echo hybrid && exit; test -d /sys/fs/cgroup/memory && echo v1 || true"
)


@contextlib.contextmanager
def held(options: UpOptions, doing: str) -> Iterator[Held]:
    """Hold the cluster that the options name while the block runs, as `harness.stack.lock.held`.

    What was copied of a user's kubeconfig is removed at the end.
    """
    context = "" if options.existing is None else options.existing.context
    with lock.held(options.place, doing, context=context) as mine:
        try:
            yield mine
        finally:
            if options.existing is not None:
                mine.let_go()
                credentials.forget(StateFolder(options.place).kubeconfig)


def connect(existing: ExistingOptions, copy: Path | None = None) -> tuple[Cluster, Guard]:
    """Return the cluster of a context, once its API server has answered, and the guard of its requests.

    Nothing passes the guard but what the harness installs there, with the cluster's identity as a label.

    Args:
        existing: which cluster.
        copy: where the context is copied to; None for the state folder, which is held then.

    Raises:
        KubeconfigError: there is no such context, or the file cannot be read.
        InfrastructureError: the API server does not answer.
        NotAllowedError: it does not know the user.
    """
    state = StateFolder(existing.place)
    if copy is None:
        state.prepare()
    path = kubeconfig.copy(existing.kubeconfig, existing.context, copy or state.kubeconfig)
    guard = Guard("", "", mesh.NAMESPACE)
    cluster = Cluster.connect(path, existing.context, guard=guard)
    with explained(existing.context):
        try:
            cluster.version(_ANSWER_SECONDS)
        except UnreachableError as error:
            raise InfrastructureError(
                f"the API server {cluster.server} of the context {existing.context!r} does not answer",
                next_step=f"look whether you reach it: kubectl {existing.words} version",
                details=error.details,
            ) from error
        guard.cluster = identity(cluster)
    return cluster, guard


def use(
    options: UpOptions,
    progress: Progress,
    held: Held | None,
    *,
    image_names: ImageNames,
    install_chaos_mesh: InstallChaosMesh,
    disruption: bool = False,
) -> StackHandle:
    """Return the stack in a cluster that is there already.

    Args:
        options: with `existing`.
        progress: where the steps are announced.
        held: takes the cluster's Lease.
        image_names: of what is installed, and of the scenarios' pods.
        install_chaos_mesh: when it is not there and was asked for.
        disruption: Chaos Mesh's components are to be restarted and scaled.

    What is not permitted is found before anything is created, and what was installed when something fails
    then is removed again.

    Raises:
        UsageError: an option is wrong, the context is not there, something is not allowed, or what is in the
            cluster cannot be used.
        InfrastructureError: something does not answer or is not ready.
    """
    options.check()
    existing = options.existing
    assert existing is not None
    with progress.step(f"looking at the cluster of the context {existing.context}"):
        cluster, guard = connect(existing)
    state = StateFolder(options.place)
    state.logs.mkdir(exist_ok=True)
    with explained(existing.context):
        looked = _Look(options, existing, progress, state, cluster, image_names)
        # All that can be wrong with what is there is found before anything is created.
        found = looked.chaos_mesh()
        if found is not None:
            guard.chaos_mesh_namespace = found.namespace
        looked.check_access(found, disruption=disruption)
        seen = looked.look(found) if found is not None else None
        with contextlib.ExitStack() as undo:
            if held is not None:
                if own_prometheus.make_namespace(cluster, looked.identity) or looked.installs:
                    undo.callback(looked.remove, held)
                held.claim(state.kubeconfig, existing.context, guard=guard)
            if found is None:
                found = looked.install(install_chaos_mesh)
            handle = looked.handle(found, seen or looked.look(found))
            undo.pop_all()
        return handle


def remove(options: UpOptions, progress: Progress, held: Held) -> list[str]:
    """Remove from a cluster that is there already what the harness has installed; return what that was.

    Raises:
        UsageError: the context is not there, or something is not allowed.
        InUseError: another process works with the cluster.
        InfrastructureError: the API server does not answer.
    """
    existing = options.existing
    assert existing is not None
    cluster, guard = connect(existing)
    state = StateFolder(options.place)
    with explained(existing.context):
        known = guard.cluster
        if cluster.get("Namespace", prometheus.ADDRESS.namespace) is not None:
            held.claim(state.kubeconfig, existing.context, guard=guard)
        removed = install.remove(cluster, state, known, progress)
        held.drop()
        removed += own_prometheus.remove(cluster, known)
    state.forget()
    return removed


@dataclass(frozen=True)
class _Seen:
    """What of a cluster with Chaos Mesh was only read.

    Attributes:
        pods: of the components, by job.
        nodes: those that scenarios may use.
        not_ready: those that are left out, as they are not Ready.
        prometheus: theirs; None when ours is to be used.
    """

    pods: dict[str, list[Object]]
    nodes: list[StackNode]
    not_ready: list[str]
    prometheus: TheirPrometheus | None


class _Look:
    """One call of `use`, once the API server has answered."""

    def __init__(
        self,
        options: UpOptions,
        existing: ExistingOptions,
        progress: Progress,
        state: StateFolder,
        cluster: Cluster,
        image_names: ImageNames,
    ) -> None:
        self.options, self.existing, self.progress = options, existing, progress
        self.state, self.cluster = state, cluster
        self.images = image_names(options.chaos_mesh_version)
        self.identity = identity(cluster)
        self.limits = AccessLimits()
        self.installs = False

    def chaos_mesh(self) -> FoundChaosMesh | None:
        """Return the Chaos Mesh that is there; None when it is to be installed."""
        found = chaosmesh.find(self.cluster)
        if found is not None:
            self._say(found)
        elif not self.existing.install_chaos_mesh:
            raise NotThereError(
                f"there is no Chaos Mesh in the cluster of the context {self.existing.context!r}",
                next_step="install it, or have it installed by its chart: --install-chaos-mesh",
            )
        return found

    def check_access(self, found: FoundChaosMesh | None, *, disruption: bool) -> None:
        """Ask what the account may do; nothing is created for it.

        Raises:
            NotPermittedError: it may not do what every run needs, or install what is to be installed.
        """
        with self.progress.step("asking what the account may do"):
            namespace = mesh.NAMESPACE if found is None else found.namespace
            tiers: list[Tier] = ["api", "disruption"] if disruption else ["api"]
            access.check(self.cluster, namespace, tiers)
            self.installs = found is None or self._lacks_prometheus()
            if found is None or self._is_prometheus_to_be_installed(found):
                access.check_installing(self.cluster, namespace, chaos_mesh=found is None)
            self.limits = access.limits(self.cluster, namespace)
        if self.limits.node:
            self.progress.say(f"scenarios that need a node are skipped: {self.limits.node}")

    def remove(self, held: Held) -> None:
        """Remove what was installed before something failed, as far as that goes."""
        try:
            with self.progress.step("removing what was installed"):
                install.remove(self.cluster, self.state, self.identity, self.progress)
                held.drop()
                own_prometheus.remove(self.cluster, self.identity)
        except HarnessError as error:
            words = self.existing.words
            self.progress.say(f"not all of it is removed: {error.problem}; chaos-harness down {words}")

    def _lacks_prometheus(self) -> bool:
        return self.existing.prometheus_url is None and not own_prometheus.is_there(self.cluster)

    def _is_prometheus_to_be_installed(self, found: FoundChaosMesh) -> bool:
        if self.existing.prometheus_url is not None:
            return False
        return own_prometheus.is_to_be_installed(self.cluster, self._settings(found))

    def _settings(self, found: FoundChaosMesh) -> prometheus.Settings:
        return prometheus.Settings(
            identity=self.identity,
            image=self.existing.prometheus_image or self.images["prometheus"],
            chaos_mesh_namespace=found.namespace,
            interval=self.options.scrape_interval,
            timeout=self.options.scrape_interval,
            rules=self.options.alert_rules,
        )

    def install(self, install_chaos_mesh: InstallChaosMesh) -> FoundChaosMesh:
        install_chaos_mesh(self.cluster, self.state, self.identity)
        found = chaosmesh.find(self.cluster)
        if found is None:
            raise InfrastructureError("Chaos Mesh is not there, though its chart was installed")
        self._say(found)
        return found

    def look(self, found: FoundChaosMesh) -> _Seen:
        """Look at all that is there, and change nothing."""
        nodes, not_ready = self._nodes(found)
        pods = chaosmesh.pods(self.cluster, found.namespace, sorted(found.components))
        theirs = None
        if (url := self.existing.prometheus_url) is not None:
            with self.progress.step(f"looking at the Prometheus {url}"):
                theirs = their_prometheus.check(
                    by_url(url, dict(self.existing.prometheus_labels)),
                    url,
                    pods,
                    self.options.scrape_interval,
                    not_ready=not_ready,
                )
        return _Seen(pods, nodes, not_ready, theirs)

    def _say(self, found: FoundChaosMesh) -> None:
        told = ", ".join(f"{job} {number}" for job, number in sorted(found.replicas.items()))
        self.progress.say(
            f"Chaos Mesh {found.version} in the namespace {found.namespace}"
            f"{f' (release {found.release})' if found.release else ''}: {told}"
        )
        if (number := found.replicas[MANAGER]) > 1:
            self.progress.say(
                f"{MANAGER} has {number} replicas: scenarios that compare its metrics with the cluster "
                "may come out as inconclusive; one replica decides them"
            )

    def handle(self, found: FoundChaosMesh, seen: _Seen) -> StackHandle:
        target = TargetCluster(
            whose="theirs",
            chaos_mesh="installed" if install.installed(self.cluster, self.identity) else "used",
            release=found.release,
            replicas=found.replicas,
            runtime=found.runtime,
            features=found.features,
            not_ready=seen.not_ready,
            node_refused=self.limits.node,
            roles_refused=self.limits.roles,
            prometheus_url=self.existing.prometheus_url,
            prometheus_labels=dict(self.existing.prometheus_labels),
        )
        known = self.identity
        if seen.prometheus is not None:
            interval, timeout = seen.prometheus.interval, seen.prometheus.interval
            target = target.model_copy(update={"prometheus": "used"})
        else:
            expected = {**_targets(seen.pods, seen.not_ready), "prometheus": 1}
            own = own_prometheus.ensure(
                self.cluster, self._settings(found), expected, seen.not_ready, self.progress
            )
            known, interval, timeout = own.identity, own.interval, own.interval
            target = target.model_copy(update={"prometheus": own.origin})
        dashboard = components.COMPONENTS[DASHBOARD]
        handle = StackHandle(
            cluster=self.existing.context,
            provider="existing",
            kubeconfig=self.state.kubeconfig,
            context=self.existing.context,
            identity=known,
            prometheus=prometheus.ADDRESS,
            dashboard=ServiceAddress(namespace=found.namespace, name=dashboard.service, port=dashboard.port),
            chaos_mesh_namespace=found.namespace,
            workload_image=self.existing.workload_image or self.images["workload"],
            # The nodes have it, and it has a JRE wherever it has byteman.
            jvm_image=str(found.components[DAEMON].container["image"]),
            scrape_interval=interval,
            scrape_timeout=timeout,
            images="existing",
            image_key="",
            versions=self._versions(found),
            stand_ins=[],
            nodes=seen.nodes,
            durations=dict(self.progress.durations),
            target=target,
        )
        self.state.save_handle(handle)
        return handle

    def _nodes(self, found: FoundChaosMesh) -> tuple[list[StackNode], list[str]]:
        """Return the nodes that scenarios may use, and those that are left out as they are not Ready."""
        there = {str(node["metadata"]["name"]): node for node in self.cluster.list("Node")}
        not_ready = sorted(name for name, node in there.items() if not is_ready(node))
        if not_ready:
            self.progress.say(f"left out, as not Ready: {', '.join(f'node {name}' for name in not_ready)}")
        daemons = Daemons(self.cluster, found.namespace)
        on = [each.node for each in daemons.all() if each.node in there and each.node not in not_ready]
        if not on:
            raise InfrastructureError(
                f"no node that is Ready has a {DAEMON} that runs",
                next_step=f"look at them: kubectl {self.existing.words} get nodes",
                details=[f"not Ready: {', '.join(not_ready)}"] if not_ready else [],
            )
        without = sorted(set(there) - set(on) - set(not_ready))
        if without:
            self.progress.say(
                f"left out, without a {DAEMON}: {', '.join(f'node {name}' for name in without)}"
            )
        facts = []
        for name in on:
            info = there[name]["status"]["nodeInfo"]
            said = "" if self.limits.node else daemons.run(name, _CGROUP, timeout=_EXEC_SECONDS).strip()
            facts.append(
                StackNode(
                    name=name,
                    kernel=info["kernelVersion"],
                    runtime=info["containerRuntimeVersion"],
                    cgroup=_CGROUPS.get(said, "unknown"),
                )
            )
        return facts, not_ready

    def _versions(self, found: FoundChaosMesh) -> dict[str, str]:
        versions = {"kubernetes": self.cluster.version(_ANSWER_SECONDS), "chaos-mesh": found.version}
        if DNS_SERVER in found.components:
            versions["dns-server"] = found.version
        return versions


def identity(cluster: Cluster) -> str:
    """Return what tells a cluster from every other one, whoever asks: the uid of its first namespace.

    Raises:
        ApiError: the API server refused, or did not answer.
    """
    found = cluster.get("Namespace", "kube-system")
    if found is None:
        raise InfrastructureError("the cluster has no namespace kube-system, by which it is known again")
    return uuid.UUID(str(found["metadata"]["uid"])).hex


def _targets(pods: Mapping[str, list[Object]], not_ready: list[str]) -> dict[str, int]:
    """Return how many targets of each component there have to be."""
    return {
        job: sum(each["spec"].get("nodeName") not in not_ready for each in found)
        for job, found in pods.items()
        if job in COMPONENTS
    }
