"""What the fields of a spec ask of one another, in every kind that has such fields."""

from typing import Any

import pytest

from harness.chaosmesh.specs import check

ONE: dict[str, Any] = {"mode": "one", "selector": {"namespaces": ["a"]}}
POD = ONE | {"action": "pod-kill"}
CLASS = {"class": "A", "method": "b"}
CPU = {"stressors": {"cpu": {"workers": 1}}}
AWS = {"action": "ec2-stop", "awsRegion": "a", "ec2Instance": "b"}
AZURE = {"action": "vm-stop", "resourceGroupName": "a", "subscriptionID": "b", "vmName": "c"}
GCP = {"action": "node-stop", "instance": "a", "project": "b", "zone": "c"}


def said(kind: str, spec: dict[str, Any], **how: bool) -> list[str]:
    return [message for _, message, _ in check(kind, spec, **how)]


def http(**fields: Any) -> dict[str, Any]:
    return ONE | {"target": "Request", "port": 80, "abort": True} | fields


def io(action: str, **fields: Any) -> dict[str, Any]:
    return ONE | {"action": action, "volumePath": "/a"} | fields


def jvm(action: str, **fields: Any) -> dict[str, Any]:
    return ONE | {"action": action} | fields


def network(action: str, **fields: Any) -> dict[str, Any]:
    return ONE | {"action": action} | fields


def machine(action: str, **fields: Any) -> dict[str, Any]:
    return {"action": action, "mode": "all", "address": ["a:1"]} | fields


def schedule(**fields: Any) -> dict[str, Any]:
    return {"schedule": "@hourly", "type": "PodChaos", "podChaos": POD} | fields


def workflow(*templates: dict[str, Any], entry: str = "a") -> dict[str, Any]:
    return {"entry": entry, "templates": list(templates)}


def step(kind: str, name: str = "a", **fields: Any) -> dict[str, Any]:
    return {"name": name, "templateType": kind} | fields


def status(**http_fields: Any) -> dict[str, Any]:
    return {"type": "HTTP", "http": {"criteria": {"statusCode": "200"}, "url": "http://a/"} | http_fields}


