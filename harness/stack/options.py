"""What can be chosen of a stack, and the options for it: of `chaos-harness` and of pytest alike.

`argparse` and pytest take the same arguments for an option, so each is declared once and added to either.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from harness.base.defaults import DEFAULT_CLUSTER, DEFAULT_INTERVAL
from harness.base.errors import UsageError
from harness.stack import cluster_name
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
        kubernetes_version: of the node image in registry mode instead of that of the pinned kind.
        fresh: delete the cluster first.
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
    kubernetes_version: str | None = None
    fresh: bool = False

    def check(self) -> None:
        """Raise UsageError for values that cannot work."""
        cluster_name.check(self.cluster)
        if not 0 <= self.workers <= _MOST_WORKERS:
            raise UsageError(f"{self.workers} worker nodes", next_step=f"use 0 to {_MOST_WORKERS}")
        if not _LEAST_INTERVAL <= self.scrape_interval <= _MOST_INTERVAL:
            raise UsageError(
                f"a scrape interval of {self.scrape_interval:g} s",
                next_step=f"use {_LEAST_INTERVAL:g} to {_MOST_INTERVAL} seconds",
            )
        self.helm_values.check()

    @property
    def helm_values(self) -> HelmValues:
        """The user's values for the chart."""
        return HelmValues(self.helm_files, self.helm_set)


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
        """Add it: `to` is `add_argument` of a parser, or `addoption` of a group of pytest's."""
        to(self.name, *self.former, **self.arguments)


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
        "--kubernetes-version",
        {"metavar": "V", "help": "Kubernetes version of the nodes, such as 1.34.0 (with registry images)"},
    ),
    Option("--fresh", {"action": "store_true", "help": "delete and re-create the cluster first"}),
)
"""One for each field of UpOptions."""


def _namespace(text: str) -> str:
    # The rules of boundaries take time to load.
    from harness.chaosmesh.boundary import namespace  # noqa: PLC0415

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


def up_options(value: Callable[[str], Any]) -> UpOptions:
    """Return what the options of STACK made of a command line; `value` gives that of a field."""
    given = {each.name: value(each.name) for each in fields(UpOptions)}
    several: dict[str, Any] = {name: tuple(of) for name, of in given.items() if isinstance(of, list)}
    return UpOptions(**{**given, **several})
