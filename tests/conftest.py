"""Settings of all tests."""

from hypothesis import settings

# A busy machine must not fail a test: hypothesis' deadline is an assertion about time.
settings.register_profile("harness", deadline=None, database=None)
settings.load_profile("harness")
