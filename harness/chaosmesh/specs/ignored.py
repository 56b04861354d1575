"""Fields that Chaos Mesh accepts and does not look at, for what else the spec says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from harness.chaosmesh.phases import is_one_shot
from harness.chaosmesh.specs.within import is_open, specs_within
from harness.scenario.problem import Wrong

_ONE_OBJECT = ("one", "all")
_NETEM = ("delay", "loss", "duplicate", "corrupt", "rate")


class _Field(NamedTuple):
    """A field that does nothing under a condition.

    Attributes:
        kind: of the experiment.
        field: its name in the spec.
        idle: whether it does nothing, given the spec.
        why: said to the author, with where it was read.
    """

    kind: str
    field: str
    idle: Callable[[dict[str, Any]], bool]
    why: str


def _not(*actions: str) -> Callable[[dict[str, Any]], bool]:
    return lambda spec: spec.get("action") not in actions


_FIELDS = (
    _Field(
        "PodChaos",
        "containerNames",
        _not("container-kill"),
        "only `container-kill` selects containers (api/v1alpha1/podchaos_types.go, GetSelectorSpecs)",
    ),
    _Field(
        "PodChaos",
        "gracePeriod",
        _not("pod-kill"),
        "only `pod-kill` deletes a pod (controllers/chaosimpl/podchaos/podkill/impl.go)",
    ),
    _Field(
        "StressChaos",
        "stressors",
        lambda spec: bool(spec.get("stressngStressors")),
        "`stressngStressors` wins (controllers/chaosimpl/stresschaos/impl.go)",
    ),
    _Field(
        "NetworkChaos",
        "bandwidth",
        _not("bandwidth"),
        "only the action `bandwidth` makes a tbf queue "
        "(controllers/chaosimpl/networkchaos/trafficcontrol/impl.go, ApplyTc)",
    ),
    *(
        _Field(
            "NetworkChaos",
            field,
            lambda spec: spec.get("action") in ("partition", "bandwidth"),
            "only the actions of netem make a netem queue "
            "(controllers/chaosimpl/networkchaos/trafficcontrol/impl.go, ApplyTc)",
        )
        for field in _NETEM
    ),
    _Field(
        "JVMChaos",
        "cpuCount",
        _not("stress"),
        "it is for the action `stress` (api/v1alpha1/jvmchaos_types.go)",
    ),
    _Field(
        "JVMChaos",
        "memType",
        _not("stress"),
        "it is for the action `stress` (api/v1alpha1/jvmchaos_types.go)",
    ),
)


def ignored(kind: str, spec: Any) -> Iterator[Wrong]:
    """Yield the fields of an object's spec that do nothing, with the reason and its place in the source.

    Those of experiments within a Schedule or a Workflow, too.
    """
    for at, each, inner in specs_within(kind, spec):
        if is_open(inner.get("action")) or is_open(inner.get("mode")):
            continue
        for field in _FIELDS:
            if field.kind == each and field.field in inner and field.idle(inner):
                yield (*at, field.field), f"`{field.field}` does nothing here: {field.why}", None
        if "duration" in inner and is_one_shot(each, str(inner.get("action"))):
            why = "it is over at once (api/v1alpha1, the marker oneshot)"
            yield (*at, "duration"), f"`duration` does nothing for `{inner['action']}`: {why}", None
        for place, selector in ((at, inner), ((*at, "target"), inner.get("target"))):
            if isinstance(selector, dict) and selector.get("mode") in _ONE_OBJECT and selector.get("value"):
                why = "only the other modes take a number (api/v1alpha1/selector.go)"
                yield (*place, "value"), f"`value` does nothing with `mode: {selector['mode']}`: {why}", None
