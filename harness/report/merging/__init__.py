"""Makes one report of the shards of a run."""
