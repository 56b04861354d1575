"""Loads the plugin, for pytest called in a checkout without an installed harness."""

pytest_plugins = ["harness.plugin"]
