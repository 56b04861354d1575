"""Bringing it all up: engine, kind, images (registry or source), Chaos Mesh, Prometheus, pre-flight."""
