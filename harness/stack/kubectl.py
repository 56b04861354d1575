"""Calls kubectl for one cluster, with its own kubeconfig: bounded, logged, never the user's context."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.base import process

REQUEST_SECONDS = 10.0

_WARNINGS = 5


@dataclass(frozen=True)
class Kubectl:
    """One cluster, as kubectl reaches it.

    Attributes:
        program: the kubectl to call.
        kubeconfig: the cluster's own.
        log: where output is appended.
        cancel: ends every call once it is set.
    """

    program: Path
    kubeconfig: Path
    log: Path | None = None
    cancel: threading.Event | None = None

    def run(self, name: str, *args: str, timeout: float = REQUEST_SECONDS, **options: Any) -> process.Result:
        """Run kubectl with `args`; the rest is as `harness.base.process.run` says."""
        options.setdefault("log", self.log)
        options.setdefault("cancel", self.cancel)
        return process.run(
            name, [self.program, "--kubeconfig", self.kubeconfig, *args], timeout=timeout, **options
        )

    def json(self, name: str, *args: str, timeout: float = REQUEST_SECONDS) -> Any:
        """Return what `kubectl ... --output json` prints, without logging it (it may be long)."""
        request = f"--request-timeout={timeout:.0f}s"
        result = self.run(name, *args, "--output=json", request, timeout=timeout + 2, log=None)
        return json.loads(result.stdout)

    def raw(self, name: str, path: str, *, timeout: float = REQUEST_SECONDS) -> str:
        """Return the body of a GET on the API server; raises CommandError on any status but 2xx."""
        request = f"--request-timeout={timeout:.0f}s"
        return self.run(name, "get", "--raw", path, request, timeout=timeout + 2, log=None).stdout

    def apply(self, name: str, manifest: str, *, timeout: float = 60.0) -> None:
        """Apply a manifest server-side: objects larger than an annotation may be included."""
        self.run(
            name,
            "apply",
            "--server-side",
            "--force-conflicts",
            "--filename=-",
            timeout=timeout,
            input_text=manifest,
        )

    def rollout(self, kind: str, namespace: str, name: str, *, timeout: float) -> None:
        """Wait until a Deployment or DaemonSet runs as it should.

        Raises:
            CommandError: it does not in time; with the namespace's last warnings, which say why.
        """
        try:
            self.run(
                f"wait for {kind} {namespace}/{name}",
                "rollout",
                "status",
                f"{kind}/{name}",
                f"--namespace={namespace}",
                f"--timeout={timeout:.0f}s",
                timeout=timeout + 5,
            )
        except process.CommandError as error:
            error.details += self.warnings(namespace)
            raise

    def warnings(self, namespace: str) -> list[str]:
        """Return the last warnings among a namespace's events, for messages; none when nobody answers."""
        shown = "--output=jsonpath={range .items[*]}{.involvedObject.name}: {.message}{'\\n'}{end}"
        result = self.run(
            "read the events",
            "get",
            "events",
            f"--namespace={namespace}",
            "--field-selector=type=Warning",
            "--sort-by=.lastTimestamp",
            shown,
            check=False,
            cancel=None,
        )
        return result.stdout.splitlines()[-_WARNINGS:] if result.returncode == 0 else []


def service_path(namespace: str, name: str, port: int, path: str) -> str:
    """Return the API server's path to a Service's HTTP `path`: no port-forward is needed."""
    return f"/api/v1/namespaces/{namespace}/services/{name}:{port}/proxy/{path.lstrip('/')}"
