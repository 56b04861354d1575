"""Settings of all tests."""

import pytest
from hypothesis import settings

# A busy machine must not fail a test: hypothesis' deadline is an assertion about time.
settings.register_profile("harness", deadline=None, database=None)
settings.load_profile("harness")


def pytest_configure(config: pytest.Config) -> None:
    """Know the markers that a whole run leaves out, also where no test bears one."""
    config.addinivalue_line("markers", "browser: needs a browser")
    config.addinivalue_line("markers", "integration: needs a real Prometheus program")
