"""Two experiments of each kind, two schedules and two workflows: their archives come, are counted and go."""

from typing import Any

from harness.authoring.python import Steps, scenario

NOBODY = {"namespaces": ["${namespace}"]}
KERNEL = {"failtype": 0, "callchain": [{"funcname": "__x64_sys_mount"}]}
KINDS: dict[str, dict[str, Any]] = {
    "AWSChaos": {"action": "ec2-stop", "secretName": "none", "awsRegion": "us-east-1", "ec2Instance": "i-0"},
    "BlockChaos": {"action": "delay", "volumeName": "data", "delay": {"latency": "1ms"}},
    "DNSChaos": {"action": "error", "patterns": ["example.org"]},
    "GCPChaos": {
        "action": "node-stop",
        "secretName": "none",
        "project": "none",
        "zone": "none",
        "instance": "none",
    },
    "HTTPChaos": {"target": "Request", "port": 8080, "abort": True},
    "IOChaos": {"action": "latency", "volumePath": "/data", "delay": "1ms"},
    "JVMChaos": {"action": "gc"},
    "KernelChaos": {"failKernRequest": KERNEL},
    "NetworkChaos": {"action": "delay", "delay": {"latency": "1ms"}},
    "PhysicalMachineChaos": {"action": "stress-cpu", "stress-cpu": {"load": 10, "workers": 1}},
    "PodChaos": {"action": "pod-failure"},
    "StressChaos": {"stressors": {"cpu": {"workers": 1, "load": 10}}},
    "TimeChaos": {"timeOffset": "-1h"},
}
"""Each kind but AzureChaos (known issue azure-never-archived), with a spec that selects nothing."""

SELECT_NOTHING = {"mode": "all", "selector": NOBODY}
CLOUDS = ("AWSChaos", "GCPChaos")
EVERY = tuple(kind.lower() for kind in KINDS)


@scenario(
    "archived-every-kind",
    about="What the dashboard deletes is archived and counted by its kind, until its archive is deleted.",
    tags=["dashboard", "archive", "kinds"],
)
def archived_every_kind(steps: Steps) -> None:
    """Delete one of each kind and then the other, then their archives in the same order."""
    steps.step(wait=1, expect=[archived({})])
    for number in (1, 2):
        for kind, details in KINDS.items():
            spec = details if kind in CLOUDS else {**SELECT_NOTHING, **details}
            steps.chaos(f"{kind.lower()}-{number}", kind=kind, spec=spec)
            steps.step(apply=f"{kind.lower()}-{number}", until="injecting")
    steps.step(http=delete("/api/experiments", 1), expect=[archived(dict.fromkeys(KINDS, 1)), listed()])
    steps.step(http=delete("/api/experiments", 2), expect=[archived(dict.fromkeys(KINDS, 2)), listed()])
    steps.step(http=delete("/api/archives", 1), expect=[archived(dict.fromkeys(KINDS, 1)), listed()])
    steps.step(http=delete("/api/archives", 2), expect=[archived({})])


def delete(path: str, number: int) -> dict[str, Any]:
    """Return the request that deletes the first or the second of each kind."""
    uids = ",".join(f"${{{kind}-{number}.uid}}" for kind in EVERY)
    return {
        "to": "chaos-dashboard",
        "method": "DELETE",
        "path": f"{path}?uids={uids}",
        "status": 200,
        "timeout": 30,
    }


def archived(numbers: dict[str, int]) -> dict[str, Any]:
    """Return that so many are archived of each kind, and of no other."""
    found: dict[str, Any] = {
        "metric": "chaos_dashboard_archived_experiments",
        "where": {"namespace": "${namespace}"},
    }
    if not numbers:
        return {**found, "absent": True}
    return {**found, "series": [{"type": kind, "value": number} for kind, number in numbers.items()]}


def listed() -> dict[str, Any]:
    """Return that the gauge says what the API lists."""
    return {
        "metric": "chaos_dashboard_archived_experiments",
        "where": {"namespace": "${namespace}"},
        "series": {"oracle": "archived-experiments"},
    }
