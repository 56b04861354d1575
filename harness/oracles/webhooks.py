"""How often the API server called Chaos Mesh's admission webhooks, by its own count."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, ClassVar

from harness.kubernetes.kinds import CHAOS_MESH_KINDS
from harness.oracles.asking import asked
from harness.oracles.base import OneOf, Oracle, OracleError, Parameters
from harness.prometheus.exposition import TEXT_FORMAT, parse
from harness.recording.model import Point

# Stable in Kubernetes; labels name, type, operation, rejected. Calls that failed are observed too.
_CALLS = "apiserver_admission_webhook_admission_duration_seconds_count"
_CONFIGURATIONS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


_DOES = ("mutate", "validate")
_PATHS = (
    *(f"/{does}-chaos-mesh-org-v1alpha1-{kind.lower()}" for kind in CHAOS_MESH_KINDS for does in _DOES),
    "/validate-auth",
)
"""Chaos Mesh, cmd/chaos-controller-manager/main.go; those of kinds are named by controller-runtime."""


class CallParameters(Parameters):
    """Which calls to count.

    Attributes:
        webhook: the webhook's path, such as /validate-chaos-mesh-org-v1alpha1-podchaos.
        rejected: only those whose answer was a refusal, or only the others.
    """

    webhook: Annotated[str, OneOf(_PATHS)]
    rejected: bool | None = None


class WebhookCalls(Oracle):
    """Counts the calls of one webhook since the scenario began.

    The caller's own count, which owes nothing to the manager's: the API server sends each request and sees
    what is answered. With several API servers it is the count of the one that is asked.
    """

    name: ClassVar[str] = "webhook-calls"
    summary: ClassVar[str] = (
        "calls of one of Chaos Mesh's webhooks since the scenario began, as the API server counted them"
    )
    parameters: ClassVar[type[Parameters]] = CallParameters
    touched_by: ClassVar[tuple[str, ...]] = ("every-chaos", "Schedule", "Workflow", "StatusCheck")

    def start(self) -> None:
        """Remember the counts at the beginning."""
        self._before = self._counts()

    def read(self, parameters: CallParameters) -> list[Point]:
        """Read the counts again.

        Raises:
            OracleError: no webhook of Chaos Mesh has that path.
        """
        with asked():
            names = self._names(parameters.webhook)
            now = self._counts()
        since = Counter(now)
        since.subtract(self._before)
        wanted = [
            count
            for (name, rejected), count in since.items()
            if name in names and parameters.rejected in (None, rejected)
        ]
        return [Point(value=sum(wanted))]

    def _counts(self) -> dict[tuple[str, bool], int]:
        """Return the calls so far by the webhook's name and whether they were refused."""
        lines = [line for line in self.world.cluster.text("/metrics").splitlines() if line.startswith(_CALLS)]
        counts: Counter[tuple[str, bool]] = Counter()
        for family in parse("\n".join(lines) + "\n", TEXT_FORMAT):
            for sample in family.samples:
                counts[sample.labels["name"], sample.labels["rejected"] == "true"] += int(sample.value)
        return counts

    def _names(self, path: str) -> set[str]:
        """Return the names that the webhook configurations give to the webhook of that path."""
        entries = [
            (webhook["name"], (webhook["clientConfig"].get("service") or {}))
            for kind in _CONFIGURATIONS
            for found in self.world.cluster.list(kind)
            for webhook in found.get("webhooks") or []
        ]
        own = [
            (name, service)
            for name, service in entries
            if service.get("namespace") == self.world.chaos_mesh_namespace
        ]
        names = {name for name, service in own if service.get("path") == path}
        if not names:
            known = ", ".join(sorted({str(service.get("path")) for _, service in own})) or "none"
            raise OracleError(f"no webhook of Chaos Mesh has the path {path}; there is: {known}")
        return names


ORACLES = [WebhookCalls]
