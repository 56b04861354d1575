"""What a runner needs, without a cluster and without waiting."""

import pytest

from harness.recording.model import Recording
from harness.recording.writer import RecordingWriter
from harness.runner.recorder import Recorder
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
