"""The one place that builds addresses behind the API server's proxy, and keeps requests inside of them.

A request goes out with the harness' rights on the whole cluster, so a path that leaves the part after
`/proxy` is a request to the API server itself. HTTP clients and proxies rewrite paths on their way (requests
and urllib3 decode `%2e` and remove dot segments, Go's ServeMux cleans paths, others take a backslash for
`/`): refused is whatever any of them may read in two ways, not only what this client would send.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from harness.base.errors import BoundaryError, UsageError

_RESOURCES = ("pods", "services")
DNS_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?")
_PORT_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,13}[a-z0-9])?")
_MOST_PORT = 65535

_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DOTS = re.compile(r"[. ]+")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")

_AMBIGUOUS = {
    "\\": "a backslash, which others take for /",
    ";": "a `;`: path parameters are cut off by some and kept by others",
    "@": "an `@`, which makes others take what stands before it for a user name",
    "#": "a `#`, which ends an address",
    "?": "an encoded `?`, which begins a query",
}

_OWN_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "host",
        "connection",
        "proxy-connection",
        "keep-alive",
        "upgrade",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "content-length",
        "expect",
        "forwarded",
        "via",
        "x-real-ip",
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
        "x-original-url",
        "x-original-uri",
        "x-original-host",
        "x-rewrite-url",
        "x-host",
    }
)
"""Headers that mean something to the API server, or to a proxy, and not to the component alone."""

_OWN_PREFIXES = ("impersonate-", "x-forwarded-", "x-remote-", "proxy-")
"""So do these; by X-Remote-User and X-Remote-Group an aggregating proxy says who somebody is."""


def proxy_path(
    resource: str, namespace: str, name: str, port: int | str, path: str = "", *, tls: bool = False
) -> str:
    """Return the path, with the query, of a request to a pod or Service through the API server's proxy.

    Args:
        resource: `pods` or `services`.
        namespace: of the pod or Service.
        name: of the pod or Service.
        port: number, or a Service port's name.
        path: of the request, with a query or without; empty for the address itself, without a trailing slash.
        tls: the pod or Service speaks HTTPS; the API server does not check its certificate.

    Raises:
        BoundaryError: the path, or one of the names, leads out of the pod or Service.
    """
    _check("resource", resource, resource in _RESOURCES)
    _check("namespace", namespace, bool(DNS_LABEL.fullmatch(namespace)))
    _check("name", name, bool(_NAME.fullmatch(name)))
    good = 1 <= port <= _MOST_PORT if isinstance(port, int) else bool(_PORT_NAME.fullmatch(port))
    _check("port", str(port), good)
    scheme = "https:" if tls else ""
    base = f"/api/v1/namespaces/{namespace}/{resource}/{scheme}{name}:{port}/proxy"
    if not path:
        return base
    if not path.startswith("/"):
        path = "/" + path
    if (why := why_path_refused(path)) is not None:
        raise BoundaryError(
            f"the path {path[:200]!r} may lead out of {resource[:-1]} {name}: it has {why}",
            next_step="write the component's own path, plain: /api/experiments?namespace=NAME",
        )
    plain, mark, query = path.partition("?")
    # What is quoted already stays as it is.
    return base + quote(plain, safe="/%:!$&'()*+,=~") + mark + query


def why_path_refused(path: str) -> str | None:
    """Return what in a path may lead out of where it is sent; None when nothing does.

    Args:
        path: with a query or without, begins with `/`.
    """
    plain, _, query = path.partition("?")
    if not plain.startswith("/"):
        return "no / at its beginning"
    decoded = unquote(plain)
    checks = (
        _wrong_characters(plain),
        _wrong_characters(decoded),
        "a `%` that is not followed by two hexadecimal digits" if "%" in _ENCODED.sub("", plain) else None,
        "something that is encoded twice" if "%" in decoded else None,
        _wrong_segments(decoded),
        "a `#` in its query" if "#" in query else None,
        "white space in its query" if any(letter.isspace() for letter in query) else None,
        _control(query) or _control(unquote(query)),
    )
    return next((wrong for wrong in checks if wrong), None)


def why_header_refused(name: str, value: str) -> str | None:
    """Return why a scenario may not set a header; None when it may."""
    plain = name.lower().replace("_", "-")
    if not _HEADER_NAME.fullmatch(name):
        return "no header has such a name"
    if plain in _OWN_HEADERS or plain.startswith(_OWN_PREFIXES):
        return "it is for the API server and for proxies, and cannot be set"
    if wrong := _control(value):
        return f"its value has {wrong}"
    if not value.isascii() or value != value.strip():
        return "its value has white space around it, or letters that are not ASCII"
    return None


def check_headers(headers: Mapping[str, str]) -> None:
    """Make sure that headers say nothing to the API server.

    Raises:
        BoundaryError: one of them does.
    """
    for name, value in headers.items():
        if (why := why_header_refused(name, value)) is not None:
            raise BoundaryError(
                f"the header {name[:100]!r} is not sent: {why}",
                next_step="leave it out, or send one that only the component reads",
            )


def path_segment(text: str) -> str:
    """Return a name as a segment of the API's own paths.

    Raises:
        UsageError: it is none, as the API server sees it (IsValidPathSegmentName of apimachinery).
    """
    if text in ("", ".", "..") or any(letter in text for letter in "/%\\?#;") or _control(text):
        raise UsageError(
            f"{text[:100]!r} is no name of an object",
            next_step="write a name: lower case letters, digits, - and .",
        )
    return quote(text, safe=":")


def _check(what: str, text: str, good: bool) -> None:
    if not good:
        raise BoundaryError(
            f"{text[:100]!r} is no {what} of a pod or Service",
            next_step="write a name: lower case letters, digits, - and .",
        )


def _wrong_characters(text: str) -> str | None:
    for letter, why in _AMBIGUOUS.items():
        if letter in text:
            return why
    if wrong := _control(text):
        return wrong
    # Clients and servers normalise them, and some of what looks like . or / becomes it.
    return None if text.isascii() else "letters that are not ASCII"


def _wrong_segments(decoded: str) -> str | None:
    if "//" in decoded:
        return "an empty segment: `//` begins another server's address"
    if any(_DOTS.fullmatch(segment) for segment in decoded.split("/")):
        return "a segment of dots, which is the folder itself or the one above"
    return None


def _control(text: str) -> str | None:
    return "a control character" if _CONTROL.search(text) else None
