"""A cluster behind the `kubernetes` package: plain dicts in and out, every request bounded.

Everything goes through `DynamicClient.request(..., serialize=False)`: its signature and its requests are
the same in versions 35 to 37 of the package, while the generated methods changed with 37 and cannot use the
service proxy (they escape the path).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from harness.base import working_time
from harness.base.errors import UsageError
from harness.kubernetes import credentials, websocket
from harness.kubernetes.asked import asked
from harness.kubernetes.errors import (
    ApiError,
    ConflictError,
    NotFoundError,
    RefusedError,
    UnreachableError,
    WaitTimeoutError,
    from_answer,
)
from harness.kubernetes.kinds import kind_of
from harness.kubernetes.proxy import check_headers, proxy_path
from harness.kubernetes.websocket import Credentials, ExecResult

if TYPE_CHECKING:
    import requests
    import urllib3

    from harness.kubernetes.guard import Guard

__all__ = [
    "DEFAULT_TIMEOUT",
    "ApiError",
    "Cluster",
    "ConflictError",
    "ExecResult",
    "HttpAnswer",
    "NotFoundError",
    "Object",
    "RefusedError",
    "UnreachableError",
    "WaitTimeoutError",
]

DEFAULT_TIMEOUT = 10.0
"""Seconds that a request may take when the caller does not say."""

_WATCH_SECONDS = 20.0
# What the kubernetes package needs beyond the server's own limit to see a watch end by itself.
_WATCH_SLACK = 2.0

_STRICT = ("fieldValidation", "Strict")
"""Without it the API server drops a field that it does not know, and says nothing."""

Object = dict[str, Any]
"""A Kubernetes object as the API gives it."""

# Aliases because `Cluster.list` hides the built-in name in the annotations of its class.
Objects = list[Object]
Query = list[tuple[str, str]]


@dataclass(frozen=True)
class HttpAnswer:
    """An answer that came through the API server's proxy.

    Attributes:
        status: the HTTP status, the proxied server's or, when it was not reached, the API server's.
        body: as it came.
        content_type: the header, which tells exposition formats apart.
    """

    status: int
    body: bytes
    content_type: str

    def undelivered(self) -> str | None:
        """Return why the API server did not pass the request on; None when the answer is the server's own."""
        if self.status < 400 or "json" not in self.content_type:
            return None
        try:
            found = json.loads(self.body)
        except ValueError:
            return None
        if not isinstance(found, dict) or (found.get("kind"), found.get("apiVersion")) != ("Status", "v1"):
            return None
        return str(found.get("message") or found.get("reason") or "")


