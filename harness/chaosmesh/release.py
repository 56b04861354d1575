"""Releases of Chaos Mesh: their order, and the one that a build belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator

NEWEST = "v2.8"
"""The newest line of releases that the catalogue and the known issues describe."""

MASTER = "master"
"""What is on the main branch and in no release yet; to be renamed when there is one that has it."""

RELEASE = "chaos-mesh-release"
"""Where the versions of a stack name the release that its Chaos Mesh belongs to, beside `chaos-mesh`."""

_MAJOR, _MINOR = Version(NEWEST).release[:2]
# Newer than each release of the newest line, older than the next one.
_UNRELEASED = Version(f"{_MAJOR}.{_MINOR + 1}.0.dev0")
_TAG = r"v?\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)\.?\d+)?"
# Tags of Chaos Mesh's charts stand on the same commits as those of its releases. `-source-` is what
# Checkout.version adds, the brackets are what `str` of a Release adds.
_DESCRIBED = re.compile(
    rf"(?:chart-)?(?P<tag>{_TAG})(?:-(?P<after>\d+)-g(?P<commit>[0-9a-f]{{7,40}}))?(?:-source-[0-9a-f]+)?$"
)
_SHOWN = re.compile(
    rf"(?P<tag>{_TAG}|unreleased)(?P<later>\+(?P<after>\d*))?(?: \((?P<commit>[0-9a-f]+)\))?$"
)
# https://go.dev/ref/mod#pseudo-versions; Chaos Mesh's modules have no tags of v2, so they name no release.
_PSEUDO = re.compile(r"v\d+\.\d+\.\d+-(?:0\.)?\d{14}-(?P<commit>[0-9a-f]{12})$")


@dataclass(frozen=True)
class Release:
    """A release of Chaos Mesh, or a build that belongs to one or to none.

    A build between two releases counts as the earlier one. One that belongs to none (the main branch, a fork,
    a tag such as `latest`) counts as newer than every release of the newest known line.

    Attributes:
        tag: such as v2.8.4; None when it belongs to no release.
        later: it has commits that the release does not have, or may have.
        after: how many; None when that is not known.
        commit: the build's commit, where it is known.
    """

    tag: str | None = None
    later: bool = False
    after: int | None = None
    commit: str | None = None

    @classmethod
    def of(cls, version: str) -> Release:
        """Return the release that a version belongs to.

        Args:
            version: a release with or without the v, what `git describe` says (with what a build from source
                adds), a pseudo-version of Go, the tag of an image, or what `str` makes of a Release.
        """
        if found := _SHOWN.match(version):
            tag = None if found["tag"] == "unreleased" else _with_v(found["tag"])
            after = int(found["after"]) if found["after"] else None
            return cls(tag, later=found["later"] is not None, after=after, commit=found["commit"])
        if found := _DESCRIBED.match(version):
            # The tags of pre-releases stand on the main branch.
            if found["after"] and "-" in found["tag"]:
                return cls(commit=found["commit"])
            after = int(found["after"]) if found["after"] else None
            return cls(_with_v(found["tag"]), later=bool(after), after=after, commit=found["commit"])
        if found := _PSEUDO.match(version):
            return cls(commit=found["commit"])
        return cls()

    @classmethod
    def of_source(cls, stated: str, version: str) -> Release:
        """Return the release that a source tree belongs to.

        Args:
            stated: what its chart names as the tag of the images: its release on a release's branch, `latest`
                on the main branch, whether or not the tree has a history.
            version: of the build, as for `of`: from it are the commit, and how many are after the release.
        """
        by_chart, by_version = cls.of(stated), cls.of(version)
        if by_chart.tag is None or by_chart.tag == by_version.tag:
            return cls(by_chart.tag, by_version.later, by_version.after, by_version.commit)
        return cls(by_chart.tag, later=True, commit=by_version.commit)

    def __str__(self) -> str:
        """Return it in one line: `v2.8.4`, `v2.8.4+6 (0cd35c4d6908)`, `unreleased (608b61e7c1b1)`."""
        later = f"+{self.after or ''}" if self.later and self.tag else ""
        return f"{self.tag or 'unreleased'}{later}" + (f" ({self.commit})" if self.commit else "")

    def older_than(self, bound: str) -> bool:
        """Say whether it is older than a release, or than the main branch."""
        return self._order < _order(bound)

    def newer_than(self, bound: str) -> bool:
        """Say whether it is newer than a release, or than the main branch."""
        return self._order > _order(bound)

    def within(self, since: str | None, until: str | None) -> bool:
        """Say whether it is none before `since`, and none after `until`; None for no bound."""
        return not (since is not None and self.older_than(since)) and not (
            until is not None and self.newer_than(until)
        )

    @property
    def note(self) -> str | None:
        """What has to be known to read a report of it; None when nothing has."""
        if self.tag is None:
            return (
                f"this Chaos Mesh belongs to no known release ({self}): "
                f"catalogue and known issues count it as newer than {NEWEST}"
            )
        return None

    @cached_property
    def _order(self) -> Version:
        return Version(self.tag) if self.tag else _UNRELEASED


def release_of(versions: dict[str, str]) -> Release:
    """Return the release of a stack's Chaos Mesh; where none is named, that of the build's version."""
    return Release.of(versions.get(RELEASE) or versions.get("chaos-mesh") or "")


def _order(bound: str) -> Version:
    return _UNRELEASED if bound == MASTER else Version(bound)


def _with_v(tag: str) -> str:
    return f"v{tag.removeprefix('v')}"


def _bound(text: str) -> str:
    if text == MASTER:
        return text
    try:
        version = Version(text)
    except InvalidVersion:
        version = None
    if version is None or not text.startswith("v") or len(version.release) != 3 or version.is_prerelease:
        raise ValueError(f"{text!r} is no release such as v2.8.4, and not {MASTER!r}")
    return text


ReleaseBound = Annotated[str, AfterValidator(_bound)]
"""A release in data files: `v2.8.4`, or `master` for what no release has yet."""
