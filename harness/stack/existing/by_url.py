"""A Prometheus that is reached by its own address, not through the API server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness.base import redaction
from harness.base.errors import UsageError

if TYPE_CHECKING:
    import requests

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class UrlGateway:
    """Takes the place of a cluster for `harness.prometheus.prometheus.Prometheus`."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        """Prepare to ask; nothing is sent yet.

        Args:
            url: what comes before `/api/v1/query`.
            headers: of each request; their values are hidden in all output.
        """
        self._url = url.rstrip("/")
        self._headers = dict(headers)
        redaction.remember(self._headers.values())
        redaction.remember(
            value.split(maxsplit=1)[1] for value in self._headers.values() if len(value.split(maxsplit=1)) > 1
        )

    def service_proxy_url(self, namespace: str, name: str, port: int | str) -> str:
        """Return the address; the Service is not asked for."""
        return self._url

    def session(self) -> requests.Session:
        """Return a session that sends the headers, to this address only."""
        # requests takes time to load.
        from harness.kubernetes.stays_here import StaysHere  # noqa: PLC0415

        session = StaysHere(lambda _method, _path, _query: None)
        # requests would put what ~/.netrc has for the host in place of an Authorization header.
        session.auth = _as_it_is
        session.headers.update(self._headers)
        return session


def headers_in(text: str, variable: str) -> dict[str, str]:
    """Return the headers of an environment variable: `Name: value`, one a line.

    Args:
        text: its value.
        variable: its name.

    Raises:
        UsageError: a line is none; what is in it is not repeated.
    """
    found = {}
    for number, line in enumerate(filter(str.strip, text.splitlines()), 1):
        name, colon, value = line.partition(":")
        if not colon or not _HEADER.fullmatch(name.strip()) or not value.strip():
            raise UsageError(
                f"line {number} of {variable} is no header",
                next_step=f"write NAME: VALUE, one a line: {variable}='Authorization: Bearer ...'",
            )
        found[name.strip()] = value.strip()
    return found


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
