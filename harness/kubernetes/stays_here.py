"""A session that stays with the API server."""

from __future__ import annotations

import requests


class StaysHere(requests.Session):
    """A session that no answer sends elsewhere, with the harness' rights; whoever asks gets the redirect."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Say that there is none, whatever the answer has."""
        return None
