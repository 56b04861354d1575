"""Loads the plugin, for pytest called in a checkout without an installed harness."""

pytest_plugins = ["harness.pytest_plugin.plugin"]
