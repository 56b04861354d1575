"""A real run, in a process of its own, whose stack and scenarios are made up: to be interrupted and killed.

    python -m tests.fakes.interrupted_run FD [pytest arguments]

What goes on is written to the file descriptor, a line each: `written N` for results of N scenarios,
`runs NAME`, `cleans NAME`. A scenario does what its name begins with: `done` ends at once, `slow` goes on
until it is interrupted, `stuck` does not end its clean-up either, `broken` finds that the API server is gone,
`doomed` interrupts the run in a destructor, where Python ignores what is raised, once it has ended. On one
cluster those with `both` in their names exclude each other, and they end once two of them run; `untilN` ends
once N lines about the run as a whole were told. `comes NAME`, `gives up NAME` and `removes NAME` are about a
further cluster, which `fails` to come up, or never ends that (`slow`), if the variable FURTHER says so.
"""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from harness.audit.contract import at_end
from harness.base.errors import InfrastructureError
from harness.chaosmesh import cleanup
from harness.chaosmesh.sweep import Swept
from harness.judge.finding import Verdict
from harness.kubernetes.client import Cluster
from harness.pytest_plugin import further_clusters, live, session
from harness.results import journal
from harness.results.contract import Contract
from harness.results.scenario import Leftover, ScenarioInterruptedError, ScenarioResult
from harness.runner import interrupts, outage, runner, scenario_runs
from harness.runner.conflicts import Conflicts
from harness.stack import lock
from harness.stack.target import TargetCluster

SCENARIO = """\
scenario: {name}
about: A made-up one.
workload: mini-node-exporter
steps:
  - {{wait: 1, expect: [{{metric: up, where: {{job: workload}}, equals: 1}}]}}
"""
CAPABILITIES = {"stress": None}


def write_scenarios(folder, *names):
    """Write a file for each name; pytest takes them in the order of the names given."""
    folder.mkdir()
    for number, name in enumerate(names):
        (folder / f"{number:03}-{name}.yaml").write_text(SCENARIO.format(name=name))


class FakePrometheus:
    """It answers."""

    def __init__(self, *_):
        pass

    def check_identity(self, expected):
        """Say that it is the right one."""

    def clock(self):
        """Return offset and uncertainty."""
        return 0.0, 0.01

    def ready(self):
        """Say that it answers."""
        return True


STATE = Path(os.environ.get("CHAOS_HARNESS_STATE", ""))


class FakeCluster:
    """Its API server is gone once a scenario has broken it."""

    def __init__(self, name):
        self.gone = STATE / f"gone-{name}"

    def version(self, timeout):
        """Say whether it is there."""
        if self.gone.exists():
            raise InfrastructureError("connection refused")


class Doomed:
    """It interrupts this process when it goes."""

    met = False

    def __del__(self):
        if not Doomed.met:
            Doomed.met = True
            signal.raise_signal(signal.SIGTERM)


def main(fd, words):
    """Run pytest with the plugin."""
    import pytest  # noqa: PLC0415

    def tell(text):
        os.write(fd, f"{text}\n".encode())

    def run(file, around, known, performer):
        name = file.name
        namespace = f"{name}-123456"
        result = ScenarioResult(name=name, file=f"{name}.yaml", namespace=namespace, verdict=Verdict.PASS)
        result.cluster = around.on or None
        around.observer.scenario(name, ["wait"])
        around.observer.owns([namespace])
        if name.startswith("broken"):
            around.cluster.gone.touch()
            result.verdict, result.reason = Verdict.ERROR, "no answer from the API server"
        try:
            tell(f"runs {name}")
            if "both" in name:
                (STATE / f"began-{name}").touch()
            while "both" in name and len([*STATE.glob("began-*")]) < 2:
                around.clock.sleep(0.01)
            while name.startswith("until") and len([*STATE.glob("said-*")]) < int(name[5]):
                around.clock.sleep(0.01)
            while name.startswith(("slow", "stuck")):
                around.observer.waiting("the end")
                around.clock.sleep(0.01)
        except KeyboardInterrupt as error:
            tell(f"cleans {name}")
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if name.startswith("stuck"):
                with contextlib.suppress(KeyboardInterrupt), interrupts.put_off():
                    time.sleep(600)
                done = "the clean-up was cut short"
                result.leftovers = [Leftover(kind="Namespace", name=namespace, what_was_done=done)]
            raise ScenarioInterruptedError(result, finished=False) from error
        around.observer.ended(result)
        return result

    write = session.RunSession._write

    def written(self, *ended):
        write(self, *ended)
        if any(each.name.startswith("doomed") for each in self.results.scenarios):
            Doomed()
        tell(f"written {len(self.results.scenarios)}")

    def up(options, *_, **__):
        name = options.cluster
        if name.endswith("-2"):
            tell(f"comes {name}")
            if os.environ.get("FURTHER") == "fails":
                raise InfrastructureError("there is no room", next_step="make some")
            try:
                while os.environ.get("FURTHER") == "slow":
                    signal.pause()
            except KeyboardInterrupt:
                tell(f"gives up {name}")
                raise
        return SimpleNamespace(
            cluster=name,
            images="source",
            kubeconfig=None,
            context=name,
            identity="x",
            prometheus=SimpleNamespace(namespace="", name="", port=0),
            chaos_mesh_namespace="chaos-mesh",
            workload_image="",
            jvm_image="",
            scrape_interval=1.0,
            target=TargetCluster(),
            versions={"chaos-mesh": os.environ.get(f"VERSION_OF_{name}", "v2.8.3")},
            nodes=[],
        )

    def facts_of(handle, capabilities):
        return {
            "cluster": handle.cluster,
            "versions": handle.versions,
            "stand_ins": [],
            "capabilities": capabilities,
        }

    def conflicts(file, known):
        alone = "it says so" if "alone" in file.name else ""
        return Conflicts(alone=alone, uses=frozenset({"it"} if "both" in file.name else ()))

    goes_on = live.Live.run_goes_on

    def told(self, how):
        goes_on(self, how)
        (STATE / f"said-{len([*STATE.glob('said-*')])}").touch()

    patch = pytest.MonkeyPatch()
    patch.setattr(session.RunSession, "_write", written)
    patch.setattr(session, "up", up)
    patch.setattr(session, "facts_of", facts_of)
    patch.setattr(live.Live, "run_goes_on", told)
    patch.setattr(lock.Held, "claim", lambda *_: None)
    patch.setattr(further_clusters, "down", lambda name, *_: tell(f"removes {name}"))
    patch.setattr(session, "prometheus_of", lambda *_, **__: FakePrometheus())
    patch.setattr(session, "verify", lambda *_: None)
    patch.setattr(session, "probe", lambda *_, **__: CAPABILITIES)
    patch.setattr(session, "sweep", lambda *_: Swept())
    patch.setattr(cleanup, "await_gone", lambda *_: [])
    patch.setattr(scenario_runs, "conflicts_of", conflicts)
    patch.setattr(at_end, "check", lambda *_: Contract(release="v2.8.3", whole=False))
    patch.setattr(runner, "run", run)
    patch.setattr(Cluster, "connect", lambda _, context, **__: FakeCluster(context))
    patch.setattr(interrupts, "_SAME_SECONDS", 0.0)
    patch.setattr(journal, "_SMALL", int(os.environ.get("SMALL_RESULTS", journal._SMALL)))
    patch.setattr(outage, "RETURN_SECONDS", 0.0)
    plugins = ["harness.pytest_plugin.short_names", "harness.pytest_plugin.plugin", "no:cacheprovider"]
    return pytest.main([*(f"-p{plugin}" for plugin in plugins), *words])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
