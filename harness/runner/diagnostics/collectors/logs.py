"""Logs of Chaos Mesh's components around the time."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.base.errors import HarnessError
from harness.kubernetes.client import Object
from harness.kubernetes.errors import UnreachableError
from harness.runner.diagnostics.scene import DiagnosticsContext

_BEFORE_SECONDS = 5
_MOST_SECONDS = 300

# What chaos-daemon logs for each container at each scrape, about 40 lines a second (release 2.8).
_OF_SCRAPES = ("iptables-save -c", "ipset save -o xml", "tc qdisc")


def collect(scene: DiagnosticsContext) -> Iterator[tuple[str, str]]:
    """Logs of all components of Chaos Mesh since shortly before the step that failed."""
    yield from logs_of(scene, scene.cluster.list("Pod", scene.chaos_mesh_namespace), "logs")


def logs_of(scene: DiagnosticsContext, pods: list[Object], folder: str) -> Iterator[tuple[str, str]]:
    """Yield the logs of all containers of some pods since shortly before what failed."""
    seconds = min(math.ceil(scene.seconds) + _BEFORE_SECONDS, _MOST_SECONDS)
    for pod in pods:
        name, namespace = str(pod["metadata"]["name"]), str(pod["metadata"]["namespace"])
        restarted = {
            str(each["name"])
            for each in (pod.get("status") or {}).get("containerStatuses") or []
            if each.get("restartCount")
        }
        for container in pod["spec"]["containers"]:
            for previous in (False, True) if container["name"] in restarted else (False,):
                file = f"{folder}/{name}-{container['name']}{'-before-restart' if previous else ''}.log"
                try:
                    log = scene.cluster.logs(
                        namespace, name, container["name"], seconds=seconds, previous=previous
                    )
                except UnreachableError:
                    raise
                except HarnessError as error:
                    log = "\n".join([str(error), *error.details, ""])
                yield file, _without_scrapes(log)


def _without_scrapes(log: str) -> str:
    lines = log.splitlines(keepends=True)
    kept = [line for line in lines if not any(command in line for command in _OF_SCRAPES)]
    if len(kept) == len(lines):
        return log
    return (
        f"# {len(lines) - len(kept)} lines about commands that each scrape runs are left out\n{''.join(kept)}"
    )
