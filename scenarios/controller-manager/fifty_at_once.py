"""Fifty experiments in one namespace, some running and some without a target: each of them is counted."""

from typing import Any

from harness.authoring.python import Steps, scenario

GAUGE = "chaos_controller_manager_chaos_experiments"
EVENTS = "chaos_controller_manager_emitted_event_total"
OWN = {"namespace": "${namespace}"}

RUNNING = 30
INJECTING = 20
ENDED = 12
"""So many of each are deleted first."""


@scenario(
    "fifty-at-once",
    about="Fifty experiments at once are fifty in the gauge, by kind and phase; so are those that are left.",
    tags=["controller-manager", "many"],
    needs=["memstress"],
    workload={"name": "mini-node-exporter", "replicas": 3},
)
def fifty_at_once(steps: Steps) -> None:
    """Apply thirty experiments that inject and twenty that select nothing, then delete them in two parts."""
    burning = [f"burn-{number}" for number in range(RUNNING)]
    aimless = [f"nothing-{number}" for number in range(INJECTING)]
    for name in burning:
        stressors = {"memory": {"workers": 1, "size": "1MB"}}
        spec = {"mode": "one", "selector": "${workload.selector}", "stressors": stressors}
        steps.chaos(name, kind="StressChaos", spec=spec)
    for name in aimless:
        selector = {"namespaces": ["${namespace}"], "labelSelectors": {"app": "there-is-no-such-pod"}}
        steps.chaos(name, kind="TimeChaos", spec={"mode": "all", "selector": selector, "timeOffset": "-10m"})

    steps.step(wait=1, expect=[{"metric": GAUGE, "where": OWN, "absent": True}])
    for name in burning:
        steps.step(apply=name)
    for name in aimless:
        steps.step(apply=name, until="injecting")
    for name in burning:
        steps.step(wait_for=name, until="running")
    steps.step(
        wait=1,
        proof={"oracle": "managed-processes", "equals": RUNNING},
        expect=[
            *counted(RUNNING, INJECTING),
            event("Applied", RUNNING),
            event("Started", RUNNING + INJECTING),
        ],
    )
    for name in burning[:ENDED] + aimless[:ENDED]:
        steps.step(delete=name)
    steps.step(
        wait=1,
        proof={"oracle": "managed-processes", "equals": RUNNING - ENDED},
        expect=[*counted(RUNNING - ENDED, INJECTING - ENDED), event("Recovered", ENDED)],
    )
    for name in burning[ENDED:] + aimless[ENDED:]:
        steps.step(delete=name)
    steps.step(
        wait=1,
        proof={"oracle": "managed-processes", "equals": 0},
        expect=[{"metric": GAUGE, "where": OWN, "absent": True}, event("Recovered", RUNNING)],
    )


def counted(running: int, injecting: int) -> list[dict[str, Any]]:
    """Return that the gauge has so many of each phase and no others, and that no event is missed."""
    return [
        {
            "metric": GAUGE,
            "where": OWN,
            "series": [
                {"kind": "StressChaos", "phase": "running", "value": running},
                {"kind": "TimeChaos", "phase": "injecting", "value": injecting},
            ],
        },
        {"metric": GAUGE, "where": OWN, "series": {"oracle": "experiments"}},
        {
            "promql": f'sum by (namespace) ({GAUGE}{{namespace="${{namespace}}"}})',
            "equals": running + injecting,
        },
        {"metric": EVENTS, "where": OWN, "series": {"oracle": "events"}},
    ]


def event(reason: str, number: int) -> dict[str, Any]:
    """Return that events of a reason were counted so often since the namespace is there."""
    return {"metric": EVENTS, "where": {**OWN, "reason": reason, "type": "Normal"}, "equals": number}
