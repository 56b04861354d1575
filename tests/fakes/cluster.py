"""A cluster on which Chaos Mesh runs, on a fake clock: as much of both as a run of PodChaos needs."""

import copy
import json
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from harness.kubernetes import rbac
from harness.kubernetes.client import Cluster, ExecResult, HttpAnswer
from harness.kubernetes.errors import NotFoundError, UnreachableError, WaitTimeoutError, from_answer

CHAOS_MESH = "chaos-mesh"
DAEMON_LOG = (
    "2026-01-01T00:00:00Z\tERROR\tchaos-daemon\tx.go:1\tcannot start the container\t"
    '{{"namespacedName": "{namespace}/mini-node-exporter-0", "error": "pause is not there"}}'
)
_REQUEST_SECONDS = 0.005
_POLL_SECONDS = 0.05
_INJECT_SECONDS = 0.3
_RECOVER_SECONDS = 0.2
_NAMESPACE_SECONDS = 5.0
_THREAD_SECONDS = 60
_RULES = [
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": ["chaos-mesh.org"], "resources": ["*"], "verbs": ["*"]},
]
_SERVED = {
    "/apis": {"groups": [{"name": "apps"}, {"name": "chaos-mesh.org"}]},
    "/apis/chaos-mesh.org/v1alpha1": {
        "resources": [
            {"name": "podchaos", "verbs": ["get", "list", "watch", "create", "delete"]},
            {"name": "statuschecks", "verbs": ["get", "list", "watch", "create", "delete"]},
            {"name": "statuschecks/status", "verbs": ["get", "update"]},
        ]
    },
}


