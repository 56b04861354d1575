"""The Kubernetes API: objects, watches, service proxy, exec, namespaces, workloads, clean-up."""
