"""Prometheus through its HTTP API, the exposition format, and PromQL built and checked."""
