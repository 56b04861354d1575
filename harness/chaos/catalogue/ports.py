"""Where each component of Chaos Mesh serves /metrics, by the name of its scrape job."""

METRICS_PORTS = {
    "controller-manager": 10080,
    "chaos-daemon": 31766,
    "chaos-dashboard": 2334,
    "chaos-dns-server": 9153,
}
"""The chart's own defaults (helm/chaos-mesh/values.yaml)."""
