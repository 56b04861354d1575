"""What can be chosen of a stack, and the options for it: of `chaos-harness` and of pytest alike.

`argparse` and pytest take the same arguments for an option, so each is declared once and added to either.
"""

from __future__ import annotations

import argparse
import math
import os
import shlex
from collections.abc import Callable, Iterable
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from harness.base import redaction
from harness.base.defaults import DEFAULT_CLUSTER, DEFAULT_INTERVAL
from harness.base.errors import UsageError
from harness.stack import cluster_name
from harness.stack.existing.options import HEADERS_VARIABLE, ExistingOptions, label
from harness.stack.helm_values import HelmValues

ImageMode = Literal["auto", "registry", "source"]

_LEAST_INTERVAL, _MOST_INTERVAL = 0.2, 300
_MOST_WORKERS = 10


@dataclass(frozen=True)
class UpOptions:
    """What to bring up.

    Attributes:
        cluster: the kind cluster's name.
        images: where images come from; auto probes the registry.
        workers: nodes besides the control plane, which takes pods too.
        scrape_interval: of Prometheus, seconds.
        chaos_mesh_source: a checkout of Chaos Mesh to build instead of the pinned version.
        chaos_mesh_version: the release to install in registry mode instead of the pinned one.
        chaos_mesh_images: archives, folders of archives or tags in the engine, with the images of Chaos Mesh.
        chaos_mesh_chart: a folder, a package or a version, in place of the chart that comes with the images.
        helm_set, helm_files: values for the chart, `key=value` and YAML files.
        daemon_programs: a folder with toda or tproxy, for images from source.
        kubernetes_version: of the node image in registry mode instead of that of the pinned kind.
        fresh: delete the cluster first.
        alert_rules: files with the user's alert and recording rules for our Prometheus, beside its own.
        uml_worker: with a worker in user-mode Linux, see `harness.stack.uml`.
        existing: a cluster that is there already, in place of a kind cluster; None without `--context`.
    """

    cluster: str = DEFAULT_CLUSTER
    images: ImageMode = "auto"
    workers: int = 0
    scrape_interval: float = DEFAULT_INTERVAL
    chaos_mesh_source: Path | None = None
    chaos_mesh_version: str | None = None
    chaos_mesh_images: tuple[str, ...] = ()
    chaos_mesh_chart: str | None = None
    helm_set: tuple[str, ...] = ()
    helm_files: tuple[Path, ...] = ()
    daemon_programs: Path | None = None
    kubernetes_version: str | None = None
    fresh: bool = False
    alert_rules: tuple[Path, ...] = ()
    uml_worker: bool = False
    existing: ExistingOptions | None = None

    @property
    def place(self) -> str:
        """The name of the cluster's folder in the state folder."""
        return self.cluster if self.existing is None else self.existing.place

    @property
    def words(self) -> str:
        """The options that name the cluster, for messages; empty for the default one."""
        if self.existing is not None:
            return self.existing.words
        return f"--cluster {self.cluster}" if self.cluster != DEFAULT_CLUSTER else ""

    def check(self) -> None:
        """Raise UsageError for values that cannot work."""
        cluster_name.check(self.cluster)
        if self.existing is not None:
            self._check_existing(self.existing)
        if not 0 <= self.workers <= _MOST_WORKERS:
            raise UsageError(f"{self.workers} worker nodes", next_step=f"use 0 to {_MOST_WORKERS}")
        if not _LEAST_INTERVAL <= self.scrape_interval <= _MOST_INTERVAL:
            raise UsageError(
                f"a scrape interval of {self.scrape_interval:g} s",
                next_step=f"use {_LEAST_INTERVAL:g} to {_MOST_INTERVAL} seconds",
            )
        self.helm_values.check()
        from harness.stack import alerts

        alerts.sooner(self.scrape_interval, self.alert_rules)

    @property
    def helm_values(self) -> HelmValues:
        """The user's values for the chart."""
        return HelmValues(self.helm_files, self.helm_set)

    def _check_existing(self, existing: ExistingOptions) -> None:
        existing.check()
        default = UpOptions()
        of_kind = {
            "--cluster": "cluster",
            "--worker-nodes": "workers",
            "--kubernetes-version": "kubernetes_version",
            "--fresh": "fresh",
            "--uml-worker": "uml_worker",
            "--chaos-mesh-images": "chaos_mesh_images",
            "--daemon-programs": "daemon_programs",
        }
        given = [name for name, field in of_kind.items() if getattr(self, field) != getattr(default, field)]
        if self.alert_rules and existing.prometheus_url is not None:
            raise UsageError(
                "--alert-rules are for the Prometheus of the harness, not for the one of --prometheus-url",
                next_step="give that one the rules itself, and leave out --alert-rules",
            )
        if self.images == "source" and not existing.install_chaos_mesh:
            given.append("--images source")
        if given:
            raise UsageError(
                f"{', '.join(given)} cannot go with --context: the cluster is there, and stays as it is",
                next_step=f"leave out {', '.join(given)}, or --context for a kind cluster of the harness",
            )
        of_the_chart = (
            self.chaos_mesh_version,
            self.chaos_mesh_source,
            self.chaos_mesh_chart,
            self.helm_set,
            self.helm_files,
        )
        if any(of_the_chart) and not existing.install_chaos_mesh:
            raise UsageError(
                "version, checkout, chart and values are of a Chaos Mesh that the harness installs",
                next_step="add --install-chaos-mesh, or leave them out: the one that is there is used",
            )


