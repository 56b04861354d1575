"""What a runner needs, without a cluster and without waiting."""

import pytest

from harness.base import working_time
from harness.chaosmesh import rollout
from harness.recording.model import Recording
from harness.recording.writer import RecordingWriter
from harness.runner import runner, scenario_context
from harness.runner.recorder import Recorder
from harness.runner.run_context import RunContext
from tests.fakes.clock import FakeClock
from tests.fakes.cluster import FakeCluster
from tests.fakes.prometheus import FakePrometheus
from tests.fakes.recordings import manifest


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def prometheus(clock):
    return FakePrometheus(clock)


@pytest.fixture
def cluster(clock):
    return FakeCluster(clock)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "recording"


@pytest.fixture
def recorder(folder):
    made = Recorder(Recording(manifest()), RecordingWriter(folder, manifest()))
    yield made
    made.close()


@pytest.fixture
def around(cluster, prometheus, clock, tmp_path, monkeypatch):
    for module in (runner, scenario_context):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(rollout, "time", clock)
    monkeypatch.setattr(working_time, "time", clock)
    prometheus.target("controller-manager", "10.0.1.1:10080", 0.37, cluster.exposes)
    clock.advance(3)
    return RunContext(
        cluster=cluster,
        prometheus=prometheus,
        clock=clock,
        chaos_mesh_namespace="chaos-mesh",
        workload_image="workload:1",
        jvm_image="",
        interval=1.0,
        capabilities={"netem": "node n1: Specified qdisc kind is unknown", "cgroup-v2": None},
        nodes=["n1"],
        run="run1",
        recordings=tmp_path / "recordings",
        facts={"cluster": "c"},
    )
