"""Runs a command in a container over the API server's WebSocket.

Not through `kubernetes.stream`: it connects without a timeout, blocks in the middle of a frame, and replaces
a method of the shared API client while it works, which two threads must not do. It builds on the same
`websocket-client` package, used here directly.

The protocol: the first byte of each message is a channel: 0 standard input, 1 output, 2 error, 3 the final
Status object; in version 5, channel 255 closes the channel that follows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from harness.base import working_time
from harness.kubernetes.errors import UnreachableError, from_answer

_V5 = "v5.channel.k8s.io"
_V4 = "v4.channel.k8s.io"
_STDIN, _STDOUT, _STDERR, _STATUS, _CLOSE = 0, 1, 2, 3, 255


@dataclass(frozen=True)
class ExecResult:
    """What a command in a container left: output as text, and its exit code."""

    stdout: str
    stderr: str
    code: int


@dataclass(frozen=True)
class Credentials:
    """What to present to the API server, and how to check it."""

    ca_file: str | None
    cert_file: str | None
    key_file: str | None
    authorization: str | None
    verify: bool
    server_name: str | None


def run(
    url: str,
    query: list[tuple[str, str]],
    credentials: Credentials,
    *,
    stdin: str | None,
    timeout: float,
    doing: str,
) -> ExecResult:
    """Run a command; see `Cluster.exec`.

    Raises:
        RefusedError: the API server or the kubelet refused the command.
        UnreachableError: no connection, or no end within `timeout` seconds.
    """
    from websocket import WebSocket, WebSocketBadStatusException, WebSocketException

    deadline = working_time.now() + timeout
    socket: Any = WebSocket(sslopt=_tls(credentials), skip_utf8_validation=True)
    headers = [f"Authorization: {credentials.authorization}"] if credentials.authorization else []
    address = url.replace("http", "ws", 1) + "?" + urlencode(query)
    try:
        socket.connect(
            address, timeout=timeout, header=headers, subprotocols=[_V5, _V4], suppress_origin=True
        )
        return _converse(socket, stdin, deadline, doing)
    except WebSocketBadStatusException as error:
        body = error.resp_body or b""
        raise from_answer(doing, error.status_code, body.decode(errors="replace")) from error
    except (WebSocketException, OSError) as error:
        raise UnreachableError(
            f"cannot {doing}: no end within {timeout:.0f} s, or the connection broke",
            details=[f"{type(error).__name__}: {error}"],
        ) from error
    finally:
        # The closing handshake would wait for the server.
        socket.shutdown()


def _converse(socket: Any, stdin: str | None, deadline: float, doing: str) -> ExecResult:
    from websocket import ABNF

    if stdin is not None:
        socket.send(bytes([_STDIN]) + stdin.encode(), ABNF.OPCODE_BINARY)
        if socket.subprotocol == _V5:
            socket.send(bytes([_CLOSE, _STDIN]), ABNF.OPCODE_BINARY)
    channels: dict[int, bytearray] = {_STDOUT: bytearray(), _STDERR: bytearray(), _STATUS: bytearray()}
    while True:
        left = deadline - working_time.now()
        if left <= 0:
            raise TimeoutError("the command did not end")
        socket.settimeout(left)
        opcode, data = socket.recv_data()
        if opcode == ABNF.OPCODE_CLOSE:
            break
        if data and data[0] in channels:
            channels[data[0]] += data[1:]
    return ExecResult(
        channels[_STDOUT].decode(errors="replace"),
        channels[_STDERR].decode(errors="replace"),
        _exit_code(bytes(channels[_STATUS]), doing),
    )


def _exit_code(status: bytes, doing: str) -> int:
    """Return the exit code in a Status object.

    The kubelet reports an exit code as reason NonZeroExitCode with a cause ExitCode; any other failure
    means that the command was not run.
    """
    try:
        parsed: dict[str, Any] = json.loads(status)
    except ValueError as error:
        raise UnreachableError(f"cannot {doing}: the connection ended before the command did") from error
    if parsed.get("status") == "Success":
        return 0
    causes = (parsed.get("details") or {}).get("causes") or []
    for cause in causes:
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    raise from_answer(doing, int(parsed.get("code") or 500), status.decode(errors="replace"))


def _tls(credentials: Credentials) -> dict[str, Any]:
    import ssl

    options: dict[str, Any] = {"cert_reqs": ssl.CERT_REQUIRED if credentials.verify else ssl.CERT_NONE}
    if not credentials.verify:
        options["check_hostname"] = False
    if credentials.ca_file:
        options["ca_certs"] = credentials.ca_file
    if credentials.cert_file:
        options["certfile"] = credentials.cert_file
        options["keyfile"] = credentials.key_file
    if credentials.server_name:
        options["server_hostname"] = credentials.server_name
    return options