_ON, _OFF = ("true", "1", "yes", "on"), ("false", "0", "no", "off", "")


@dataclass(frozen=True)
class Option:
    """An option of a command line.

    Attributes:
        name: with its dashes.
        arguments: of `add_argument`.
        former: its name in earlier releases, which still works.
    """

    name: str
    arguments: dict[str, Any]
    former: tuple[str, ...] = ()

    def add(self, to: Callable[..., Any]) -> None:
        """Add it to a parser, whose `add_argument` is `to`; the environment has the default.

        Raises:
            UsageError: what the environment has for it is wrong.
        """
        arguments = dict(self.arguments)
        if (text := os.environ.get(self.variable)) and (found := self.read(text, self.variable)) is not None:
            arguments["default"] = found
        to(self.name, *self.former, **arguments)

    @property
    def dest(self) -> str:
        """Where its value is, as of argparse."""
        return str(self.arguments.get("dest", self.name[2:].replace("-", "_")))

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"CHAOS_HARNESS_{self.name[2:].replace('-', '_').upper()}"

    @property
    def default(self) -> Any:
        """Its value where nobody sets it."""
        return self.arguments.get("default", False if self.is_flag else None)

    @property
    def is_flag(self) -> bool:
        """Whether it takes no value."""
        return self.arguments.get("action") == "store_true"

    @property
    def is_list(self) -> bool:
        """Whether it takes several values: given several times, or several words."""
        return self.arguments.get("action") in ("append", "extend")

    def read(self, written: str | list[str], where: str) -> Any:
        """Return the value that a text stands for, as it would on the command line.

        Args:
            written: the text, in which several values are words as a shell reads them; or these words.
            where: it stands, for the message.

        Raises:
            UsageError: it is no value for the option.
        """
        text = written if isinstance(written, str) else shlex.join(written)
        if self.is_flag:
            if text.lower() not in (*_ON, *_OFF):
                raise UsageError(f"{where}: {text!r} is not true or false")
            return text.lower() in _ON
        if self.is_list:
            words = shlex.split(written) if isinstance(written, str) else written
            return [self._value(word, where) for word in words]
        return self._value(text, where)

    def _value(self, text: str, where: str) -> Any:
        try:
            value = self.arguments.get("type", str)(text)
        except (ValueError, argparse.ArgumentTypeError) as error:
            raise UsageError(f"{where}: {error}", next_step=f"write it as for {self.name}") from error
        choices = self.arguments.get("choices", (value,))
        if value not in choices:
            raise UsageError(f"{where}: {text!r} is none of {', '.join(choices)}")
        return value


