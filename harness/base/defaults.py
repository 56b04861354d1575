"""Defaults that the command line shows and other code uses, free of anything that takes time to load."""

DEFAULT_CLUSTER = "chaos-harness"
"""The kind cluster's name."""

DEFAULT_INTERVAL = 1.0
"""Prometheus' scrape interval in the stack, seconds, unless a run chooses another."""
