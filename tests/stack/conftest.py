"""The small API server of the client's own tests, for what the stack reads through it."""

from tests.kubernetes.conftest import api, kubeconfig

__all__ = ["api", "kubeconfig"]
