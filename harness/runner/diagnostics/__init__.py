"""What the cluster looks like at the moment of a failure, kept before the clean-up removes it."""
