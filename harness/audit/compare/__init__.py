"""What changed between two runs: metrics, verdicts, latencies; from their report folders alone."""
