"""What several oracles share: targets as a parameter, the way through a daemon, errors that are no answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from harness.base.errors import InfrastructureError
from harness.chaosmesh.daemons import DAEMON, Daemons
from harness.kubernetes.client import Cluster
from harness.kubernetes.errors import ApiError
from harness.oracles.base import Oracle, OracleError, Parameters
from harness.oracles.context import OracleContext

ASK_SECONDS = 5.0
_SHOWN = 200


class ContainerTarget(BaseModel):
    """A container, as `${<chaos>.targets}` and `${workload.targets}` name it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    namespace: str
    pod: str
    container: str
    node: str = ""

    def __str__(self) -> str:
        return f"{self.pod}/{self.container}"

    def labels(self) -> dict[str, str]:
        """Return the labels that chaos-daemon's metrics give a container."""
        return {"namespace": self.namespace, "pod": self.pod, "container": self.container}


def _one_or_many(written: Any) -> Any:
    if isinstance(written, str):
        raise ValueError("write ${NAME.targets} for all containers, ${NAME.targets[0]} for one")  # noqa: TRY004
    return [written] if isinstance(written, dict) else written


ContainerTargets = Annotated[list[ContainerTarget], BeforeValidator(_one_or_many)]
"""Containers; one may be written without a list, as `in` of `exec` takes it."""


class InTargets(Parameters):
    """Parameters of oracles about containers.

    Attributes:
        targets: the containers, or one, written `in:` in a scenario.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    targets: ContainerTargets = Field(alias="in")


class ThroughDaemon(Oracle):
    """An oracle that looks at nodes from inside the containers of their chaos-daemons."""

    through: ClassVar[tuple[str, ...]] = (DAEMON,)

    def __init__(self, world: OracleContext) -> None:
        super().__init__(world)
        self._daemons = Daemons(world.cluster, world.chaos_mesh_namespace)


@contextmanager
def asked() -> Iterator[None]:
    """Turn what goes wrong while asking the cluster into a reading without an answer.

    Raises:
        OracleError: in place of any error of the cluster.
    """
    try:
        yield
    except (ApiError, InfrastructureError) as error:
        raise OracleError("; ".join([str(error), *error.details[:3]])) from error


def json_of(
    cluster: Cluster,
    who: str,
    resource: str,
    namespace: str,
    name: str,
    port: int,
    path: str,
    params: Mapping[str, str] | None = None,
) -> Any:
    """Return what a server in the cluster answers, read as JSON.

    Args:
        cluster: that it is reached through.
        who: it is, in messages.
        resource: `pods` or `services`.
        namespace: of the pod or Service.
        name: of the pod or Service.
        port: of the pod or Service.
        path: without a slash in front.
        params: query parameters.

    Raises:
        OracleError: it does not answer, or with something else.
    """
    with asked():
        answer = cluster.proxy_fetch(
            resource, namespace, name, port, path, params=params, timeout=ASK_SECONDS
        )
    if answer.status != 200:
        said = answer.body[:_SHOWN].decode(errors="replace")
        raise OracleError(f"{who} answered /{path} with HTTP {answer.status}: {said}")
    try:
        return json.loads(answer.body)
    except ValueError as error:
        raise OracleError(f"{who} answered /{path} with no JSON") from error
