"""The objects of a run in the cluster: a ConfigMap that says what it is, and Jobs of its shards. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from harness.chaosmesh.roles import ACCOUNT
from harness.kubernetes.client import Object
from harness.kubernetes.namespaces import HARNESS_NAMESPACE, INSTALLED, MANAGED_BY, MANAGER
from harness.stack.in_cluster.joined import VARIABLE, JoinedRun

LABEL = "chaos-harness/in-cluster"
"""Of all of these objects: the id of the run."""
PORT = 8080
"""Where a shard hands out its report; the pod is Ready once it does."""
GRACE_SECONDS = 300
"""What a shard has for its clean-up, once it is asked to end."""
TOKENS = "/var/run/secrets/chaos-harness"
WORK = "/work"
RUN_FILE = "run.json"
CONTAINER = "shard"
FIRST = "CHAOS_HARNESS_FIRST_SHARD"
"""The environment variable with the number of the shard whose index in its Job is 0."""

_RUN_FOLDER = "/run-of-harness"
_KEPT_SECONDS = 600
_LEAST_TOKEN_SECONDS = 3600
_USER = 65532
_REPORT_SIZE = "4Gi"
_RESOURCES = {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "2Gi"}}


@dataclass(frozen=True)
class ShardJob:
    """One Job: shards that run beside each other.

    Attributes:
        run: the id of the run.
        first: the number of its first shard, from 1.
        shards: how many it has.
        image: of the harness.
        seconds: after which it is ended.
        identity: of the cluster, for the label of what the harness installs.
    """

    run: str
    first: int
    shards: int
    image: str
    seconds: int
    identity: str

    @property
    def name(self) -> str:
        """Its name, in the harness' namespace."""
        return f"{config_name(self.run)}-from-{self.first}"

    def body(self) -> Object:
        """Return the Job."""
        labels = {**_labels(self.run, self.identity), "job": self.name}
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": self.name, "namespace": HARNESS_NAMESPACE, "labels": labels},
            "spec": {
                "completionMode": "Indexed",
                "completions": self.shards,
                "parallelism": self.shards,
                # A shard that ends otherwise than by itself is told of, and not run again.
                "backoffLimitPerIndex": 0,
                "podReplacementPolicy": "Failed",
                "activeDeadlineSeconds": self.seconds,
                "ttlSecondsAfterFinished": _KEPT_SECONDS,
                "template": {"metadata": {"labels": labels}, "spec": self._pod()},
            },
        }

    def _pod(self) -> Object:
        environment = {VARIABLE: f"{_RUN_FOLDER}/{RUN_FILE}", FIRST: str(self.first), "HOME": WORK}
        return {
            "serviceAccountName": ACCOUNT,
            # Ours below does not end before the Job does.
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": GRACE_SECONDS,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": _USER,
                "runAsGroup": _USER,
                "fsGroup": _USER,
            },
            "containers": [
                {
                    "name": CONTAINER,
                    "image": self.image,
                    "imagePullPolicy": "IfNotPresent",
                    "env": [{"name": name, "value": value} for name, value in environment.items()],
                    "ports": [{"containerPort": PORT}],
                    "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
                    "resources": _RESOURCES,
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "terminationMessagePolicy": "FallbackToLogsOnError",
                    "volumeMounts": [
                        {"name": "work", "mountPath": WORK},
                        {"name": "run", "mountPath": _RUN_FOLDER, "readOnly": True},
                        {"name": "account", "mountPath": TOKENS, "readOnly": True},
                    ],
                }
            ],
            "volumes": [
                {"name": "work", "emptyDir": {"sizeLimit": _REPORT_SIZE}},
                {"name": "run", "configMap": {"name": config_name(self.run)}},
                {"name": "account", "projected": {"sources": self._account()}},
            ],
        }

    def _account(self) -> list[Object]:
        seconds = max(_LEAST_TOKEN_SECONDS, self.seconds + GRACE_SECONDS)
        authority = {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
        return [
            {"serviceAccountToken": {"path": "token", "expirationSeconds": seconds}},
            {"configMap": authority},
        ]


def config_name(run: str) -> str:
    """Return the name of the ConfigMap of a run, with which the names of its Jobs begin."""
    return f"chaos-harness-run-{run}"


def config_map(joined: JoinedRun, identity: str) -> Object:
    """Return the ConfigMap that says what run it is."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": config_name(joined.run),
            "namespace": HARNESS_NAMESPACE,
            "labels": _labels(joined.run, identity),
        },
        "data": {RUN_FILE: joined.model_dump_json()},
    }


def index_of(pod: Object) -> int | None:
    """Return which of its Job's pods one is, from 0; None when it is no pod of such a Job."""
    text = (pod["metadata"].get("annotations") or {}).get("batch.kubernetes.io/job-completion-index", "")
    return int(text) if text.isdecimal() else None


def _labels(run: str, identity: str) -> dict[str, str]:
    return {MANAGED_BY: MANAGER, LABEL: run, INSTALLED: identity}
