"""All that can be known of scenario files without a cluster."""
