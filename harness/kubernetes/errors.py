"""What the API server can answer other than what was asked for."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from harness.base.errors import HarnessError, InfrastructureError, UsageError


@dataclass(eq=False)
class ApiError(HarnessError):
    """A request to the API server did not give what was asked for.

    Attributes:
        status: the HTTP status; 0 when there was no answer.
        reason: the reason in the Status object that came back: NotFound, Forbidden, ...
        message: the server's or the webhook's message, verbatim.
    """

    status: int = 0
    reason: str = ""
    message: str = ""


class RefusedError(ApiError, UsageError):
    """The API server or an admission webhook said no; `message` says why.

    This is about the request, and so about a scenario or about Chaos Mesh, not about the stack.
    """


class NotFoundError(RefusedError):
    """The object, or the namespace it should be in, does not exist."""


class ConflictError(RefusedError):
    """The object exists already, or it changed meanwhile."""


class MalformedError(RefusedError):
    """The object does not fit the schema that the API server has for it: a field, a type or a value is wrong.

    No webhook and no controller of Chaos Mesh has seen it.
    """


class UnreachableError(ApiError, InfrastructureError):
    """No answer in time, a broken connection, or an answer that says the server is in trouble."""


@dataclass(eq=False)
class WaitTimeoutError(InfrastructureError):
    """A wait ended at its bound before the wanted state was seen.

    Attributes:
        last: the objects as they were last seen.
        waited: seconds.
    """

    last: list[dict[str, Any]] = field(default_factory=list)
    waited: float = 0.0


_OVERLOADED = {408, 429}
_STRICT = "strict decoding error"
"""What apimachinery's strict decoder begins with (pkg/runtime/error.go)."""
_WEBHOOK = "admission webhook"
_DENIED = re.compile(r'^admission webhook "[^"]*" denied the request')
"""How the API server begins the answer of a webhook, also of one that panicked, which has the status 500."""


def from_answer(doing: str, status: int, body: str) -> ApiError:
    """Return the error for an answer with a status of 400 or more.

    Args:
        doing: what was asked for: "create StressChaos burn".
        status: the HTTP status.
        body: the answer's body: a Status object, or anything.
    """
    reason, message = "", body.strip()
    try:
        parsed = json.loads(body)
    except ValueError:
        pass
    else:
        if isinstance(parsed, dict):
            reason = str(parsed.get("reason") or "")
            message = str(parsed.get("message") or message)
    error: type[ApiError]
    if status in _OVERLOADED or (status >= 500 and not _DENIED.search(message)):
        error = UnreachableError
    else:
        error = {404: NotFoundError, 409: ConflictError}.get(status, RefusedError)
        # What a webhook says is its own, whatever status it chose.
        if (status == 422 and _WEBHOOK not in message) or (status == 400 and _STRICT in message):
            error = MalformedError
    verb = "the API server is in trouble" if error is UnreachableError else "refused"
    return error(
        f"cannot {doing}: {verb} (HTTP {status}{' ' + reason if reason else ''})",
        details=message.splitlines(),
        status=status,
        reason=reason,
        message=message,
    )