REFUSED = [
    ("PodChaos", ONE | {"action": "container-kill"}, "lacks the field `containerNames`, which `action: cont"),
    (
        "PodChaos",
        ONE | {"action": "container-kill", "containerNames": []},
        "lacks the field `containerNames`",
    ),
    ("AWSChaos", AWS | {"action": "detach-volume", "volumeID": "a"}, "lacks the field `deviceName`"),
    ("AzureChaos", AZURE | {"action": "disk-detach", "diskName": "a"}, "lacks the field `lun`"),
    ("BlockChaos", ONE | {"action": "delay", "volumeName": "a"}, "lacks the field `delay`"),
    ("GCPChaos", GCP | {"action": "disk-loss"}, "lacks the field `deviceNames`"),
    ("HTTPChaos", ONE | {"target": "Request", "abort": True}, "lacks the field `port`, a number from 1"),
    ("HTTPChaos", http(method="get"), "`spec.method` of HTTPChaos is one of GET, POST, PUT, "),
    ("HTTPChaos", http(delay=""), "`spec.delay` of HTTPChaos is a duration"),
    ("HTTPChaos", http(code=99), "`spec.code` of HTTPChaos is from 100 to 599, not 99"),
    ("HTTPChaos", http(replace={"code": 1000}), "`spec.replace.code` of HTTPChaos is from 100 to 599"),
    ("IOChaos", io("fault"), "lacks the field `errno`, which `action: fault` needs"),
    ("IOChaos", io("fault", errno=0), "lacks the field `errno`"),
    ("IOChaos", io("fault", errno=-5), "`spec.errno` of IOChaos is from 0 to "),
    ("IOChaos", io("attrOverride", attr={"perm": 70000}), "`spec.attr.perm` of IOChaos is from 0 to 65535"),
    ("JVMChaos", jvm("latency", **CLASS), "lacks the field `latency`"),
    ("JVMChaos", jvm("latency", **CLASS, latency=-5), "`spec.latency` of JVMChaos is from 0 to "),
    ("JVMChaos", jvm("latency", latency=5, method="b"), "lacks the field `class`"),
    ("JVMChaos", jvm("return", **CLASS), "lacks the field `returnValue`"),
    ("JVMChaos", jvm("exception", **CLASS), "lacks the field `exception`"),
    ("JVMChaos", jvm("ruleData"), "lacks the field `ruleData`"),
    ("JVMChaos", jvm("stress"), "lacks one of the fields `cpuCount`, `memType`"),
    ("JVMChaos", jvm("stress", cpuCount=1, memType="heap"), "`spec.memType` of JVMChaos cannot be there"),
    ("JVMChaos", jvm("stress", memType="hep"), "`spec.memType` of JVMChaos is one of stack, heap, not `hep`"),
    ("JVMChaos", jvm("mysql", latency=1), "lacks the field `mysqlConnectorVersion`"),
    ("JVMChaos", jvm("mysql", latency=1, mysqlConnectorVersion="6"), "is one of 5, 8, not `6`"),
    ("JVMChaos", jvm("mysql", mysqlConnectorVersion="8"), "lacks one of the fields `exception`, `latency`"),
    (
        "NetworkChaos",
        network("delay", delay={"latency": "1ms"}, direction="both"),
        "is `to` without a `target`",
    ),
    (
        "NetworkChaos",
        network("loss", loss={"loss": "1"}, direction="from", externalTargets=["a"], target=ONE),
        "`spec.direction` of NetworkChaos is `to` with `externalTargets`",
    ),
    ("PhysicalMachine", {"address": ""}, "`spec.address` of PhysicalMachine is an address"),
    ("PhysicalMachineChaos", machine("clock"), "lacks the field `clock`, which `action: clock` needs"),
    ("PhysicalMachineChaos", machine("stress-cpu", **{"stress-cpu": {"load": 1}}), "the field `workers`"),
    (
        "PhysicalMachineChaos",
        machine("file-create", **{"file-create": {}}),
        "one of the fields `file-name`, ",
    ),
    (
        "PhysicalMachineChaos",
        machine("vm", vm={}, address=[]),
        "lacks one of the fields `selector`, `address`",
    ),
    ("PhysicalMachineChaos", machine("vm", vm={}, selector={"namespaces": ["a"]}), "cannot be there beside"),
    (
        "PhysicalMachineChaos",
        machine(
            "network-partition",
            **{"network-partition": {"device": "a", "hostname": "b", "direction": "both"}},
        ),
        "`spec.network-partition.direction` of PhysicalMachineChaos is one of to, from, not `both`",
    ),
    ("StressChaos", ONE, "lacks the field `stressors`"),
    ("StressChaos", ONE | {"stressors": {}}, "`spec.stressors` of StressChaos lacks `cpu` or `memory`"),
    ("Schedule", schedule(type="PodChao"), "`spec.type` of Schedule is one of AWSChaos, "),
    (
        "Schedule",
        schedule(type="StressChaos"),
        "lacks the field `stressChaos`, which `type: StressChaos` needs",
    ),
    (
        "Schedule",
        schedule(podChaos=ONE | {"action": "container-kill"}),
        "`spec.podChaos` of Schedule lacks the field `containerNames`",
    ),
    ("StatusCheck", {"type": "HTTP"}, "lacks the field `http`, which `type: HTTP` needs"),
    ("StatusCheck", status(url="10.0.0.1/"), "`spec.http.url` of StatusCheck is a URL such as"),
    ("Workflow", workflow(step("Parallell")), "is one of Task, Serial, Parallel, "),
    (
        "Workflow",
        workflow(step("Serial"), entry="b"),
        "`spec.entry` of Workflow is one of the steps a; not `b`",
    ),
    ("Workflow", workflow(), "`spec.templates` of Workflow is empty"),
    (
        "Workflow",
        workflow(step("Serial", children=["b"])),
        "`spec.templates[0].children[0]` of Workflow is one",
    ),
    ("Workflow", workflow(step("Serial"), step("Serial")), "is the name of an earlier step: `a`"),
    ("Workflow", workflow(step("Serial", "A_b"), entry="A_b"), "is small letters, digits, `-` and `.`"),
    (
        "Workflow",
        workflow(step("Suspend")),
        "lacks the field `deadline`, which `templateType: Suspend` needs",
    ),
    ("Workflow", workflow(step("PodChaos")), "lacks the field `podChaos`"),
    ("Workflow", workflow(step("PodChaos", podChaos=POD, children=["a"])), "cannot be there with"),
    (
        "Workflow",
        workflow(step("Serial", podChaos=POD)),
        "`spec.templates[0].podChaos` of Workflow cannot be",
    ),
    (
        "Workflow",
        workflow(step("StressChaos", stressChaos=ONE | CPU | {"duration": "5s"})),
        "`spec.templates[0].stressChaos.duration` of Workflow cannot be there: the `deadline`",
    ),
    (
        "Workflow",
        workflow(
            step("Task", task={}, conditionalBranches=[{"target": "b", "expression": "true"}]),
        ),
        "`spec.templates[0].conditionalBranches[0].target` of Workflow is one of the steps a",
    ),
    (
        "Workflow",
        workflow(step("StatusCheck", statusCheck={"type": "HTTP"})),
        "`spec.templates[0].statusCheck` of Workflow lacks the field `http`",
    ),
]
LATER = [
    ("DNSChaos", ONE | {"action": "error", "patterns": ["*.com"]}, "has its `*` at the end"),
    ("HTTPChaos", http(replace={"method": "get"}), "`spec.replace.method` of HTTPChaos is one of GET, "),
    ("HTTPChaos", http(patch={"body": {"type": "json", "value": "{}"}}), "is one of JSON, not `json`"),
    ("IOChaos", io("latency"), "lacks the field `delay`"),
    ("IOChaos", io("attrOverride"), "lacks the field `attr`"),
    ("IOChaos", io("mistake"), "lacks the field `mistake`"),
    (
        "IOChaos",
        io("latency", delay="1s", methods=["raed"]),
        "`spec.methods[0]` of IOChaos is one of lookup, ",
    ),
    ("IOChaos", io("attrOverride", attr={"kind": "file"}), "`spec.attr.kind` of IOChaos is one of namedPipe"),
    ("NetworkChaos", network("loss"), "lacks the field `loss`, which `action: loss` needs"),
    ("NetworkChaos", network("netem"), "lacks one of the fields `delay`, `loss`, "),
    ("NetworkChaos", network("bandwidth"), "lacks the field `bandwidth`"),
    (
        "TimeChaos",
        ONE | {"timeOffset": "1s", "clockIds": ["CLOCK_REALTIM"]},
        "`spec.clockIds[0]` of TimeChaos",
    ),
    (
        "PodChaos",
        POD | {"selector": {"podPhaseSelectors": ["Runing"]}},
        "`spec.selector.podPhaseSelectors[0]` of PodChaos is one of Pending, Running, ",
    ),
    (
        "PodChaos",
        POD | {"selector": {"expressionSelectors": [{"key": "a", "operator": "in"}]}},
        "`spec.selector.expressionSelectors[0].operator` of PodChaos is one of In, NotIn, ",
    ),
]


