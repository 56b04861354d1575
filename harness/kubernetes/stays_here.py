"""A session that stays with the API server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

Check = Callable[[str, str, list[tuple[str, str]]], None]


class StaysHere(requests.Session):
    """A session that no answer sends elsewhere, with the harness' rights; whoever asks gets the redirect."""

    def __init__(self, check: Check) -> None:
        """Prepare; `check` is given method, path and query before each request, and may refuse it."""
        super().__init__()
        self._check = check

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request that may be sent."""
        url = urlsplit(request.url or "")
        self._check(request.method or "GET", str(url.path), parse_qsl(str(url.query)))
        return super().send(request, **kwargs)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Say that there is none, whatever the answer has."""
        return None
