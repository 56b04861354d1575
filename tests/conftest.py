"""Settings of all tests."""

import pytest
from hypothesis import settings

from harness.results import last_durations

# A busy machine must not fail a test: hypothesis' deadline is an assertion about time.
settings.register_profile("harness", deadline=None, database=None)
settings.load_profile("harness")


@pytest.fixture(autouse=True)
def own_last_durations(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what made-up scenarios took away from what is known of real ones."""
    path = tmp_path_factory.getbasetemp() / "last-durations.json"
    path.unlink(missing_ok=True)
    monkeypatch.setattr(last_durations, "path", lambda: path)


def pytest_configure(config: pytest.Config) -> None:
    """Know the markers that a whole run leaves out, also where no test bears one."""
    config.addinivalue_line("markers", "browser: needs a browser")
    config.addinivalue_line("markers", "hostile: one of hundreds of files that attack their reader")
    config.addinivalue_line("markers", "integration: needs a real Prometheus program")