@pytest.mark.parametrize(("kind", "spec", "wanted"), REFUSED)
def test_what_the_webhook_refuses_is_found_before(kind: str, spec: dict[str, Any], wanted: str) -> None:
    (message,) = said(kind, spec)
    assert wanted in message
    assert said(kind, spec, injected=False) == [message]
    assert said(kind, spec, formats=False) == []


@pytest.mark.parametrize(("kind", "spec", "wanted"), LATER)
def test_what_is_refused_later_is_right_where_it_is_not_to_be_injected(
    kind: str, spec: dict[str, Any], wanted: str
) -> None:
    (message,) = said(kind, spec)
    assert wanted in message
    assert said(kind, spec, injected=False) == []


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("PodChaos", POD),
        ("PodChaos", ONE | {"action": "${parameters.action}"}),
        ("PodChaos", ONE | {"action": "container-kill", "containerNames": "${parameters.names}"}),
        ("PodChaos", POD | {"selector": {"podPhaseSelectors": ["Running", "!Pending", "! Failed"]}}),
        ("AzureChaos", AZURE | {"action": "disk-detach", "diskName": "a", "lun": 0}),
        ("HTTPChaos", http(method="GET", code=404, replace={"method": "PUT", "code": 500})),
        ("HTTPChaos", http(abort=False, delay="1s", method="${parameters.method}")),
        ("IOChaos", io("fault", errno=5, methods=["read", "WRITE"])),
        ("IOChaos", io("attrOverride", attr={"perm": 72, "kind": "directory"})),
        ("JVMChaos", jvm("gc", latency=0, exception="", sqlType="")),
        ("JVMChaos", jvm("return", **CLASS, returnValue="1")),
        ("JVMChaos", jvm("mysql", mysqlConnectorVersion="8", latency=5, sqlType="select")),
        ("NetworkChaos", network("netem", rate={"rate": "1mbps"})),
        ("NetworkChaos", network("delay", loss={"loss": "10"})),
        ("NetworkChaos", network("partition", direction="both")),
        ("NetworkChaos", network("loss", loss={"loss": "1"}, direction="both", target=ONE)),
        ("DNSChaos", ONE | {"action": "error", "patterns": ["a.com", "b.*", "c?.com"]}),
        ("TimeChaos", ONE | {"timeOffset": "1s", "clockIds": ["CLOCK_REALTIME", "CLOCK_MONOTONIC"]}),
        ("StressChaos", ONE | {"stressngStressors": "--cpu 1"}),
        ("StressChaos", ONE | {"stressors": "${parameters.stressors}"}),
        ("PhysicalMachineChaos", machine("vm", vm={"vm-name": "a"})),
        ("PhysicalMachineChaos", machine("redis-stop", **{"redis-stop": {"addr": "a"}})),
        ("Schedule", schedule(type="Workflow", workflow=workflow(step("Serial")))),
        ("Schedule", schedule(type="${parameters.kind}")),
        ("Schedule", schedule(type="PhysicalMachineChaos", physicalmachineChaos=machine("vm", vm={}))),
        ("StatusCheck", status(url="http://a.${namespace}:8080/")),
        ("StatusCheck", status(url="${parameters.url}")),
        ("StatusCheck", status(url="a.b:80/")),
        (
            "Workflow",
            workflow(
                step("Parallel", children=["b", "c", "d.e"]),
                step("Suspend", "b", deadline="5s"),
                step("PodChaos", "c", podChaos=POD, deadline="5s"),
                step("Schedule", "d.e", schedule=schedule()),
            ),
        ),
        ("Workflow", workflow(step("Serial", "${parameters.name}", children=["b"]))),
    ],
)
def test_what_chaos_mesh_takes(kind: str, spec: dict[str, Any]) -> None:
    assert said(kind, spec) == []


