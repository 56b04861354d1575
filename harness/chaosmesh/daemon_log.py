"""What the chaos-daemons logged as errors: the cause of a failed injection is nowhere else.

The controller keeps only the outermost words ("unable to set tcs for pod x") in records, events and the
status of PodNetworkChaos; "Specified qdisc kind is unknown" is in the daemon's log alone (release 2.8).
"""

from __future__ import annotations

import json

from harness.chaosmesh.daemons import Daemons
from harness.kubernetes.client import Cluster

_SHOWN = 5


def errors(cluster: Cluster, chaos_mesh_namespace: str, namespace: str, seconds: int) -> list[str]:
    """Return the different errors that were logged about pods of a namespace, the newest last.

    Args:
        cluster: where.
        chaos_mesh_namespace: where Chaos Mesh runs.
        namespace: the scenario's.
        seconds: how far to look back.

    Raises:
        ApiError: a log could not be read.
        InfrastructureError: no daemon runs.
    """
    found: list[str] = []
    for daemon in Daemons(cluster, chaos_mesh_namespace).all():
        log = cluster.logs(chaos_mesh_namespace, daemon.pod, daemon.container, seconds=seconds)
        found += [f"chaos-daemon on {daemon.node}: {text}" for text in errors_in(log, namespace)]
    return found


def errors_in(log: str, namespace: str) -> list[str]:
    """Return the different errors in a log that name a pod of the namespace, the newest last.

    A line is `time TAB level TAB logger TAB caller TAB message TAB {fields}`.
    """
    texts: dict[str, None] = {}
    for line in log.splitlines():
        parts = line.split("\t", 5)
        if len(parts) != 6 or parts[1] != "ERROR" or f'"{namespace}/' not in parts[5]:
            continue
        try:
            fields = json.loads(parts[5])
        except ValueError:
            continue
        text = f"{parts[4]}: {' '.join(str(fields.get('error', '')).split())}"
        texts.pop(text, None)
        texts[text] = None
    return list(texts)[-_SHOWN:]
