"""What a PhysicalMachineChaos needs for its action (api/v1alpha1/physical_machine_chaos_webhook.go)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.chaosmesh.specs.said import Said, is_missing, lacks, one_of, text_at

_DEVICE, _CLASS = ("device",), ("class", "method")
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "clock": ("pid", "time-offset"),
    "disk-fill": ("size",),
    "disk-read-payload": ("size", "payload-process-num"),
    "disk-write-payload": ("size", "payload-process-num"),
    "file-append": ("file-name", "data"),
    "file-modify": ("file-name", "privilege"),
    "file-rename": ("source-file", "dest-file"),
    "file-replace": ("file-name", "origin-string", "dest-string"),
    "jvm-exception": ("pid", *_CLASS, "exception"),
    "jvm-gc": ("pid",),
    "jvm-latency": ("pid", *_CLASS, "latency"),
    "jvm-mysql": ("pid", "mysqlConnectorVersion"),
    "jvm-return": ("pid", *_CLASS, "value"),
    "jvm-rule-data": ("pid", "rule-data"),
    "jvm-stress": ("pid",),
    "kafka-fill": ("host", "port", "maxBytes", "reloadCommand"),
    "kafka-flood": ("host", "port", "threads"),
    "network-bandwidth": (*_DEVICE, "rate", "limit", "buffer"),
    "network-corrupt": (*_DEVICE, "percent"),
    "network-delay": (*_DEVICE, "latency"),
    "network-down": (*_DEVICE, "duration"),
    "network-duplicate": (*_DEVICE, "percent"),
    "network-flood": ("ip-address", "port", "rate", "duration"),
    "network-loss": (*_DEVICE, "percent"),
    "network-partition": (*_DEVICE, "direction"),
    "process": ("process", "signal"),
    "redis-cacheLimit": ("addr",),
    "redis-expiration": ("addr",),
    "redis-penetration": ("addr", "requestNum"),
    "redis-restart": ("addr", "conf"),
    "redis-stop": ("addr",),
    "stress-cpu": ("load", "workers"),
    "stress-mem": ("size",),
    "user_defined": ("attackCmd", "recoverCmd"),
}
_ONE_OF: Mapping[str, tuple[str, ...]] = {
    "file-create": ("file-name", "dir-name"),
    "file-delete": ("file-name", "dir-name"),
    "jvm-mysql": ("exception", "latency"),
    "jvm-stress": ("cpu-count", "mem-type"),
    "kafka-io": ("nonReadable", "nonWritable"),
    "network-partition": ("ip-address", "hostname"),
}


def machine_demands(spec: Mapping[str, Any]) -> Iterator[Said]:
    """Yield what the spec of a PhysicalMachineChaos lacks, or has twice."""
    address, selector = not is_missing(spec, "address"), bool(spec.get("selector"))
    if not address and not selector:
        yield (), "lacks one of the fields `selector`, `address`: the machines", None
    elif address and selector:
        yield ("address",), "cannot be there beside `selector`: one of them names the machines", None
    action = text_at(spec, "action")
    detail = spec.get(action)
    if action and detail is None:
        yield lacks(action, f"which `action: {action}` needs")
    elif isinstance(detail, dict):
        yield from _details(action, detail)


def _details(action: str, detail: Mapping[str, Any]) -> Iterator[Said]:
    for field in _NEEDS.get(action, ()):
        if is_missing(detail, field):
            yield (action,), f"lacks the field `{field}`, which `action: {action}` needs", None
    fields = _ONE_OF.get(action, ())
    # A flag that is false is none.
    if fields and not any(detail.get(field) for field in fields):
        names = ", ".join(f"`{field}`" for field in fields)
        yield (action,), f"lacks one of the fields {names}, which `action: {action}` needs", None
    if action == "network-partition" and (direction := text_at(detail, "direction")):
        yield from one_of((action, "direction"), direction, ("to", "from"))