class Cluster:
    """The Kubernetes API. May be used by several threads at once."""

    def __init__(self, configuration: Any, context: str, guard: Guard | None = None) -> None:
        """Use a loaded configuration of the `kubernetes` package; `connect` is what callers want."""
        from kubernetes.client import ApiClient
        from kubernetes.dynamic import DynamicClient

        # The package would repeat a failed request three times without a word.
        configuration.retries = False
        self.context = context
        self._guard = guard
        self._configuration = configuration
        self._client = DynamicClient(ApiClient(configuration), discoverer=_NoDiscovery)

    @classmethod
    def connect(cls, kubeconfig: Path, context: str | None = None, *, guard: Guard | None = None) -> Cluster:
        """Read a kubeconfig; nothing is sent yet.

        Args:
            kubeconfig: the file.
            context: a context in it; None for its current one.
            guard: is asked before each request; None on a cluster that is the harness' own.

        Raises:
            UsageError: no such file or context.
        """
        from kubernetes.client import Configuration
        from kubernetes.config import ConfigException, load_kube_config_from_dict

        configuration = Configuration()
        try:
            parsed = credentials.read(kubeconfig)
            if context is None:
                context = str(parsed["current-context"])
            load_kube_config_from_dict(
                parsed, context, client_configuration=configuration, persist_config=False
            )
        except (OSError, ValueError, KeyError, ConfigException) as error:
            raise UsageError(
                f"cannot read the kubeconfig {kubeconfig}",
                next_step="name an existing kubeconfig and one of its contexts",
                details=[str(error)],
            ) from error
        return cls(configuration, context, guard)

    @property
    def server(self) -> str:
        """The API server's address."""
        return str(self._configuration.host)

    def version(self, timeout: float = DEFAULT_TIMEOUT) -> str:
        """Return the server's version, such as v1.35.3."""
        return str(self._json("ask for the version", "GET", "/version", timeout=timeout)["gitVersion"])

    def text(self, path: str, timeout: float = DEFAULT_TIMEOUT) -> str:
        """Return what the API server itself answers at a path that is no object, such as /metrics.

        Raises:
            ApiError: it refused, or did not answer.
        """
        doing, deadline = f"read {path}", working_time.now() + timeout
        response = self._open(doing, "GET", path, query=[], timeout=timeout, accept="*/*")
        return _read(response, deadline, doing).decode(errors="replace")

    def get(
        self, kind: str, name: str, namespace: str | None = None, *, timeout: float = DEFAULT_TIMEOUT
    ) -> Object | None:
        """Return one object, or None when it does not exist.

        Raises:
            ApiError: any other answer.
        """
        try:
            return self._json(
                f"get {kind} {name}", "GET", kind_of(kind).path(namespace, name), timeout=timeout
            )
        except NotFoundError:
            return None

    def list(
        self,
        kind: str,
        namespace: str | None = None,
        label_selector: str | None = None,
        *,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> Objects:
        """Return all objects of a kind; of all namespaces without one.

        Raises:
            ApiError: NotFound when the kind itself is not served.
        """
        return self._list(kind, namespace, None, label_selector, timeout)[0]

    def create(self, body: Object, *, dry_run: bool = False, timeout: float = DEFAULT_TIMEOUT) -> Object:
        """Create an object; its kind, name and namespace are in it.

        Args:
            body: the object.
            dry_run: let the API server and its webhooks check it, and keep nothing.
            timeout: seconds.

        Raises:
            RefusedError: by the API server or an admission webhook; ConflictError when it exists,
                MalformedError when it does not fit its schema.
        """
        name = body["metadata"].get("name", "")
        path = kind_of(body["kind"]).path(body["metadata"].get("namespace"))
        query = [_STRICT, *([("dryRun", "All")] if dry_run else [])]
        return self._json(
            f"create {body['kind']} {name}", "POST", path, query=query, body=body, timeout=timeout
        )

    def patch(
        self,
        kind: str,
        name: str,
        namespace: str | None,
        merge_patch: Object,
        *,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> Object:
        """Apply a JSON merge patch (RFC 7386) and return the object.

        Raises:
            ApiError: NotFound when it does not exist, MalformedError when it would not fit its schema.
        """
        return self._json(
            f"patch {kind} {name}",
            "PATCH",
            kind_of(kind).path(namespace, name),
            query=[_STRICT],
            body=merge_patch,
            content_type="application/merge-patch+json",
            timeout=timeout,
        )

    def patch_at(self, path: str, merge_patch: Object, *, timeout: float = DEFAULT_TIMEOUT) -> Object:
        """Like `patch`, for an object of any kind: by its path in the API."""
        return self._json(
            f"patch {path}",
            "PATCH",
            path,
            body=merge_patch,
            content_type="application/merge-patch+json",
            timeout=timeout,
        )

    def replace_at(self, path: str, body: Object, *, timeout: float = DEFAULT_TIMEOUT) -> Object:
        """Replace an object, or a part of it that is a resource of its own, by its path in the API.

        Raises:
            ApiError: NotFound when it does not exist.
        """
        return self._json(f"replace {path}", "PUT", path, body=body, timeout=timeout)

    def delete(
        self,
        kind: str,
        name: str,
        namespace: str | None = None,
        *,
        grace: int | None = None,
        uid: str | None = None,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        """Ask for an object's deletion; one that does not exist is fine.

        Args:
            kind: the kind's name.
            name: the object's name.
            namespace: its namespace, unless the kind has none.
            grace: seconds that its pods have to end by themselves; None for the object's own.
            uid: only the object with this uid; another one of that name raises Conflict.
            timeout: seconds.

        Raises:
            ApiError: refused.
        """
        body: Object = {"propagationPolicy": "Background"}
        if grace is not None:
            body["gracePeriodSeconds"] = grace
        if uid is not None:
            body["preconditions"] = {"uid": uid}
        with contextlib.suppress(NotFoundError):
            self._json(
                f"delete {kind} {name}",
                "DELETE",
                kind_of(kind).path(namespace, name),
                body=body,
                timeout=timeout,
            )

    def until(
        self,
        kind: str,
        namespace: str | None,
        predicate: Callable[[Object | None], bool],
        timeout: float,
        name: str,
    ) -> Object | None:
        """Wait until one object is as wanted.

        Args:
            kind: the kind's name.
            namespace: where, unless the kind has none.
            predicate: gets the object as it is, at first and after each change; None when it does
                not exist.
            timeout: seconds.
            name: the object's name.

        Returns:
            What the predicate was true for.

        Raises:
            WaitTimeoutError: the time is over; it holds the object as it was last.
            ApiError: the API server did not answer, or refused.
        """
        found = self._until(
            kind, namespace, lambda all_: predicate(all_[0] if all_ else None), timeout, name, None
        )
        return found[0] if found else None

    def until_all(
        self,
        kind: str,
        namespace: str | None,
        predicate: Callable[[Objects], bool],
        timeout: float,
        *,
        label_selector: str | None = None,
    ) -> Objects:
        """Like `until`, for all objects of a kind, or for those that a selector selects."""
        return self._until(kind, namespace, predicate, timeout, None, label_selector)

    def wait_gone(self, kind: str, name: str, namespace: str | None, timeout: float) -> None:
        """Wait until an object does not exist.

        Raises:
            WaitTimeoutError: it still does; `last` holds it, with the finalizers that keep it.
        """
        self.until(kind, namespace, lambda found: found is None, timeout, name)

    def watch(
        self,
        kind: str,
        namespace: str | None,
        resource_version: str,
        seconds: float,
        name: str | None = None,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
        opened: Callable[[Callable[[], None]], None] | None = None,
    ) -> Iterator[tuple[str, Object]]:
        """Yield (ADDED | MODIFIED | DELETED, object) for `seconds`, then end.

        It ends early when the server ends it or the connection breaks: list again and go on from there.

        Args:
            kind: the kind's name.
            namespace: where; None for all namespaces.
            resource_version: of the list that the watch goes on from.
            seconds: how long.
            name: only the object of that name.
            label_selector: only these.
            field_selector: only these.
            opened: is given a function that ends the watch from another thread.

        Raises:
            ApiError: the watch could not be opened.
        """
        from urllib3.exceptions import HTTPError

        if seconds <= 0:
            return
        deadline = working_time.now() + seconds
        query = [
            ("watch", "true"),
            ("resourceVersion", resource_version),
            ("timeoutSeconds", str(max(1, round(seconds)))),
            *_selectors(name, label_selector, field_selector),
        ]
        # The read timeout is what bounds a half-open connection.
        response = self._open(
            f"watch {kind}",
            "GET",
            kind_of(kind).path(namespace),
            query=query,
            timeout=(DEFAULT_TIMEOUT, seconds + (_WATCH_SLACK if seconds > 1 else 0)),
        )
        if opened is not None:
            opened(lambda: _shut(response))
        try:
            for line in _lines(response):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                if event["type"] != "BOOKMARK":
                    yield event["type"], event["object"]
                if working_time.now() >= deadline:
                    return
        except (HTTPError, OSError, ValueError):
            return
        finally:
            response.close()

    def list_versioned(
        self,
        kind: str,
        namespace: str | None,
        *,
        field_selector: str | None = None,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> tuple[Objects, str]:
        """Return all objects of a kind and the resource version that a watch goes on from."""
        return self._list(kind, namespace, None, None, timeout, field_selector)

    def proxy_fetch(
        self,
        resource: str,
        namespace: str,
        name: str,
        port: int | str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        accept: str = "*/*",
    ) -> HttpAnswer:
        """Send a GET to a port of a pod or a Service through the API server.

        Args:
            resource: `pods` or `services`.
            namespace: of the pod or Service.
            name: of the pod or Service.
            port: number, or a Service port's name.
            path: of the request.
            params: query parameters.
            timeout: seconds.
            accept: the Accept header.

        Returns:
            The answer; statuses of 400 and more are answers too.

        Raises:
            BoundaryError: the path leads out of the pod or Service.
            UnreachableError: the API server itself did not answer.
        """
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        url = proxy_path(resource, namespace, name, port, path)
        try:
            response = self._request("GET", url, [*(params or {}).items()], timeout=timeout, accept=accept)
        except ApiException as error:
            if not error.status:
                doing = f"get {path} of {resource[:-1]} {name}"
                raise _unreachable(doing, self.server, error) from error
            headers = error.headers or {}
            return HttpAnswer(
                int(error.status), str(error.body or "").encode(), str(headers.get("Content-Type", ""))
            )
        except HTTPError as error:
            raise _unreachable(f"get {path} of {resource[:-1]} {name}", self.server, error) from error
        body = _read(response, working_time.now() + timeout, f"get {path} of {name}")
        return HttpAnswer(response.status, body, response.headers.get("Content-Type", ""))

    def proxy_send(
        self,
        session: requests.Session,
        resource: str,
        namespace: str,
        name: str,
        port: int | str,
        path: str,
        *,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        tls: bool = False,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> HttpAnswer:
        """Send one request to a port of a pod or a Service through the API server; no redirect is followed.

        Args:
            session: of `session`; one connection serves several requests.
            resource: `pods` or `services`.
            namespace: of the pod or Service.
            name: of the pod or Service.
            port: number, or a Service port's name.
            path: of the request, with a query or without.
            method: GET, POST, ...
            body: what is sent.
            headers: of the request.
            tls: it speaks HTTPS; the API server does not check its certificate.
            timeout: seconds, for all of it.

        Raises:
            BoundaryError: path or headers are for somebody else than the pod or Service.
            UnreachableError: no answer in time, or a broken connection.
        """
        from requests import RequestException

        deadline = working_time.now() + timeout
        url = self.server + proxy_path(resource, namespace, name, port, path, tls=tls)
        check_headers(headers or {})
        doing = f"{method} {path} of {resource[:-1]} {name}"
        try:
            with session.request(
                method,
                url,
                data=body,
                headers=dict(headers or {}),
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                content = _read_within(response, deadline, doing)
        except RequestException as error:
            raise _unreachable(doing, self.server, error) from error
        return HttpAnswer(response.status_code, content, response.headers.get("Content-Type", ""))

    def service_proxy_url(self, namespace: str, name: str, port: int | str) -> str:
        """Return the address under which a Service answers, without a trailing slash."""
        return self.server + proxy_path("services", namespace, name, port)

    def session(self) -> requests.Session:
        """Return a session that authenticates to the API server, for clients built on requests."""
        from harness.kubernetes.stays_here import StaysHere

        session = StaysHere(self._check)
        # Nothing of the environment: a CA bundle or a proxy set there is not the cluster's.
        session.trust_env = False
        session.verify = self._configuration.ssl_ca_cert or bool(self._configuration.verify_ssl)
        if self._configuration.cert_file:
            session.cert = (self._configuration.cert_file, self._configuration.key_file)
        if token := self._authorization():
            session.headers["Authorization"] = token
        return session

    def credentials(self) -> Credentials:
        """Return what to present to the API server, and how to check it, for clients of one's own."""
        return Credentials(
            ca_file=self._configuration.ssl_ca_cert,
            cert_file=self._configuration.cert_file,
            key_file=self._configuration.key_file,
            authorization=self._authorization(),
            verify=bool(self._configuration.verify_ssl),
            server_name=self._configuration.tls_server_name,
        )

    def exec(
        self,
        namespace: str,
        pod: str,
        container: str,
        argv: Sequence[str],
        timeout: float = DEFAULT_TIMEOUT,
        *,
        stdin: str | None = None,
    ) -> ExecResult:
        """Run a command in a container.

        Args:
            namespace: the pod's.
            pod: its name.
            container: the container's name.
            argv: the command and its arguments; no shell is involved.
            timeout: seconds, for all of it. The command itself is not ended when it is over.
            stdin: text for standard input.

        Returns:
            Output and exit code; a code other than 0 is an answer, not an error.

        Raises:
            RefusedError: the pod or container does not exist or does not run.
            UnreachableError: no connection, or no end in time.
        """
        query = [("container", container), ("stdout", "true"), ("stderr", "true")]
        query += [("command", word) for word in argv]
        if stdin is not None:
            query.append(("stdin", "true"))
        path = kind_of("Pod").path(namespace, pod) + "/exec"
        self._check("GET", path, query, container=container)
        return websocket.run(
            self.server + path,
            query,
            self.credentials(),
            stdin=stdin,
            timeout=timeout,
            doing=f"run {argv[0]} in {namespace}/{pod}",
        )

    def logs(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        seconds: int,
        previous: bool = False,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> str:
        """Return what a container has logged in the last seconds.

        Args:
            namespace: the pod's.
            pod: its name.
            container: the container's name.
            seconds: how far to look back.
            previous: of the container that ran before the last restart.
            timeout: for the answer, seconds.

        Raises:
            ApiError: NotFound when there is no such pod.
        """
        doing = f"read the log of {namespace}/{pod}"
        query = [("container", container), ("sinceSeconds", str(seconds))]
        if previous:
            query.append(("previous", "true"))
        path = kind_of("Pod").path(namespace, pod) + "/log"
        # The default media type of _open would be refused: a log is no object.
        response = self._open(doing, "GET", path, query=query, timeout=timeout, accept="*/*")
        return _read(response, working_time.now() + timeout, doing).decode(errors="replace")

    def _check(
        self, method: str, path: str, query: Query, body: Object | None = None, *, container: str = ""
    ) -> None:
        """Ask the guard, if there is one, whether a request may be sent.

        Raises:
            ForeignRequestError: it may not.
        """
        if self._guard is not None:
            self._guard.check(asked(method, path, query), self.get, body=body, container=container)

    def _authorization(self) -> str | None:
        setting = self._configuration.auth_settings().get("BearerToken", {})
        value = setting.get("value")
        return str(value) if value else None

    def _until(
        self,
        kind: str,
        namespace: str | None,
        predicate: Callable[[Objects], bool],
        timeout: float,
        name: str | None,
        label_selector: str | None,
    ) -> Objects:
        """List, then watch from there; list again whenever a watch ends."""
        began = working_time.now()
        deadline = began + timeout
        while True:
            left = max(deadline - working_time.now(), 1.0)
            objects, version = self._list(kind, namespace, name, label_selector, min(DEFAULT_TIMEOUT, left))
            if predicate(objects):
                return objects
            state = {_identity(found): found for found in objects}
            window = min(_WATCH_SECONDS, deadline - working_time.now())
            for event, changed in self.watch(
                kind, namespace, version, window, name, label_selector=label_selector
            ):
                if event == "DELETED":
                    state.pop(_identity(changed), None)
                else:
                    state[_identity(changed)] = changed
                if predicate(list(state.values())):
                    return list(state.values())
            if working_time.now() >= deadline:
                what = f"{kind} {name}" if name else f"objects of kind {kind}"
                raise WaitTimeoutError(
                    f"{what} in {namespace or 'all namespaces'}: not as wanted within {timeout:.0f} s",
                    last=list(state.values()),
                    waited=working_time.now() - began,
                )

    def _list(
        self,
        kind: str,
        namespace: str | None,
        name: str | None,
        label_selector: str | None,
        timeout: float,
        field_selector: str | None = None,
    ) -> tuple[Objects, str]:
        found = self._json(
            f"list {kind}",
            "GET",
            kind_of(kind).path(namespace),
            query=_selectors(name, label_selector, field_selector),
            timeout=timeout,
        )
        api_version = kind_of(kind).api_version
        # Items of a list come without these two.
        items = [{"kind": kind, "apiVersion": api_version, **item} for item in found.get("items") or []]
        return items, str(found["metadata"]["resourceVersion"])

    def _json(
        self,
        doing: str,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Object | None = None,
        content_type: str | None = None,
        timeout: float,
    ) -> Object:
        deadline = working_time.now() + timeout
        response = self._open(
            doing, method, path, query=query or [], body=body, content_type=content_type, timeout=timeout
        )
        raw = _read(response, deadline, doing)
        try:
            return cast(Object, json.loads(raw))
        except ValueError as error:
            raise UnreachableError(
                f"cannot {doing}: the answer is not JSON", details=[raw[:200].decode(errors="replace")]
            ) from error

    def _open(
        self,
        doing: str,
        method: str,
        path: str,
        *,
        query: Query,
        body: Object | None = None,
        content_type: str | None = None,
        timeout: float | tuple[float, float],
        accept: str = "application/json",
    ) -> urllib3.HTTPResponse:
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        try:
            return self._request(
                method, path, query, timeout=timeout, accept=accept, body=body, content_type=content_type
            )
        except ApiException as error:
            if error.status:
                raise from_answer(doing, int(error.status), str(error.body or "")) from error
            raise _unreachable(doing, self.server, error) from error
        except HTTPError as error:
            raise _unreachable(doing, self.server, error) from error

    def _request(
        self,
        method: str,
        path: str,
        query: Query,
        *,
        timeout: float | tuple[float, float],
        accept: str = "application/json",
        body: Object | None = None,
        content_type: str | None = None,
    ) -> urllib3.HTTPResponse:
        self._check(method, path, query, body)
        return cast(
            "urllib3.HTTPResponse",
            self._client.request(
                method,
                path,
                body=body,
                serialize=False,
                query_params=query,
                header_params={"Accept": accept},
                content_type=content_type,
                _request_timeout=timeout,
            ),
        )


class _NoDiscovery:
    """Takes the place of the package's discovery: paths come from harness/kubernetes/kinds.py."""

    def __init__(self, client: Any, cache_file: Any) -> None:
        pass


def _selectors(
    name: str | None, label_selector: str | None, field_selector: str | None = None
) -> list[tuple[str, str]]:
    query = []
    if field_selector:
        query.append(("fieldSelector", field_selector))
    if name:
        query.append(("fieldSelector", f"metadata.name={name}"))
    if label_selector:
        query.append(("labelSelector", label_selector))
    return query


def _identity(found: Object) -> tuple[str, str]:
    metadata = found["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


def _unreachable(doing: str, server: str, error: Exception) -> ApiError:
    from kubernetes.client import ApiException

    # The text of an error without a status, such as that of TLS, holds a traceback of the library.
    why = ": ".join(str(error.reason).splitlines()) if isinstance(error, ApiException) else str(error)
    return UnreachableError(
        f"cannot {doing}: no answer from the API server {server}",
        next_step="look whether the cluster runs: chaos-harness status",
        details=[why],
        message=why,
    )


def _read(response: urllib3.HTTPResponse, deadline: float, doing: str) -> bytes:
    from urllib3.exceptions import HTTPError

    parts = []
    try:
        for part in response.stream(1 << 16):
            parts.append(part)
            if working_time.now() > deadline:
                response.close()
                raise UnreachableError(f"cannot {doing}: the answer did not end in time")
    except (HTTPError, OSError) as error:
        raise UnreachableError(f"cannot {doing}: the answer broke off", details=[str(error)]) from error
    response.release_conn()
    return b"".join(parts)


def _read_within(response: requests.Response, deadline: float, doing: str) -> bytes:
    parts = []
    for part in response.iter_content(1 << 16):
        parts.append(part)
        if working_time.now() > deadline:
            raise UnreachableError(f"cannot {doing}: the answer did not end in time")
    return b"".join(parts)


def _lines(response: urllib3.HTTPResponse) -> Iterator[bytes]:
    # amt=None gives each chunk as it comes; a number would wait until so many bytes are there.
    rest = b""
    for chunk in response.stream(None):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line for line in whole if line)


def _shut(response: urllib3.HTTPResponse) -> None:
    with contextlib.suppress(ValueError, RuntimeError, OSError):
        response.shutdown()
