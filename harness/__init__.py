"""Chaos observability harness: proves on a real cluster that Chaos Mesh's own metrics are right."""

__version__ = "0.1.0"