def _path(text: str) -> Path:
    return Path(text).resolve()


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return value


CLUSTER = Option(
    "--cluster",
    {
        "type": cluster_name.argument,
        "default": UpOptions.cluster,
        "metavar": "NAME",
        "help": "name of the kind cluster (default: %(default)s)",
    },
)
SCRAPE_INTERVAL = Option(
    "--scrape-interval",
    {
        "type": _seconds,
        "default": UpOptions.scrape_interval,
        "metavar": "S",
        "help": f"scrape interval of Prometheus in seconds (default: {UpOptions.scrape_interval:g})",
    },
)
STACK = (
    CLUSTER,
    Option(
        "--images",
        {
            "choices": get_args(ImageMode),
            "default": UpOptions.images,
            "help": "pull images (registry), build them (source), or probe first (auto, the default)",
        },
    ),
    Option(
        "--worker-nodes",
        {
            "dest": "workers",
            "type": int,
            "default": UpOptions.workers,
            "metavar": "N",
            "help": "number of nodes besides the control plane (default: %(default)s)",
        },
        former=("--workers",),
    ),
    SCRAPE_INTERVAL,
    Option(
        "--chaos-mesh-source",
        {"type": _path, "metavar": "DIR", "help": "build and install this checkout of Chaos Mesh"},
    ),
    Option(
        "--chaos-mesh-version",
        {"metavar": "V", "help": "release of Chaos Mesh to install (with registry images)"},
    ),
    Option(
        "--chaos-mesh-images",
        {
            "nargs": "+",
            "action": "extend",
            "default": [],
            "metavar": "FILE|TAG",
            "help": "images of Chaos Mesh to install: archives (docker save), folders of them, or tags in "
            "the local engine",
        },
    ),
    Option(
        "--chaos-mesh-chart",
        {"metavar": "DIR|TGZ|V", "help": "chart of Chaos Mesh to install: a folder, a package or a version"},
    ),
    Option(
        "--set",
        {
            "dest": "helm_set",
            "action": "append",
            "default": [],
            "metavar": "KEY=VALUE",
            "help": "value for the chart of Chaos Mesh, as of helm; repeatable",
        },
    ),
    Option(
        "--values",
        {
            "dest": "helm_files",
            "action": "append",
            "type": _path,
            "default": [],
            "metavar": "FILE",
            "help": "YAML file with values for the chart of Chaos Mesh; repeatable",
        },
    ),
    Option(
        "--daemon-programs",
        {
            "type": _path,
            "metavar": "DIR",
            "help": "folder with toda, tproxy or both, which built images of chaos-daemon lack (with images "
            "from source)",
        },
    ),
    Option(
        "--kubernetes-version",
        {"metavar": "V", "help": "Kubernetes version of the nodes, such as 1.34.0 (with registry images)"},
    ),
    Option("--fresh", {"action": "store_true", "help": "delete and re-create the cluster first"}),
    Option(
        "--alert-rules",
        {
            "action": "append",
            "type": _path,
            "default": [],
            "metavar": "FILE",
            "help": "file with alert and recording rules for the Prometheus of the harness; repeatable",
        },
    ),
    Option(
        "--uml-worker",
        {
            "action": "store_true",
            "help": "add a worker with a kernel of its own, user-mode Linux: netem, prio, sfq, ebtables and "
            "cgroup v2 where this machine's kernel lacks them (with images from source)",
        },
    ),
)
"""One for each field of UpOptions."""


