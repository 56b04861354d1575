"""Says what a user of somebody else's cluster may not do there: which verb, of which resource, where."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from harness.base.errors import UsageError
from harness.kubernetes.errors import RefusedError

# Of the API server (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go, forbiddenMessage).
_FORBIDDEN = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]+)"'
    r' in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]*)")?'
)
_UNAUTHORIZED, _NOT_ALLOWED = 401, 403


class NotAllowedError(UsageError):
    """The API server does not let the user of the context do what is needed."""


@contextlib.contextmanager
def explained(context: str) -> Iterator[None]:
    """Say of a request that is refused in the block what was not allowed, and to whom.

    Raises:
        NotAllowedError: in place of the API server's answer.
    """
    try:
        yield
    except RefusedError as error:
        if error.status not in (_UNAUTHORIZED, _NOT_ALLOWED):
            raise
        raise refusal(error, context) from error


def refusal(error: RefusedError, context: str) -> NotAllowedError:
    """Return the error for an answer with the status 401 or 403."""
    if error.status == _UNAUTHORIZED:
        return NotAllowedError(
            f"the API server does not accept the credentials of the context {context!r}",
            next_step="log in again, or correct the user of the context in the kubeconfig",
            details=error.details,
        )
    found = _FORBIDDEN.search(error.message)
    if found is None:
        return NotAllowedError(
            f"the user of the context {context!r} may not: {error.problem}",
            next_step="have it allowed by a ClusterRole, or name another context",
            details=error.details,
        )
    group = f".{found['group']}" if found["group"] else ""
    resource = found["resource"]
    where = f"in the namespace {found['namespace']}" if found["namespace"] else "in the whole cluster"
    named, _, subresource = resource.partition("/")
    asked = f"{found['verb']} {named}{group}" + (f" --subresource={subresource}" if subresource else "")
    place = f"--namespace {found['namespace']}" if found["namespace"] else "--all-namespaces"
    return NotAllowedError(
        f"the user {found['user']!r} of the context {context!r} may not {found['verb']} {resource}{group} "
        f"{where}",
        next_step="have it allowed, with all else that a run needs: chaos-harness rbac; check with: kubectl"
        f" --context {context} auth can-i {asked} {place}",
        details=error.details,
    )
