"""Keeps a Lease alive while a run lives: a program of its own, which the run starts and talks to by a pipe.

Not a thread: scenarios are processes that the run forks, and a thread that holds a lock at that moment would
leave it held in them for ever. Not the run's own loop either, which waits in many places. It imports nothing
of the harness, so that it costs 20 MB and no second.

It ends with the run, however suddenly that ends: the pipe is closed by then. Scenarios' processes that still
clean up after a killed run hold it open, rightly: their chaos is in force.

Standard input: a line of JSON (`harness.stack.lease.Order`), then `release` or the end. Exit code: 0, or 3
when the Lease had become another's.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import ssl
import sys
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

LOST = 3
_REQUEST_SECONDS = 5.0
_CONFLICT = 409
_GONE = 404

# What a broken connection, an API server that is down, or one that talks nonsense makes.
_NO_ANSWER = (OSError, http.client.HTTPException, ValueError)


class Renewer:
    """Renews one Lease, which the run has taken before."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._version: str = order["version"]
        self._connection: http.client.HTTPConnection | None = None

    def renew(self) -> bool:
        """Write the time into the Lease; return whether it is still ours, as far as anybody answered."""
        return self._write({"spec": {"renewTime": now()}})

    def release(self) -> bool:
        """Make the Lease nobody's."""
        annotations = {self._order["annotation"]: None}
        return self._write({"metadata": {"annotations": annotations}, "spec": {"holderIdentity": None}})

    def _write(self, change: dict[str, Any]) -> bool:
        try:
            for _ in range(2):
                metadata = {**change.get("metadata", {}), "resourceVersion": self._version}
                status, found = self._ask("PATCH", {**change, "metadata": metadata})
                if status == _CONFLICT:
                    # Somebody wrote: ours with another annotation is still ours.
                    status, found = self._ask("GET")
                    if status == 200 and found["spec"].get("holderIdentity") != self._order["identity"]:
                        return False
                    if status == 200:
                        self._version = found["metadata"]["resourceVersion"]
                        continue
                if status == 200:
                    self._version = found["metadata"]["resourceVersion"]
                return status != _GONE
        except _NO_ANSWER:
            # The API server may be down for a while, which scenarios do on purpose: the next time counts.
            self._close()
        return True

    def _ask(self, method: str, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        if self._connection is None:
            self._connection = self._connect()
        headers = {"Accept": "application/json", "Content-Type": "application/merge-patch+json"}
        if self._order["authorization"]:
            headers["Authorization"] = self._order["authorization"]
        self._connection.request(method, self._order["path"], json.dumps(body) if body else None, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if answer.status == 200 else {}

    def _connect(self) -> http.client.HTTPConnection:
        server = urlsplit(self._order["server"])
        host = server.hostname or ""
        if server.scheme == "http":
            return http.client.HTTPConnection(host, server.port, timeout=_REQUEST_SECONDS)
        context = ssl.create_default_context(cafile=self._order["ca_file"])
        if not self._order["verify"]:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if self._order["cert_file"]:
            context.load_cert_chain(self._order["cert_file"], self._order["key_file"])
        return http.client.HTTPSConnection(host, server.port, timeout=_REQUEST_SECONDS, context=context)

    def _close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
        self._connection = None


def now() -> str:
    """Return the time as a Lease has it (MicroTime)."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def main() -> int:
    """Renew until the pipe says otherwise."""
    line = b""
    while not line.endswith(b"\n"):
        read = os.read(0, 1 << 16)
        if not read:
            return 0
        line += read
    order = json.loads(line)
    renewer = Renewer(order)
    while not select.select([0], [], [], order["every"])[0]:
        if not renewer.renew():
            return LOST
    return 0 if renewer.release() else LOST


if __name__ == "__main__":
    sys.exit(main())
