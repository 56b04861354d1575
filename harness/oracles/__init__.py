"""Independent truths about the cluster, one file each; none of them reads a metric.

Every module of this package that defines `ORACLES` is found by `harness.oracles.base.oracles`.
"""
