"""What a request asks of the API server, as its authorizers see it. Pure.

The rules are those of the API server itself (k8s.io/apiserver, pkg/endpoints/request/requestinfo.go).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

_VERBS = {
    "GET": "get",
    "HEAD": "get",
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_READS = frozenset({"get", "list", "watch"})
_PROXY = "proxy"
_ENTERS = frozenset({"exec", "attach", "portforward"})
"""Subresources of a pod by which a GET runs something in it."""


@dataclass(frozen=True)
class AskedRequest:
    """A request, in the words of RBAC.

    Attributes:
        verb: get, list, watch, create, update, patch, delete, deletecollection.
        group: the API group; "" for the core group.
        resource: with the subresource: `pods`, `pods/exec`; "" for a path that is no resource.
        namespace: of the object; "" for none, and for all of them.
        name: of the object; "" for all of them.
        path: of the request.
        inner: of a request through a proxy the path behind it.
        dry_run: nothing is kept.
    """

    verb: str
    group: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""
    inner: str = ""
    dry_run: bool = False

    @property
    def kind_of_resource(self) -> str:
        """The resource without its subresource."""
        return self.resource.partition("/")[0]

    @property
    def enters(self) -> bool:
        """Whether it runs something in a container, or opens a way into it."""
        return self.resource.partition("/")[2] in _ENTERS

    @property
    def through_proxy(self) -> bool:
        """Whether the API server passes it on to a pod, a Service or a kubelet."""
        return self.resource.partition("/")[2] == _PROXY

    @property
    def reads(self) -> bool:
        """Whether it changes nothing, in the API or anywhere else."""
        return self.verb in _READS and not self.enters

    def text(self) -> str:
        """Return it as a person says it: `delete pods web-0 in the namespace shop`."""
        if not self.resource:
            return f"{self.verb} {self.path}"
        named = f" {self.name}" if self.name else ""
        group = f".{self.group}" if self.group else ""
        where = f" in the namespace {self.namespace}" if self.namespace else ""
        return f"{self.verb} {self.resource}{group}{named}{where}"


def asked(method: str, path: str, query: Sequence[tuple[str, str]] = ()) -> AskedRequest:
    """Return what a request asks for.

    Args:
        method: of HTTP.
        path: of the API, without a query.
        query: its parameters.
    """
    verb = _VERBS.get(method.upper(), method.lower())
    words = [unquote(word) for word in path.strip("/").split("/")]
    dry_run = ("dryRun", "All") in query
    if words[0] == "api" and len(words) > 2:
        group, rest = "", words[2:]
    elif words[0] == "apis" and len(words) > 3:
        group, rest = words[1], words[3:]
    else:
        return AskedRequest(verb, path=path, dry_run=dry_run)
    namespace = ""
    # /namespaces/NAME/status and /finalize are of the namespace itself.
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    resource, name, subresource = [*rest[:3], "", ""][:3]
    if not name:
        verb = {"get": "list", "delete": "deletecollection"}.get(verb, verb)
        if verb == "list" and any(key == "watch" and value not in ("0", "false") for key, value in query):
            verb = "watch"
    return AskedRequest(
        verb,
        group,
        f"{resource}/{subresource}" if subresource else resource,
        namespace,
        _of_proxy(name) if subresource == _PROXY else name,
        path,
        "/" + "/".join(rest[3:]) if subresource == _PROXY else "",
        dry_run,
    )


def _of_proxy(name: str) -> str:
    """Return the name of a pod or Service as it stands before /proxy: NAME, NAME:PORT or SCHEME:NAME:PORT."""
    parts = name.split(":")
    return parts[1] if len(parts) == 3 else parts[0]