@pytest.mark.parametrize(
    ("kind", "spec", "better"),
    [
        ("HTTPChaos", http(method="get"), "GET"),
        ("Schedule", schedule(type="podchaos"), "PodChaos"),
        ("Workflow", workflow(step("parallel")), "Parallel"),
        ("Workflow", workflow(step("Serial"), entry="aa"), "a"),
        ("Workflow", workflow(step("Serial", "My_Step"), entry="My_Step"), "my-step"),
        ("TimeChaos", ONE | {"timeOffset": "1s", "clockIds": ["CLOCK_REALTIM"]}, "CLOCK_REALTIME"),
        ("StatusCheck", status(url="10.0.0.1/"), "http://10.0.0.1/"),
    ],
)
def test_what_was_meant_is_named(kind: str, spec: dict[str, Any], better: str) -> None:
    ((_, _, suggestion),) = check(kind, spec)
    assert suggestion == better


def test_a_patch_lacks_nothing_and_its_words_are_checked() -> None:
    assert said("PodChaos", {"action": "container-kill"}, partial=True) == []
    (message,) = said("TimeChaos", {"clockIds": ["CLOCK"]}, partial=True)
    assert message.startswith("`spec.clockIds[0]` of TimeChaos is one of CLOCK_REALTIME, ")


@pytest.mark.parametrize("odd", [None, [], {}, [[]], [{}], 5, "x", True])
@pytest.mark.parametrize("kind", ["PodChaos", "Schedule", "Workflow", "PhysicalMachineChaos", "StatusCheck"])
@pytest.mark.parametrize(
    "field",
    ["action", "type", "templates", "templateType", "entry", "http", "address", "selector", "podChaos"],
)
def test_values_of_other_types_are_told_and_break_nothing(kind: str, field: str, odd: Any) -> None:
    said(kind, {field: odd})
    said("Workflow", {"entry": odd, "templates": [odd, {field: odd, "children": odd, "name": odd}]})
