"""What can be chosen of a cluster that is there already; nothing of it counts without `--context`."""

from __future__ import annotations

import argparse
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from harness.base.errors import UsageError

HEADERS_VARIABLE = "CHAOS_HARNESS_PROMETHEUS_HEADERS"
"""The environment variable with the headers of requests to `--prometheus-url`: `Name: value`, one a line."""

LABELS = ("namespace", "pod", "container", "node", "instance", "job")
"""The labels that scenarios name and that another's scrape configuration may rename."""

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_SLUG = re.compile(r"[^a-z0-9]+")
_LONGEST_SLUG = 22


@dataclass(frozen=True)
class ExistingOptions:
    """Which cluster, and what of it is used.

    Attributes:
        context: of the kubeconfig; never its current one by default.
        kubeconfig: the file; None for those of KUBECONFIG, or ~/.kube/config.
        prometheus_url: the Prometheus that scrapes Chaos Mesh there already; None to install one.
        prometheus_labels: the harness' name of a label to the one that this Prometheus has in its place.
        install_chaos_mesh: install it when it is not there.
        prometheus_image, workload_image: in place of the pinned ones; the nodes have to be able to pull them.
    """

    context: str
    kubeconfig: Path | None = None
    prometheus_url: str | None = None
    prometheus_labels: tuple[tuple[str, str], ...] = ()
    install_chaos_mesh: bool = False
    prometheus_image: str | None = None
    workload_image: str | None = None

    @property
    def place(self) -> str:
        """The name of the folder in the state folder; no kind cluster has it by chance."""
        digest = hashlib.sha256(f"{self.kubeconfig or ''}\n{self.context}".encode()).hexdigest()[:8]
        slug = _SLUG.sub("-", self.context.lower()).strip("-")[:_LONGEST_SLUG].strip("-")
        return f"context-{slug}-{digest}" if slug else f"context-{digest}"

    @property
    def words(self) -> str:
        """The options that name the cluster, for messages."""
        named = f" --kubeconfig {self.kubeconfig}" if self.kubeconfig else ""
        return f"--context {self.context}{named}"

    def check(self) -> None:
        """Raise UsageError for values that cannot work."""
        if not self.context.strip():
            raise UsageError("--context is empty", next_step="name a context: kubectl config get-contexts")
        if self.prometheus_url is None:
            if self.prometheus_labels:
                raise UsageError(
                    "--prometheus-label is about a Prometheus that is there already",
                    next_step="name it with --prometheus-url URL, or leave --prometheus-label out",
                )
            return
        if self.prometheus_image is not None:
            raise UsageError(
                "--prometheus-image is of the Prometheus that the harness installs, and --prometheus-url "
                "names another",
                next_step="leave one of them out",
            )
        _check_url(self.prometheus_url)


def label(text: str) -> tuple[str, str]:
    """Return the two names of `harness=theirs`, as a type of argparse."""
    ours, equals, theirs = text.partition("=")
    if not equals or not _LABEL.fullmatch(theirs):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not LABEL=THEIRS, such as namespace=exported_namespace"
        )
    if ours not in LABELS:
        raise argparse.ArgumentTypeError(f"{ours!r} is none of {', '.join(LABELS)}")
    return ours, theirs


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    try:
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment:
        raise UsageError(
            f"--prometheus-url {url!r} is no address of a Prometheus",
            next_step="write http://HOST:PORT or https://HOST/PREFIX, what comes before /api/v1/query",
        )
    if parts.username or parts.password:
        raise UsageError(
            "--prometheus-url holds a user name or a password",
            next_step=f"leave it out of the address, and set {HEADERS_VARIABLE}='Authorization: Basic ...'",
        )
