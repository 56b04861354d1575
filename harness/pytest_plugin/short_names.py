"""Loaded by `chaos-harness run` before the plugin: its options have short names there, as `--cluster`.

In pytest at large these names belong to others, and only the long ones are there: `--chaos-cluster`.
"""
