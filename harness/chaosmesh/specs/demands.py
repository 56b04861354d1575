"""What the fields of a spec ask of one another, and the values that they have beyond their types.

Chaos Mesh's webhook refuses an object otherwise (api/v1alpha1/*_webhook.go; numbers that Go's types do not
hold are refused when it is decoded). Some of it is refused only later, and the chaos then stays injecting:
clocks (pkg/time/utils), patterns of names (k8s_dns_chaos, grpc_server.go), selectors (pkg/selector), what
toda is given (toda, src/injector/injector_config.rs and filter.rs), and a tc without a queue
(pkg/chaosdaemon/tc_server.go).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from harness.chaosmesh.specs.machines import machine_demands
from harness.chaosmesh.specs.said import Said, is_missing, lacks, one_of, text_at
from harness.chaosmesh.specs.within import TEMPLATE, field_of_kind, is_open, specs_within
from harness.chaosmesh.specs.workflows import template_demands, workflow_demands
from harness.kubernetes.kinds import EXPERIMENT_KINDS
from harness.scenario.positions import DocumentPath

_ANY = "*"
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT")
_PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
_SELECTORS: tuple[DocumentPath, ...] = (("selector",), ("target", "selector"))
_NETEM = ("delay", "loss", "duplicate", "corrupt", "rate")


class _Words(NamedTuple):
    """The only texts that a field may have.

    Attributes:
        words: all of them.
        later: the webhook lets others in.
        any_case: capitals do not matter.
    """

    words: tuple[str, ...]
    later: bool = False
    any_case: bool = False


_IO_METHODS = (
    *("lookup", "forget", "getattr", "setattr", "readlink", "mknod", "mkdir", "unlink", "rmdir", "symlink"),
    *("rename", "link", "open", "read", "write", "flush", "release", "fsync", "opendir", "readdir"),
    *("releasedir", "fsyncdir", "statfs", "setxattr", "getxattr", "listxattr", "removexattr", "access"),
    *("create", "getlk", "setlk", "bmap"),
)
_FILE_TYPES = ("namedPipe", "charDevice", "blockDevice", "directory", "regularFile", "symlink", "socket")
_CLOCKS = (
    *("CLOCK_REALTIME", "CLOCK_MONOTONIC", "CLOCK_PROCESS_CPUTIME_ID", "CLOCK_THREAD_CPUTIME_ID"),
    *("CLOCK_MONOTONIC_RAW", "CLOCK_REALTIME_COARSE", "CLOCK_MONOTONIC_COARSE", "CLOCK_BOOTTIME"),
    *("CLOCK_REALTIME_ALARM", "CLOCK_BOOTTIME_ALARM"),
)
_WORDS: Mapping[str, Mapping[DocumentPath, _Words]] = {
    "HTTPChaos": {
        ("method",): _Words(_METHODS),
        ("replace", "method"): _Words(_METHODS, later=True),
        ("patch", "body", "type"): _Words(("JSON",), later=True),
    },
    "IOChaos": {
        ("methods", _ANY): _Words(_IO_METHODS, later=True, any_case=True),
        ("attr", "kind"): _Words(_FILE_TYPES, later=True),
    },
    "JVMChaos": {
        ("memType",): _Words(("stack", "heap")),
        ("mysqlConnectorVersion",): _Words(("5", "8")),
        ("sqlType",): _Words(("select", "insert", "update", "delete", "replace"), later=True),
    },
    "Schedule": {("type",): _Words((*EXPERIMENT_KINDS, "Workflow"))},
    "TimeChaos": {("clockIds", _ANY): _Words(_CLOCKS, later=True)},
    TEMPLATE: {
        ("templateType",): _Words(
            ("Task", "Serial", "Parallel", "Suspend", "StatusCheck", "Schedule", *EXPERIMENT_KINDS)
        )
    },
}
_U16, _U32, _U64 = (1 << 16) - 1, (1 << 32) - 1, (1 << 64) - 1
_NUMBERS: Mapping[str, Mapping[DocumentPath, tuple[int, int]]] = {
    "HTTPChaos": {("code",): (100, 599), ("replace", "code"): (100, 599)},
    "IOChaos": {
        ("errno",): (0, _U32),
        ("attr", "perm"): (0, _U16),
        **{("attr", name): (0, _U32) for name in ("nlink", "uid", "gid", "rdev")},
        **{("attr", name): (0, _U64) for name in ("ino", "size", "blocks")},
    },
    "JVMChaos": {(name,): (0, (1 << 31) - 1) for name in ("cpuCount", "latency", "pid")},
    "KernelChaos": {("failKernRequest", "times"): (0, _U32)},
    "NetworkChaos": {
        **{("bandwidth", name): (0, _U32) for name in ("limit", "buffer", "minburst")},
        ("bandwidth", "peakrate"): (0, _U64),
    },
}
_NEEDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "AWSChaos": {"detach-volume": ("volumeID", "deviceName")},
    "AzureChaos": {"disk-detach": ("diskName", "lun")},
    "BlockChaos": {"delay": ("delay",)},
    "GCPChaos": {"disk-loss": ("deviceNames",)},
    "IOChaos": {"fault": ("errno",)},
    "JVMChaos": {
        "latency": ("class", "method", "latency"),
        "return": ("class", "method", "returnValue"),
        "exception": ("class", "method", "exception"),
        "ruleData": ("ruleData",),
        "mysql": ("mysqlConnectorVersion",),
    },
    "PodChaos": {"container-kill": ("containerNames",)},
}
"""By kind and action: fields without which the webhook refuses it."""

_NEEDS_LATER: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "IOChaos": {"latency": ("delay",), "attrOverride": ("attr",), "mistake": ("mistake",)},
    "NetworkChaos": {"bandwidth": ("bandwidth",)},
}
"""The same, of what is only refused, or does nothing, when it is injected."""


def demands(kind: str, spec: Any, *, partial: bool = False, injected: bool = True) -> Iterator[Said]:
    """Yield what is wrong with a spec beyond the types of its fields, and with those within it.

    Args:
        kind: of the object.
        spec: as it is written.
        partial: it is a merge patch, so what it lacks may be there.
        injected: it is meant to be injected, so what Chaos Mesh refuses only then is wrong, too.
    """
    for at, inner, fields in specs_within(kind, spec):
        found = [*_words(inner, fields, injected), *_numbers(inner, fields)]
        if not partial:
            found += _needs(inner, fields, _NEEDS)
            found += _RULES.get(inner, _nothing)(fields)
        if injected:
            found += _selectors(fields)
            if not partial:
                found += _needs(inner, fields, _NEEDS_LATER)
                found += _LATER_RULES.get(inner, _nothing)(fields)
        for path, message, better in found:
            yield (*at, *path), message, better


def _nothing(spec: Mapping[str, Any]) -> Iterator[Said]:
    yield from ()


def _words(kind: str, spec: Mapping[str, Any], injected: bool) -> Iterator[Said]:
    for path, known in _WORDS.get(kind, {}).items():
        if known.later and not injected:
            continue
        for at, value in _values(spec, path):
            if (
                not isinstance(value, str)
                or is_open(value)
                or (known.any_case and value.lower() in known.words)
            ):
                continue
            # An empty text stands for none to Go, but for a type.
            if value or path[-1] in ("type", "templateType"):
                yield from one_of(at, value, known.words)


def _numbers(kind: str, spec: Mapping[str, Any]) -> Iterator[Said]:
    for path, (least, most) in _NUMBERS.get(kind, {}).items():
        for at, value in _values(spec, path):
            if isinstance(value, int) and not isinstance(value, bool) and not least <= value <= most:
                yield at, f"is from {least} to {most}, not {value}", None


def _values(spec: Any, path: DocumentPath, at: DocumentPath = ()) -> Iterator[tuple[DocumentPath, Any]]:
    if not path:
        yield at, spec
    elif path[0] == _ANY:
        for index, each in enumerate(spec if isinstance(spec, list) else ()):
            yield from _values(each, path[1:], (*at, index))
    elif isinstance(spec, dict) and path[0] in spec:
        yield from _values(spec[path[0]], path[1:], (*at, path[0]))


def _needs(
    kind: str, spec: Mapping[str, Any], needs: Mapping[str, Mapping[str, tuple[str, ...]]]
) -> Iterator[Said]:
    action = text_at(spec, "action")
    for field in needs.get(kind, {}).get(action, ()):
        # The first data disk of a machine has the number 0.
        if is_missing(spec, field) and not (field == "lun" and spec.get("lun") == 0):
            yield lacks(field, f"which `action: {action}` needs")


def _selectors(spec: Mapping[str, Any]) -> Iterator[Said]:
    for path in _SELECTORS:
        for at, value in _values(spec, (*path, "podPhaseSelectors", _ANY)):
            if isinstance(value, str) and not is_open(value):
                # `!Running` selects all others.
                yield from one_of(at, value.strip().removeprefix("!").strip(), _PHASES)
        for at, value in _values(spec, (*path, "expressionSelectors", _ANY, "operator")):
            if isinstance(value, str) and not is_open(value):
                yield from one_of(at, value, ("In", "NotIn", "Exists", "DoesNotExist"))


def _http(spec: Mapping[str, Any]) -> Iterator[Said]:
    if spec.get("port") is None:
        yield lacks("port", "a number from 1 to 65535 that the requests go to")
    if spec.get("delay") == "":
        yield ("delay",), "is a duration such as 90s, 15m or 1h30m; not ``", None


def _jvm(spec: Mapping[str, Any]) -> Iterator[Said]:
    action = text_at(spec, "action")
    if action == "stress":
        yield from _one_of_fields(spec, ("cpuCount", "memType"), "which `action: stress` needs")
        if not is_missing(spec, "cpuCount") and not is_missing(spec, "memType"):
            yield ("memType",), "cannot be there beside `cpuCount`: it stresses one of the two", None
    elif action == "mysql":
        yield from _one_of_fields(spec, ("exception", "latency"), "which `action: mysql` needs")


def _network(spec: Mapping[str, Any]) -> Iterator[Said]:
    direction = spec.get("direction")
    if text_at(spec, "action") in ("", "partition") or direction not in ("from", "both"):
        return
    if not is_missing(spec, "externalTargets"):
        yield (
            ("direction",),
            f"is `to` with `externalTargets`, unless it is a partition; not `{direction}`",
            None,
        )
    elif spec.get("target") is None:
        yield ("direction",), f"is `to` without a `target`, unless it is a partition; not `{direction}`", None


def _network_later(spec: Mapping[str, Any]) -> Iterator[Said]:
    action = text_at(spec, "action")
    if action in ("netem", *_NETEM) and all(spec.get(field) is None for field in _NETEM):
        if action in _NETEM:
            yield lacks(action, f"which `action: {action}` needs")
        else:
            yield from _one_of_fields(spec, _NETEM, "which `action: netem` needs")


def _stress(spec: Mapping[str, Any]) -> Iterator[Said]:
    stressors = spec.get("stressors")
    if stressors is None and is_missing(spec, "stressngStressors"):
        yield lacks("stressors", "with `cpu` or `memory`")
    elif isinstance(stressors, dict) and not any(
        stressors.get(each) is not None for each in ("cpu", "memory")
    ):
        yield ("stressors",), "lacks `cpu` or `memory`: at least one of them", None


def _dns(spec: Mapping[str, Any]) -> Iterator[Said]:
    for at, value in _values(spec, ("patterns", _ANY)):
        if isinstance(value, str) and not is_open(value) and "*" in value[:-1]:
            yield at, f"has its `*` at the end and nowhere else; not `{value}`", None


def _schedule(spec: Mapping[str, Any]) -> Iterator[Said]:
    kind = spec.get("type")
    if kind not in (*EXPERIMENT_KINDS, "Workflow"):
        return
    field = field_of_kind(str(kind))
    if spec.get(field) is None:
        yield lacks(field, f"which `type: {kind}` needs")


def _status_check(spec: Mapping[str, Any]) -> Iterator[Said]:
    http = spec.get("http")
    if http is None:
        yield lacks("http", "which `type: HTTP` needs")
        return
    url = http.get("url") if isinstance(http, dict) else None
    if isinstance(url, str) and not is_open(url) and not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|/", url):
        message = f"is a URL such as http://NAME:8080/health; not `{url}`"
        yield ("http", "url"), message, f"http://{url}" if url else None


def _machine(spec: Mapping[str, Any]) -> Iterator[Said]:
    if spec.get("address") == "":
        yield ("address",), "is an address such as http://NAME:31767; it is empty", None


def _one_of_fields(spec: Mapping[str, Any], fields: tuple[str, ...], why: str) -> Iterator[Said]:
    if all(is_missing(spec, field) for field in fields):
        names = ", ".join(f"`{each}`" for each in fields)
        yield (), f"lacks one of the fields {names}, {why}", None


def _template(spec: Mapping[str, Any]) -> Iterator[Said]:
    yield from template_demands(spec)
    check = spec.get("statusCheck")
    if spec.get("templateType") == "StatusCheck" and isinstance(check, dict):
        for path, message, better in _status_check(check):
            yield ("statusCheck", *path), message, better


_Rule = Callable[[Mapping[str, Any]], Iterator[Said]]
_RULES: Mapping[str, _Rule] = {
    "HTTPChaos": _http,
    "JVMChaos": _jvm,
    "NetworkChaos": _network,
    "PhysicalMachine": _machine,
    "PhysicalMachineChaos": machine_demands,
    "Schedule": _schedule,
    "StatusCheck": _status_check,
    "StressChaos": _stress,
    "Workflow": workflow_demands,
    TEMPLATE: _template,
}
_LATER_RULES: Mapping[str, _Rule] = {"DNSChaos": _dns, "NetworkChaos": _network_later}
