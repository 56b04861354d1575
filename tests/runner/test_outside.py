"""However a scenario says that it selects pods of others, nothing of it is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.kubernetes.kinds import CHAOS_MESH_KINDS
from harness.lint.python import scenario
from harness.runner import runner
from harness.scenario.load import load

NONE = {
    "metric": "chaos_controller_manager_chaos_experiments",
    "where": {"namespace": "${namespace}"},
    "absent": True,
}
THEIRS = {"namespaces": ["theirs"]}
KILL = {"action": "pod-kill", "mode": "all", "selector": THEIRS}
CUT = {
    "action": "partition",
    "mode": "all",
    "selector": {"namespaces": ["${namespace}"]},
    "direction": "to",
    "target": {"mode": "all", "selector": THEIRS},
}
SCHEDULE = {"schedule": "@every 1m", "type": "PodChaos", "podChaos": KILL}
WORKFLOW = {
    "entry": "all",
    "templates": [
        {"name": "all", "templateType": "Serial", "children": ["kill"]},
        {"name": "kill", "templateType": "PodChaos", "podChaos": KILL},
    ],
}
OF_WORKFLOWS = {"schedule": "@every 1m", "type": "Workflow", "workflow": WORKFLOW}
CHAOS = {
    "an experiment": ("PodChaos", KILL),
    "a target": ("NetworkChaos", CUT),
    "a Schedule": ("Schedule", SCHEDULE),
    "a Workflow": ("Workflow", WORKFLOW),
    "a Schedule of Workflows": ("Schedule", OF_WORKFLOWS),
}


def written(folder, kind, spec, *, included):
    """Return a scenario with chaos of its own, or of a file that it includes."""
    chaos = {"bad": {"kind": kind, "spec": spec}}
    file: dict[str, Any] = {
        "scenario": "reaches-out",
        "about": "Made up.",
        "workload": "mini-node-exporter",
        "steps": [{"wait": 1, "expect": [NONE]}, {"apply": "bad", "expect": [NONE]}],
    }
    if included:
        (folder / "_shared.yaml").write_text(json.dumps({"chaos": chaos}))
        file["include"] = "_shared.yaml"
    else:
        file["chaos"] = chaos
    path = folder / "reaches-out.yaml"
    path.write_text(json.dumps(file))
    return load(path)[0]


def in_python(kind, spec):
    def reaches_out(steps):
        steps.chaos("bad", kind=kind, spec=spec)
        steps.step(wait=1, expect=[NONE])
        steps.step(apply="bad", expect=[NONE])

    return scenario("reaches-out", about="Made up.", workload="mini-node-exporter")(reaches_out).file


@pytest.mark.parametrize("way", ["a file", "an included file", "Python"])
@pytest.mark.parametrize("what", CHAOS)
def test_what_selects_pods_of_others_is_not_sent(around, cluster, tmp_path, what, way):
    kind, spec = CHAOS[what]
    file = (
        in_python(kind, spec) if way == "Python" else written(tmp_path, kind, spec, included=way != "a file")
    )

    result = runner.run(file, around, catalogue())

    assert result.verdict is Verdict.ERROR
    assert "the namespace 'theirs' is not the scenario's own" in "\n".join(
        [result.reason or "", *result.details]
    )
    sent = [request for request in cluster.requests if request[0] in ("create", "patch")]
    assert sent, "the scenario was not set up at all"
    assert not [request for request in sent if request[1] in CHAOS_MESH_KINDS]
