"""Our Grafana: rendered and installed where its image can be pulled. Nothing that is judged depends on it."""

from __future__ import annotations

import hashlib
import json
import string

from harness.base import bundled
from harness.chaosmesh import grafana
from harness.stack import prometheus
from harness.stack.handle import ServiceAddress
from harness.stack.kubectl import Kubectl

ROLE = "grafana"
"""In the images of a stack; without such an image there is no Grafana."""

ADDRESS = ServiceAddress(namespace=grafana.NAMESPACE, name=grafana.NAME, port=grafana.PORT)

# Its image is in the nodes by then.
_ROLLOUT_SECONDS = 60.0


class _Template(string.Template):
    """A manifest template: `@{name}`, as that of Prometheus."""

    delimiter = "@"


def render(image: str, interval: float) -> str:
    """Return the manifest to apply, with the JSON of our dashboards.

    Args:
        image: Grafana's.
        interval: between two scrapes, seconds: Grafana asks for no finer steps.
    """
    text = (bundled.fixtures() / "manifests" / "grafana.yaml").read_text()
    source = prometheus.ADDRESS
    files = sorted((bundled.fixtures() / "dashboards").glob("*.json"))
    dashboards = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "grafana-dashboards", "namespace": ADDRESS.namespace},
            "data": {path.name: path.read_text() for path in files},
        }
    )
    values = {
        "namespace": ADDRESS.namespace,
        "name": ADDRESS.name,
        "image": image,
        "source": grafana.SOURCE,
        "prometheus": f"http://{source.name}.{source.namespace}.svc:{source.port}",
        "interval": prometheus.duration(interval),
    }
    # A changed configuration starts the pod anew; Grafana reads data sources only then.
    digest = hashlib.sha256(repr((text, dashboards, sorted(values.items()))).encode()).hexdigest()
    return f"{_Template(text).substitute(values, digest=digest[:16])}---\n{dashboards}\n"


def install(kubectl: Kubectl, image: str, interval: float) -> None:
    """Apply the manifest, without waiting."""
    kubectl.apply("install Grafana", render(image, interval))


def wait_ready(kubectl: Kubectl) -> None:
    """Wait until Grafana answers.

    Raises:
        CommandError: it does not in time; with the warnings that say why.
    """
    kubectl.rollout("deployment", ADDRESS.namespace, ADDRESS.name, timeout=_ROLLOUT_SECONDS)
