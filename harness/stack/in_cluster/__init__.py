"""Shards of a run as pods of the cluster that they run on: `chaos-harness run --in-cluster --shards N`."""
