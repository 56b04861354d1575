"""Says what a recording proves. Pure: no clock, no network, no cluster."""
