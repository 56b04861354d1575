"""Says why a pod that runs a shard will not hand out its report. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.kubernetes.client import Object

_NEVER = frozenset(
    {
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    }
)
"""Why a container waits that the kubelet does not get to run by itself (pkg/kubelet/images, container)."""
_OUT_OF_IMAGES = frozenset({"ErrImageNeverPull", "ImageInspectError", "ImagePullBackOff", "InvalidImageName"})
_WORDS = {
    "OOMKilled": "it needed more memory than its limit",
    "DeadlineExceeded": "the time for all shards was over",
}


def is_ready(pod: Object) -> bool:
    """Say whether a shard hands out its report: its run has ended."""
    return any(each["type"] == "Ready" and each["status"] == "True" for each in _conditions(pod))


def why_ended(pod: Object) -> str:
    """Return why a pod hands out no report any more; empty while it may."""
    status = pod.get("status") or {}
    container = _container(status)
    ended = container.get("terminated") or {}
    waiting = container.get("waiting") or {}
    if status.get("phase") == "Failed" or ended:
        exit_code = f"exit code {ended['exitCode']}" if "exitCode" in ended else ""
        # Evicted and DeadlineExceeded are the pod's, OOMKilled its container's; Error says nothing.
        reasons = [status.get("reason"), ended.get("reason")]
        reason = next((each for each in reasons if each and each not in ("Error", "Completed")), "")
        said = [str(status.get("message") or ""), *_disruptions(pod), *_last_lines(ended)]
        return _joined(reason or exit_code or "its container ended", [_WORDS.get(reason, ""), *said])
    if status.get("phase") == "Succeeded":
        return "it ended before its report was fetched"
    if (reason := str(waiting.get("reason", ""))) in _NEVER:
        return _joined(reason, [str(waiting.get("message", ""))])
    return ""


def is_about_image(pod: Object) -> bool:
    """Say whether the node does not get the image."""
    waiting = _container(pod.get("status") or {}).get("waiting") or {}
    return waiting.get("reason") in _OUT_OF_IMAGES


def why_not_started(pod: Object) -> str:
    """Return why the container of a pod does not run yet, as far as the pod says it."""
    for each in _conditions(pod):
        if each["type"] == "PodScheduled" and each["status"] != "True":
            return _joined(str(each.get("reason", "")), [str(each.get("message", ""))])
    waiting = _container(pod.get("status") or {}).get("waiting") or {}
    return _joined(str(waiting.get("reason", "")), [str(waiting.get("message", ""))])


def has_started(pod: Object) -> bool:
    """Say whether the container of a pod runs, or has run."""
    container = _container(pod.get("status") or {})
    return "running" in container or "terminated" in container


def _container(status: Object) -> Object:
    found: Sequence[Object] = status.get("containerStatuses") or ()
    return (found[0].get("state") or {}) if found else {}


def _conditions(pod: Object) -> Sequence[Object]:
    found: Sequence[Object] = (pod.get("status") or {}).get("conditions") or ()
    return found


def _disruptions(pod: Object) -> Iterator[str]:
    for each in _conditions(pod):
        if each["type"] == "DisruptionTarget" and each["status"] == "True":
            yield str(each.get("message") or each.get("reason") or "")


def _last_lines(ended: Object) -> list[str]:
    """Return the end of what a container that failed has written."""
    lines = str(ended.get("message") or "").strip().splitlines()
    return lines[-1:]


def _joined(reason: str, said: Sequence[str]) -> str:
    details = [" ".join(each.split()) for each in said if each]
    return ": ".join(filter(None, [reason, "; ".join(dict.fromkeys(details))]))
