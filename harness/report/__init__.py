"""Turns findings and recordings into what people and CI read."""
