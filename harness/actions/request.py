"""HTTP requests that an action sends."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from harness.base.model import Model


class Http(Model):
    """HTTP requests to a component or to the workload, one after the other, none of them twice.

    Attributes:
        to: a component as in Restart, or the name of a pod of the workload (templates allowed).
        path: with a query or without (templates allowed).
        method: of the requests.
        times: how many are sent.
        status: the status that each must be answered with; None for any.
        body: is sent as JSON (templates allowed).
        headers: further ones; none that mean something to the API server, through which the requests go
            (templates allowed).
        timeout: seconds that each may take.
    """

    to: str
    path: str
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    times: int = Field(default=1, ge=1, le=1000)
    status: int | None = Field(default=None, ge=200, le=599)
    body: Any = None
    headers: dict[str, str] = {}
    timeout: float = Field(default=5.0, gt=0, le=60)

    @field_validator("path")
    @classmethod
    def _absolute(cls, value: str) -> str:
        if not value.startswith("/") or any(letter.isspace() or letter == "#" for letter in value):
            raise ValueError(f"a path begins with / and has no white space, not `{value}`")
        return value

    @property
    def reads(self) -> bool:
        """Whether its method changes nothing."""
        return self.method in ("GET", "HEAD")

    def title(self) -> str:
        """Return the request, and how often it is sent."""
        return f"{self.method} {self.path} of {self.to}" + (f", {self.times} times" if self.times > 1 else "")
