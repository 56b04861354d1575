"""Whether registries can be used: each is asked for an image, with the credentials that there are."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from requests.auth import HTTPBasicAuth

from harness.base.errors import HarnessError
from harness.stack import login
from harness.stack.imageset import ImageRef
from harness.stack.mirror import REGISTRY_VARIABLE, Mirror, system_certificates

_PROBE_SECONDS = 5.0
_DOCKER_HUB = "docker.io"
# The name in image references is not the host that serves the images.
_SERVED_BY = {_DOCKER_HUB: "registry-1.docker.io"}
_ACCEPT = ", ".join(
    [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]
)
# https://distribution.github.io/distribution/spec/auth/token/
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_MOST_ANSWER_BYTES = 1 << 20


@dataclass(frozen=True)
class RegistryProbe:
    """Whether registries can be used, and why not."""

    reachable: bool
    reason: str


@dataclass(frozen=True)
class _Question:
    """One image of a registry."""

    host: str
    image: ImageRef
    plain_http: bool
    ca: Path | None

    @property
    def url(self) -> str:
        host = _SERVED_BY.get(self.host, self.host)
        # `registry` of an image below a mirror's path has that path.
        inside = "/".join([*self.image.registry.split("/")[1:], self.image.repository])
        # Where a digest is pinned beside the tag, it is what is pulled.
        tag = self.image.tag.rpartition("@")[2]
        return f"{'http' if self.plain_http else 'https'}://{host}/v2/{inside}/manifests/{tag}"


def probe_images(
    images: Iterable[ImageRef], mirror: Mirror | None = None, seconds: float = _PROBE_SECONDS
) -> RegistryProbe:
    """Ask for one image of each registry, all at once; who does not answer in time does not answer.

    Args:
        images: of those of one registry, the first one is asked for.
        mirror: how the images' registry is asked, when it is one.
        seconds: the bound for all of them together, name resolution included.
    """
    questions: dict[str, _Question] = {}
    for image in images:
        host = image.registry.split("/", 1)[0]
        plain, ca = (mirror.plain_http, mirror.ca) if mirror else (False, system_certificates())
        questions.setdefault(host, _Question(host, image, plain, ca))
    silent: dict[str, str] = dict.fromkeys(questions, f"no answer within {seconds:.0f} s")
    lock = threading.Lock()

    def ask(host: str) -> None:
        outcome = _ask(questions[host], seconds)
        with lock:
            if outcome:
                silent[host] = outcome
            else:
                silent.pop(host, None)

    # Daemon threads: a resolver that hangs is bounded by nothing, and must not keep the process from ending.
    threads = [threading.Thread(target=ask, args=(host,), daemon=True) for host in questions]
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    with lock:
        if silent:
            return RegistryProbe(False, "; ".join(f"{host}: {why}" for host, why in sorted(silent.items())))
    return RegistryProbe(True, f"have the images: {', '.join(questions)}")


def _ask(question: _Question, seconds: float) -> str:
    """Return why a registry cannot be used, or nothing."""
    with requests.Session() as session:
        try:
            return _answer(session, question, seconds / 2)
        except requests.exceptions.SSLError:
            if not question.plain_http and _speaks_plain_http(question, seconds / 2):
                return f"it has no TLS: write {REGISTRY_VARIABLE}=http://{question.host} if that is meant"
            return "SSLError: its certificate is not one that this machine trusts"
        except requests.RequestException as error:
            return type(error).__name__
        except HarnessError as error:
            return error.problem


def _answer(session: requests.Session, question: _Question, timeout: float) -> str:
    headers = {"Accept": _ACCEPT}
    # Given with each request: of a session it counts less than REQUESTS_CA_BUNDLE.
    verify = str(question.ca) if question.ca else True

    def head(**more: Any) -> requests.Response:
        return session.head(
            question.url, headers=headers, timeout=timeout, allow_redirects=True, verify=verify, **more
        )

    answer = head()
    if answer.status_code == 401:
        known = login.of(question.host)
        told = answer.headers.get("WWW-Authenticate", "")
        if told.lower().startswith("bearer"):
            headers["Authorization"] = f"Bearer {_token(session, told, known, timeout)}"
            answer = head()
        elif known:
            answer = head(auth=HTTPBasicAuth(known.user, known.password))
        if answer.status_code in (401, 403):
            refused = "does not take the credentials" if known else "wants credentials"
            return f"it {refused}: log in with docker or podman"
    if answer.status_code == 404:
        return f"it has no {question.image.repository}:{question.image.tag}"
    return "" if answer.status_code == 200 else f"HTTP {answer.status_code} from {question.url}"


def _token(session: requests.Session, told: str, known: login.Login | None, timeout: float) -> str:
    """Return what a registry's own authorization server gives; nothing when it refuses."""
    asked = dict(_CHALLENGE.findall(told))
    realm = asked.pop("realm", "")
    if not realm.startswith(("https://", "http://")):
        return ""
    auth = HTTPBasicAuth(known.user, known.password) if known and realm.startswith("https://") else None
    with session.get(realm, params=asked, auth=auth, timeout=timeout, stream=True) as answer:
        text = answer.raw.read(_MOST_ANSWER_BYTES, decode_content=True)
        if answer.status_code != 200:
            return ""
    try:
        found = json.loads(text)
        return str(found.get("token") or found.get("access_token") or "")
    except (ValueError, AttributeError):
        return ""


def _speaks_plain_http(question: _Question, timeout: float) -> bool:
    try:
        answer = requests.head(f"http://{question.host}/v2/", timeout=timeout, allow_redirects=False)
    except requests.RequestException:
        return False
    return answer.status_code in (200, 401)
