"""Calls kubectl for one cluster, with its own kubeconfig: bounded, logged, never the user's context.

For what kubectl has and the API has not: `apply`, which finds the paths of kinds that a manifest has just
made, and `rollout status` and `wait`, which know when an object of each kind is as it should be. Whatever is
only read goes through harness/kubernetes/client.py.
"""

from __future__ import annotations

import threading
import time
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

    def pause(self, seconds: float) -> None:
        """Wait between two tries of something else that is done beside these calls.

        Raises:
            CommandError: the calls were cancelled.
        """
        if self.cancel is None:
            time.sleep(seconds)
        elif self.cancel.wait(seconds):
            raise process.CommandError("cancelled")

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
