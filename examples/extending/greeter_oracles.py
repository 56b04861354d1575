"""An oracle of our own: how many greeters run, asked of the Kubernetes API and of no metric."""

from typing import ClassVar

from harness.oracles.asking import asked
from harness.oracles.base import Oracle, Parameters
from harness.recording.model import Point


class GreetersParameters(Parameters):
    """Parameters of `greeters`.

    Attributes:
        phase: of the pods that are counted.
    """

    phase: str = "Running"


class Greeters(Oracle):
    """How many pods of the greeter are in a phase."""

    name: ClassVar[str] = "greeters"
    summary: ClassVar[str] = "how many pods of the greeter are in a phase"
    parameters: ClassVar[type[Parameters]] = GreetersParameters

    def read(self, parameters: GreetersParameters) -> list[Point]:
        """Count them."""
        with asked():
            pods = self.world.cluster.list("Pod", self.world.namespace, label_selector="app=greeter")
        found = [pod for pod in pods if pod["status"].get("phase") == parameters.phase]
        return [Point(value=len(found))]
