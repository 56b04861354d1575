"""How long `up` takes against the bare sequence of the same commands, one after the other.

    python -m benchmarks.up_against_bare [PAIRS]

Images have to be there. The bare sequence is: kind create cluster, CRDs, images and pod network (nothing
runs without them), helm install and its rollout, Prometheus and its rollout. `up` also checks the CRDs, waits
for the first scrapes and reads the identity back.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path

from harness import image_build
from harness.base.progress import Progress
from harness.kubernetes.client import Cluster
from harness.stack import chaosmesh, cni, engine, kind, preflight, prometheus
from harness.stack.kubectl import Kubectl
from harness.stack.options import UpOptions
from harness.stack.up import down, up

CLUSTER = "bench"


def bare(folder: Path) -> float:
    """Run the sequence; return its seconds."""
    quiet = Progress((folder / "progress").open("a"))
    where = engine.find(quiet)
    got = image_build.prepare("source", engine=where, progress=quiet, logs=folder)
    text = kind.config(got, workers=0, cgroup_v1=preflight.cgroup_version(Path("/")) != "v2")
    kubeconfig = folder / "kubeconfig"
    began = time.monotonic()
    cancel = threading.Event()
    kind.create(CLUSTER, got, where, text=text, kubeconfig=kubeconfig, logs=folder, cancel=cancel)
    kubectl = Kubectl(got.kubectl, kubeconfig, folder / "kubectl.log")
    cluster = Cluster.connect(kubeconfig)
    if got.crds:
        chaosmesh.apply_crds(kubectl, got.crds)
    kind.wait_for_archives(where, [f"{CLUSTER}-control-plane"], logs=folder, cancel=cancel)
    if got.needs_own_cni:
        cni.install(kubectl, cluster, where)
    chaosmesh.install(kubectl, got, folder=folder, log=folder / "helm.log")
    chaosmesh.wait_ready(kubectl, cluster, got)
    settings = prometheus.Settings(
        identity="bench",
        image=str(got.images["prometheus"]),
        chaos_mesh_namespace=chaosmesh.NAMESPACE,
        interval=1.0,
        timeout=1.0,
    )
    prometheus.install(kubectl, settings)
    prometheus.wait_ready(kubectl, cluster, settings)
    took = time.monotonic() - began
    kind.delete(CLUSTER, kind.containers(CLUSTER, where), where, kubeconfig=kubeconfig, logs=folder)
    return took


def ours(folder: Path) -> float:
    """Bring the stack up from nothing; return the seconds."""
    quiet = Progress((folder / "progress").open("a"))
    began = time.monotonic()
    up(UpOptions(cluster=CLUSTER, images="source"), quiet, prepare_images=image_build.prepare)
    took = time.monotonic() - began
    down(CLUSTER, quiet)
    return took


def main() -> None:
    """Alternate the two, and print a line a pair."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        down(CLUSTER, Progress((folder / "progress").open("a")))
        for pair in range(pairs):
            order = (ours, bare) if pair % 2 == 0 else (bare, ours)
            took = {run.__name__: run(folder) for run in order}
            ratio = took["ours"] / took["bare"]
            print(f"up {took['ours']:.1f} s, bare {took['bare']:.1f} s: {ratio:.2f} times", flush=True)


if __name__ == "__main__":
    main()