EXISTING = (
    Option(
        "--context",
        {
            "metavar": "NAME",
            "help": "use the cluster of this context of the kubeconfig, which is there already, and make no "
            "kind cluster; the current context is never used by itself",
        },
    ),
    Option(
        "--kubeconfig",
        {
            "type": _path,
            "metavar": "FILE",
            "help": "with --context: the kubeconfig (default: $KUBECONFIG, else ~/.kube/config)",
        },
    ),
    Option(
        "--prometheus-url",
        {
            "metavar": "URL",
            "help": "with --context: use the Prometheus (or Thanos, Mimir, VictoriaMetrics) at this address, "
            f"which scrapes Chaos Mesh already; headers for it are in ${HEADERS_VARIABLE}",
        },
    ),
    Option(
        "--prometheus-label",
        {
            "dest": "prometheus_labels",
            "type": label,
            "action": "append",
            "metavar": "LABEL=THEIRS",
            "help": "with --prometheus-url: the label that it has in place of namespace, pod, container, "
            "node, instance or job; repeatable",
        },
    ),
    Option(
        "--install-chaos-mesh",
        {
            "action": "store_true",
            "help": "with --context: install Chaos Mesh by its chart if it is not there",
        },
    ),
    Option(
        "--prometheus-image",
        {"metavar": "IMAGE", "help": "with --context: image of the Prometheus that is installed"},
    ),
    Option(
        "--workload-image",
        {"metavar": "IMAGE", "help": "with --context: image of the pods that chaos hits, with python3"},
    ),
)
"""One for each field of ExistingOptions."""

CONTEXT = EXISTING[:2]
"""What names a cluster that is there already."""


def _namespace(text: str) -> str:
    # The rules of boundaries take time to load.
    from harness.chaosmesh.boundary import namespace

    return namespace(text)


ALLOW_NAMESPACE = Option(
    "--allow-namespace",
    {
        "type": _namespace,
        "action": "append",
        "default": [],
        "metavar": "NAME",
        "help": "another namespace that scenarios may reach; repeatable",
    },
)


def named(cluster: str, context: str | None, kubeconfig: Path | None) -> UpOptions:
    """Return the options that do nothing but name a cluster.

    Raises:
        UsageError: they contradict each other.
    """
    values = {"context": context, "kubeconfig": kubeconfig}
    of = [each for each in fields(ExistingOptions) if each.name in values]
    chosen = UpOptions(cluster=cluster, existing=existing_options(values.__getitem__, of))
    chosen.check()
    return chosen


def up_options(value: Callable[[str], Any]) -> UpOptions:
    """Return what the options of STACK and EXISTING made of a command line; `value` gives that of a field.

    Secrets among the values for the chart are hidden in all output from now on.

    Raises:
        UsageError: an option needs `--context`, which is not there.
    """
    given = {each.name: value(each.name) for each in fields(UpOptions) if each.name != "existing"}
    several: dict[str, Any] = {name: tuple(of) for name, of in given.items() if isinstance(of, list)}
    chosen = UpOptions(**{**given, **several}, existing=existing_options(value, fields(ExistingOptions)))
    redaction.remember(chosen.helm_values.secrets())
    return chosen


def existing_options(value: Callable[[str], Any], of: Iterable[Field[Any]]) -> ExistingOptions | None:
    """Return what names a cluster that is there already; None without `--context`.

    Args:
        value: gives the value of a field.
        of: the fields that the command line has options for.

    Raises:
        UsageError: an option needs `--context`, which is not there.
    """
    chosen = {each.name: value(each.name) for each in of}
    if "prometheus_labels" in chosen:
        chosen["prometheus_labels"] = tuple(chosen["prometheus_labels"] or ())
    if chosen["context"] is not None:
        return ExistingOptions(**chosen)
    if given := [name for name, found in chosen.items() if found]:
        names = {each.arguments.get("dest", each.name[2:].replace("-", "_")): each.name for each in EXISTING}
        raise UsageError(
            f"{', '.join(names[each] for each in given)} needs --context",
            next_step="name the cluster with --context NAME; the current context is never used by itself",
        )
    return None