class FakeCluster(Cluster):
    """Objects, a controller that injects pod-failure, events that a watch tells at once.

    Attributes:
        hooks: (verb, kind) to what is done before a request; it may raise.
        down: the API server does not answer.
        injects: the controller succeeds; otherwise the record and an event say why not.
        affects: an injected pod runs the pause image.
        miscounted: added to the gauge of experiments.
        misnamed: a label's value to what is exposed in its place.
        stuck: (kind, name) of what does not go when it is deleted, but by force.
        immortal: (kind, name) of what does not go at all.
        watched: somebody watches events.
        came, went: called with (job, instance) when a pod starts to run, or is gone.
        broken: jobs of components whose new pods do not become ready.
        pod_seconds: how long a pod takes to start, and to end after its grace period.
        rules_seconds: how long the API server takes to go by the rules of a role that was changed.
    """

    def __init__(self, clock):
        self.clock = clock
        self.objects = {}
        self.hooks = {}
        self.requests = []
        self.down = False
        self.injects = True
        self.affects = True
        self.miscounted = 0
        self.misnamed = {}
        self.stuck = set()
        self.immortal = set()
        self.counted: Counter[tuple[str, str, str]] = Counter()
        self.came: Callable[[str, str], object] = lambda job, pod: None
        self.went: Callable[[str, str], object] = lambda job, pod: None
        self.broken = set()
        self.pod_seconds = 1.0
        self.webhook_down = 0
        self.rules_seconds = 0.1
        self._uid = 0
        self._lock = threading.RLock()
        self._told = threading.Condition(self._lock)
        self._changes = []
        self._strange = []
        self._strangers_end = False
        self.watched = False
        self._opened = threading.Event()
        daemon = self.put("Pod", "chaos-daemon-1", CHAOS_MESH)
        daemon["metadata"]["labels"] = {"app.kubernetes.io/component": "chaos-daemon"}
        daemon["spec"] = {"nodeName": "n1", "containers": [{"name": "chaos-daemon"}]}
        running = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
        daemon["status"] = {"containerStatuses": [{"name": "chaos-daemon", "state": running}]}

    def exposes(self):
        """What the controller-manager's /metrics says now."""
        with self._lock:
            phases = Counter(
                (namespace, kind, _phase(body))
                for (kind, namespace, _), body in self.objects.items()
                if kind == "PodChaos"
            )
        return [
            (
                "chaos_controller_manager_chaos_experiments",
                {"namespace": namespace, "kind": kind, "phase": phase},
                float(number + self.miscounted),
            )
            for (namespace, kind, phase), number in phases.items()
        ] + [
            (
                "chaos_controller_manager_emitted_event_total",
                {
                    "namespace": namespace,
                    "type": event_type,
                    "reason": self.misnamed.get(reason, reason),
                },
                float(number),
            )
            for (namespace, event_type, reason), number in self.counted.items()
        ]

    def go_down(self):
        self.down = True

    def put(self, kind, name, namespace=None, **fields):
        with self._lock:
            self._uid += 1
            metadata = {"name": name, "namespace": namespace, "uid": f"uid-{self._uid}"}
            body = {"kind": kind, "metadata": metadata, **fields}
            self.objects[kind, namespace, name] = body
            return body

    # What harness.kubernetes.client.Cluster has.

    def get(self, kind, name, namespace=None, *, timeout=None):
        self._ask("get", kind)
        with self._lock:
            return copy.deepcopy(self.objects.get((kind, namespace, name)))

    def list(self, kind, namespace=None, label_selector=None, **_):
        self._ask("list", kind)
        return self._there(kind, namespace, label_selector)

    def version(self, timeout=0.0):
        self._ask("get", "version")
        return "v1.35.3"

    def list_versioned(self, kind, namespace, *, field_selector=None, **_):
        # Called by the thread of the oracle of events, which must not move the clock.
        if self.down:
            raise UnreachableError("cannot list: no answer")
        return [] if field_selector else self._there(kind, namespace), "1"

    def create(self, body, *, dry_run=False, timeout=None):
        kind, metadata = body["kind"], body["metadata"]
        if dry_run:
            self._ask("try", kind, metadata["name"])
            if self.webhook_down:
                self.webhook_down -= 1
                raise from_answer("create", 500, "failed calling webhook: connection refused")
            return body
        if kind == "SubjectAccessReview":
            self._ask("create", kind)
            allowed = self._allows(body["spec"])
            return {"status": {"allowed": allowed, "reason": "RBAC: allowed by a binding" if allowed else ""}}
        self._ask("create", kind, metadata["name"])
        made = self.put(kind, metadata["name"], metadata.get("namespace"))
        with self._lock:
            made.update(copy.deepcopy({key: value for key, value in body.items() if key != "metadata"}))
            made["metadata"].update(copy.deepcopy(metadata))
        if kind == "StatefulSet":
            assert self._opened.wait(_THREAD_SECONDS), "nobody watches events"
            self._make_pods(made)
        if kind == "PodChaos":
            made["metadata"]["finalizers"] = ["chaos-mesh/records"]
            made["metadata"]["creationTimestamp"] = self._timestamp()
            self.clock.after(_INJECT_SECONDS, lambda: self._inject(made))
        return made

    def patch(self, kind, name, namespace, merge_patch, **_):
        self._ask("patch", kind, name, merge_patch)
        with self._lock:
            body = self.objects.get((kind, namespace, name))
            if body is None:
                raise NotFoundError(f"cannot patch {kind} {name}")
            if "rules" in merge_patch:
                before = copy.deepcopy(body["rules"])
                self.clock.after(self.rules_seconds, lambda: body.pop("in force", None))
                body["in force"] = before
            _merge(body, merge_patch)
        if kind in ("Deployment", "StatefulSet") and "spec" in merge_patch:
            self._reconcile(body)
        return body

    def delete(self, kind, name, namespace=None, *, grace=None, uid=None, **_):
        self._ask("delete", kind, name)
        with self._lock:
            body = self.objects.get((kind, namespace, name))
        if body is None:
            return
        if uid not in (None, body["metadata"]["uid"]):
            raise from_answer("delete", 409, "the UID in the precondition does not match")
        if "component" in body:
            self._end_pod(body, grace)
            return
        if uid and "set" in body:
            self._remove(body)
            self.clock.after(self.pod_seconds, lambda: self._make_pod(body["set"], name))
            return
        body["metadata"]["deletionTimestamp"] = self._timestamp()
        if (kind, name) in self.immortal or ((kind, name) in self.stuck and grace != 0):
            return
        if kind == "PodChaos":
            self.clock.after(_RECOVER_SECONDS, lambda: self._recover(body))
        elif kind == "Namespace":
            self.clock.after(_NAMESPACE_SECONDS, lambda: self._remove(body))
        else:
            self._remove(body)

    def until(self, kind, namespace, predicate, timeout, name):
        self._ask("until", kind)
        end = self.clock.now() + timeout
        while True:
            with self._lock:
                found = copy.deepcopy(self.objects.get((kind, namespace, name)))
            if predicate(found):
                return found
            if self.clock.now() >= end:
                raise WaitTimeoutError("not seen", last=[found] if found else [], waited=timeout)
            self.clock.advance(_POLL_SECONDS)

    def until_all(self, kind, namespace, predicate, timeout, *, label_selector=None):
        self._ask("until", kind)
        end = self.clock.now() + timeout
        while True:
            found = self._there(kind, namespace, label_selector)
            if predicate(found):
                return found
            if self.clock.now() >= end:
                raise WaitTimeoutError("not seen", last=found, waited=timeout)
            self.clock.advance(_POLL_SECONDS)

    def wait_gone(self, kind, name, namespace, timeout):
        self.until(kind, namespace, lambda found: found is None, timeout, name)

    def stranger(self, kind, name, namespace="team", reason="FinalizerInited"):
        """Let an object of somebody else come, as whoever watches all namespaces sees it."""
        if ("Namespace", None, namespace) not in self.objects:
            self.put("Namespace", namespace)
        body = self.put(
            "Event",
            f"{name}.{int(self.clock.now() * 1e9):x}",
            namespace,
            reason=reason,
            involvedObject={"kind": kind, "name": name},
        )
        body["metadata"]["creationTimestamp"] = self._timestamp()
        with self._told:
            self._strange.append(body)
            self._told.notify_all()
            assert self._told.wait_for(lambda: not self._strange, _THREAD_SECONDS), "nobody listens"

    def _watch_strangers(self, opened):
        opened(self._end_strangers)
        while True:
            with self._told:
                assert self._told.wait_for(lambda: self._strange or self._strangers_end, _THREAD_SECONDS)
                if not self._strange:
                    return
                change = self._strange[0]
            yield "ADDED", change
            with self._told:
                self._strange.pop(0)
                self._told.notify_all()

    def _end_strangers(self):
        with self._told:
            self._strangers_end = True
            self._told.notify_all()

    def watch(
        self, kind, namespace, resource_version, seconds, name=None, *, field_selector=None, opened=None, **_
    ):
        if field_selector:
            yield from self._watch_strangers(opened)
            return
        with self._lock:
            self.watched = True
        opened(self._end_watch)
        self._opened.set()
        while True:
            with self._told:
                assert self._told.wait_for(lambda: self._changes or not self.watched, _THREAD_SECONDS)
                if not self._changes:
                    return
                change = self._changes[0]
            yield "ADDED", change
            with self._told:
                self._changes.pop(0)
                self._told.notify_all()

    def exec(self, namespace, pod, container, argv, timeout=0.0, **_):
        self._ask("exec", "Pod")
        numbered = {100 + number: body for number, body in enumerate(self._components())}
        if "==cgroup" in argv[2]:
            status = [f"/proc/{pid}/status:PPid:\t1" for pid in numbered]
            cgroups = [f"/proc/{pid}/cgroup:0::/{body['metadata']['name']}" for pid, body in numbered.items()]
            return ExecResult("\n".join([*status, "==cgroup", *cgroups]), "", 0)
        if argv[2].startswith("kill"):
            for pid in argv[4:]:
                self._gone(numbered[int(pid)])
        return ExecResult("", "", 0)

    def proxy_fetch(self, resource, namespace, name, port, path, **_):
        """The /metrics of the one controller-manager, or the dashboard, which has archived nothing."""
        if name == "chaos-dashboard":
            return HttpAnswer(200, b"[]", "application/json")
        self._ask("look", name)
        lines = []
        for metric, labels, value in self.exposes():
            inside = ",".join(f'{label}="{text}"' for label, text in labels.items())
            lines.append(f"{metric}{{{inside}}} {value}")
        return HttpAnswer(200, "\n".join([*lines, ""]).encode(), "text/plain; version=0.0.4")

    def logs(self, namespace, pod, container, **_):
        self._ask("logs", "Pod")
        own = next(name for kind, _, name in self.objects if kind == "Namespace")
        return DAEMON_LOG.format(namespace=own)

    def text(self, path, timeout=None):
        self._ask("get", path)
        return json.dumps({} if path.endswith("/proxy/runningpods/") else _SERVED[path])

    def _allows(self, spec):
        """Decide as the API server does, by the rules as they were a moment ago."""
        wanted = spec["resourceAttributes"]
        resource = "/".join(filter(None, [wanted["resource"], wanted.get("subresource")]))
        rules = []
        for (kind, namespace, _), binding in self.objects.items():
            if kind not in ("ClusterRoleBinding", "RoleBinding"):
                continue
            if kind == "RoleBinding" and namespace != wanted.get("namespace"):
                continue
            names = {
                each["name"]
                if each["kind"] == "Group"
                else f"system:serviceaccount:{each['namespace']}:{each['name']}"
                for each in binding["subjects"]
            }
            if names & {spec["user"], *spec["groups"]}:
                reference = binding["roleRef"]
                place = namespace if reference["kind"] == "Role" else None
                role = self.objects[reference["kind"], place, reference["name"]]
                rules += role.get("in force", role["rules"])
        return rbac.allows(rules, wanted["group"], resource, wanted["verb"])

    # Components of Chaos Mesh, and what keeps their pods.

    def role(self, account, name, kind="ClusterRole", namespace=None, rules=None):
        """Bind a role to an account of Chaos Mesh; return it."""
        subject = {"kind": "ServiceAccount", "name": account, "namespace": CHAOS_MESH}
        self.put(f"{kind}Binding", name, namespace, roleRef={"kind": kind, "name": name}, subjects=[subject])
        return self.put(kind, name, namespace, rules=copy.deepcopy(rules or _RULES))

    def component(self, job, kind, name, replicas=1):
        """Install one whose pods run already."""
        template = {"spec": {"serviceAccountName": name}}
        owner = self.put(kind, name, CHAOS_MESH, spec={"replicas": replicas, "template": template}, job=job)
        if kind == "DaemonSet":
            del owner["spec"]["replicas"]
            owner["status"] = {"desiredNumberScheduled": replicas}
        seconds, self.pod_seconds = self.pod_seconds, 0
        self._reconcile(owner)
        self.clock.advance(0)
        self.pod_seconds = seconds
        return owner

    def pods_of(self, job):
        return [body["metadata"]["name"] for body in self._components() if body["component"] == job]

    def _components(self):
        return [body for body in self.objects.values() if "component" in body]

    def _reconcile(self, owner):
        job = owner.get("job", "workload")
        if owner["kind"] == "DaemonSet":
            wanted = owner["status"]["desiredNumberScheduled"]
        else:
            wanted = owner["spec"]["replicas"]
        with self._lock:
            there = [
                body
                for body in self._components()
                if body["component"] == job and "deletionTimestamp" not in body["metadata"]
            ]
        for _ in range(wanted - len(there)):
            self._start_pod(owner, job)
        for body in there[wanted:]:
            self._end_pod(body, None)

    def _start_pod(self, owner, job):
        name = f"{owner['metadata']['name']}-{self._uid + 1}"
        pod = self.put("Pod", name, owner["metadata"]["namespace"], component=job, owner=owner)
        pod["metadata"]["labels"] = {"app.kubernetes.io/component": job}
        pod["spec"] = {"nodeName": "n1", "containers": [{"name": job}]}
        pod["status"] = {"phase": "Pending"}

        def run():
            if job in self.broken:
                return
            running = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
            pod["status"] = {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": [{"name": job, "state": running, "containerID": f"containerd://{name}"}],
            }
            self.came(job, name)
            if job == "controller-manager" and not self._leads(owner["metadata"]["namespace"]):
                self.clock.after(self.pod_seconds, lambda: self._lead(pod))

        self.clock.after(self.pod_seconds, run)

    def _end_pod(self, pod, grace):
        """End a pod. The kubelet does not let a second deletion shorten the grace period of the first."""
        metadata = pod["metadata"]
        if "deletionTimestamp" in metadata:
            return
        grace = 30 if grace is None else grace
        metadata["deletionTimestamp"] = self._timestamp()
        metadata["deletionGracePeriodSeconds"] = grace

        self.clock.after(grace, lambda: self._gone(pod))
        self._reconcile(pod["owner"])

    def _gone(self, pod):
        if any(body is pod for body in self.objects.values()):
            self._remove(pod)
            self.went(pod["component"], pod["metadata"]["name"])

    def _leads(self, namespace):
        lease = self.objects.get(("Lease", namespace, "chaos-mesh"))
        holder = lease["spec"]["holderIdentity"].split("_")[0] if lease else ""
        return holder in self.pods_of("controller-manager")

    def _lead(self, pod):
        self.put("Lease", "chaos-mesh", CHAOS_MESH, spec={"holderIdentity": f"{pod['metadata']['name']}_1"})

    # Chaos Mesh.

    def _inject(self, body):
        if body["metadata"].get("deletionTimestamp"):
            return
        pods = self._there("Pod", body["metadata"]["namespace"], "chaos-harness/scrape=true")
        records = [
            {
                "id": f"{pod['metadata']['namespace']}/{pod['metadata']['name']}",
                "phase": "Injected" if self.injects else "Not Injected",
                "events": []
                if self.injects
                else [{"type": "Failed", "operation": "Apply", "message": "cannot start the container"}],
            }
            for pod in pods
        ]
        with self._lock:
            body["status"] = {
                "conditions": [
                    {"type": "Selected", "status": "True"},
                    {"type": "AllInjected", "status": str(self.injects)},
                ],
                "experiment": {"desiredPhase": "Run", "containerRecords": records},
            }
        if not self.injects:
            self._emit(body, "Warning", "Failed", "Failed to apply chaos: cannot start the container")
            return
        self._set_image(body, "pause:3" if self.affects else "workload:1")
        self._emit(body, "Normal", "Applied", "Successfully apply chaos")

    def _recover(self, body):
        self._set_image(body, "workload:1")
        self._emit(body, "Normal", "Recovered", "Successfully recover chaos")
        self._remove(body)

    def _emit(self, body, event_type, reason, message):
        namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
        event = self.put(
            "Event",
            f"{name}.{int(self.clock.now() * 1e9):x}",
            namespace,
            type=event_type,
            reason=reason,
            message=message,
            involvedObject={"kind": body["kind"], "name": name},
            source={"component": "records"},
        )
        event["metadata"]["creationTimestamp"] = self._timestamp()
        self.counted[namespace, event_type, reason] += 1
        with self._told:
            if self.watched:
                self._changes.append(event)
                self._told.notify_all()
                assert self._told.wait_for(lambda: not self._changes, _THREAD_SECONDS), "nobody listens"

    def _set_image(self, body, image):
        with self._lock:
            for (kind, namespace, _), pod in self.objects.items():
                if kind == "Pod" and namespace == body["metadata"]["namespace"]:
                    pod["status"]["containerStatuses"][0]["image"] = image

    def _make_pods(self, owner):
        for index in range(owner["spec"]["replicas"]):
            self._make_pod(owner, f"{owner['metadata']['name']}-{index}")

    def _make_pod(self, owner, name):
        container, index = name.rsplit("-", 1)
        pod = self.put("Pod", name, owner["metadata"]["namespace"], set=owner)
        pod["metadata"]["labels"] = owner["spec"]["template"]["metadata"]["labels"]
        pod["spec"] = {"nodeName": "n1", "containers": [{"name": container}]}
        status = {"name": container, "image": "workload:1", "containerID": f"containerd://{name}"}
        pod["status"] = {
            "podIP": f"10.0.0.{int(index) + 1}",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [status],
        }
        self.came("workload", f"{owner['metadata']['namespace']}/{name}")

    # The rest.

    def _ask(self, verb, kind, *what):
        self.requests.append((verb, kind, *what))
        self.clock.advance(_REQUEST_SECONDS)
        if self.down:
            raise UnreachableError(f"cannot {verb} {kind}: no answer", next_step="look at the API server")
        if hook := self.hooks.get((verb, kind)):
            hook()

    def _there(self, kind, namespace, label_selector=None):
        with self._lock:
            found = [
                copy.deepcopy(body)
                for (each, where, _), body in self.objects.items()
                if each == kind and namespace in (None, where)
            ]
        for part in (label_selector or "").split(","):
            label, _, value = part.partition("=")
            if label.endswith("!"):
                found = [body for body in found if _labels(body).get(label[:-1]) != value]
            elif label:
                found = [body for body in found if _labels(body).get(label) == value]
        return found

    def _remove(self, body):
        metadata = body["metadata"]
        with self._lock:
            own = metadata["name"] if body["kind"] == "Namespace" else ""
            inside = [key for key in self.objects if own and key[1] == own]
            if any((kind, name) in self.immortal for kind, _, name in inside):
                return
            for key in [*inside, (body["kind"], metadata.get("namespace"), metadata["name"])]:
                self.objects.pop(key, None)

    def _end_watch(self):
        with self._told:
            self.watched = False
            self._told.notify_all()

    def _timestamp(self):
        return datetime.fromtimestamp(self.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _key(body):
    return body["kind"], body["metadata"]["namespace"], body["metadata"]["name"]


def _merge(body, change):
    """Apply a JSON merge patch."""
    for key, value in change.items():
        if value is None:
            body.pop(key, None)
        elif isinstance(value, dict):
            _merge(body.setdefault(key, {}), value)
        else:
            body[key] = value


def _labels(body):
    return body["metadata"].get("labels") or {}


def _phase(body):
    if body["metadata"].get("deletionTimestamp"):
        return "deleting"
    conditions = (body.get("status") or {}).get("conditions") or []
    met = {condition["type"] for condition in conditions if condition["status"] == "True"}
    return "running" if {"Selected", "AllInjected"} <= met else "injecting"
