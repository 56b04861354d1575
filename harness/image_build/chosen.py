"""Chaos Mesh's images and chart as the user chose them, in place of those of a set."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.base import places
from harness.base.bounded import FileError
from harness.base.errors import UsageError
from harness.base.progress import Progress
from harness.chaosmesh.release import RELEASE, Release
from harness.image_build import chart
from harness.image_build.artefact import digest_of
from harness.image_build.given import GivenImage, read_images
from harness.image_build.names import REGISTRY, parse
from harness.stack.engine import Engine
from harness.stack.imageset import ImageRef, ImageSet

ROLES = {
    "chaos-mesh": "controller-manager",
    "chaos-daemon": "daemon",
    "chaos-dashboard": "dashboard",
}
"""What the last part of an image's repository says it is for."""

_ARCHIVES = (".tar", ".tgz", ".tar.gz")
_NO_IMAGES = (".yaml", ".yml", ".py")
_ASK_SECONDS = 30.0
_SAVE_SECONDS = 300.0


@dataclass(frozen=True)
class Chosen:
    """What of Chaos Mesh was named on the command line.

    Attributes:
        images: Chaos Mesh's images by role; none when those of the set are used.
        ids: role to the image's id.
        archives: to be imported into every node.
        chart: None for that of the set.
    """

    images: dict[str, ImageRef]
    ids: dict[str, str]
    archives: list[Path]
    chart: chart.Chart | None

    def put_into(self, got: ImageSet) -> ImageSet:
        """Return the set with these images and this chart.

        Raises:
            UsageError: the chart is of another release than the images.
        """
        images = {**got.images, **self.images}
        release = _release_of(images["controller-manager"].tag)
        if self.chart and self.chart.release and release and self.chart.release != release:
            named = "--chaos-mesh-images" if self.images else "--chaos-mesh-version"
            raise UsageError(
                f"the chart installs Chaos Mesh {self.chart.release}, and the images are {release}",
                next_step=f"name images and a chart of one release: {named} and --chaos-mesh-chart",
                details=[
                    f"chart: {self.chart.reference}",
                    *(f"image: {each}" for each in self.images.values()),
                ],
            )
        changed: dict[str, object] = {
            "key": digest_of([got.key, self.ids, self.chart.digest if self.chart else ""]),
            "images": images,
            "archives_to_load": [*got.archives_to_load, *self.archives],
            "versions": dict(got.versions),
        }
        if self.images:
            # Generated for the manager of the set; this one comes with its own chart's.
            changed["crds"] = None
            changed["versions"] = {
                **{name: of for name, of in got.versions.items() if name != "chaos-mesh-api"},
                "chaos-mesh": images["controller-manager"].tag,
                RELEASE: str(self._release(images["controller-manager"].tag)),
            }
            changed["image_ids"] = {**got.image_ids, **self.ids}
            if images["daemon"].registry != REGISTRY:
                # Whoever else builds them has the real programs.
                changed["stand_ins"] = [each for each in got.stand_ins if each.name in got.images]
        if self.chart:
            changed["chart"] = self.chart.reference
            changed["chart_version"] = self.chart.version
            if self.chart.version is None:
                changed["chart_repository"] = None
        return got.model_copy(update=changed)

    def _release(self, tag: str) -> Release:
        """Return the release that the images belong to: by their own tag, and by their chart."""
        stated = self.chart and (self.chart.tag or self.chart.release)
        return Release.of_source(stated, tag) if stated else Release.of(tag)


def choose(
    images: Sequence[str], chart_named: str | None, *, engine: Engine, progress: Progress, logs: Path
) -> Chosen | None:
    """Read what `--chaos-mesh-images` and `--chaos-mesh-chart` name; None when neither is given.

    Args:
        images: archives, folders of archives, or tags in the engine.
        chart_named: a folder, a package, or a version.
        engine: has the tags.
        progress: where reading is announced.
        logs: the folder for the engine's output.

    Raises:
        UsageError: there is no such file or tag, or images of Chaos Mesh are missing.
        FileError: an archive or a chart is none, cut off, or damaged.
    """
    if not images and chart_named is None:
        return None
    found_chart = chart.find(chart_named) if chart_named is not None else None
    if not images:
        return Chosen({}, {}, [], found_chart)
    with progress.step("reading the images of Chaos Mesh", "1-10 s"):
        archives, tags = _sorted(images)
        if tags:
            archives.append(_saved(tags, engine, logs))
        found = [(archive, image) for archive in archives for image in read_images(archive)]
    by_role: dict[str, GivenImage] = {}
    for _, image in found:
        role = ROLES.get(_last_part(image.name))
        if role is None:
            continue
        if role in by_role and by_role[role].id != image.id:
            raise UsageError(
                f"two different images are given as {_last_part(image.name)}",
                next_step="name one of each",
                details=[f"{each.name} ({each.id[:19]})" for each in (by_role[role], image)],
            )
        by_role.setdefault(role, image)
    if missing := [name for name, role in ROLES.items() if role not in by_role]:
        there = sorted({image.name for _, image in found})
        raise UsageError(
            f"missing among the images that are given: {', '.join(missing)}",
            next_step="name archives or tags of all three: chaos-mesh, chaos-daemon, chaos-dashboard",
            details=[f"there is: {name}" for name in there] or ["there is no image with a name"],
        )
    used = {image.id for image in by_role.values()}
    return Chosen(
        {role: _parsed(image.name) for role, image in by_role.items()},
        {role: image.id for role, image in sorted(by_role.items())},
        list(dict.fromkeys(archive for archive, image in found if image.id in used)),
        found_chart,
    )


def _parsed(name: str) -> ImageRef:
    """Return the parts of a given image's name.

    Raises:
        UsageError: it has no tag, or a digest, by which containerd would not know an image that was loaded.
    """
    try:
        if "@" not in name:
            return parse(name)
    except ValueError:
        pass  # as for a digest
    raise UsageError(
        f"the image {name} has no tag",
        next_step=f"give it one before it is saved: docker tag IMAGE {_last_part(name)}:TAG",
    )


def _sorted(given: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Return the archives and the tags among what is given."""
    archives: list[Path] = []
    tags: list[str] = []
    for each in given:
        path = Path(each).expanduser()
        if path.is_dir():
            inside = sorted(file for file in path.resolve().iterdir() if file.name.endswith(_ARCHIVES))
            if not inside:
                raise FileError(path, f"has no archive of images in it ({', '.join(_ARCHIVES)})")
            archives += inside
        elif each.endswith(_NO_IMAGES):
            raise UsageError(
                f"{each} is no archive of images",
                next_step="put --chaos-mesh-images and its files last, or another option after them",
            )
        elif path.exists() or each.endswith(_ARCHIVES):
            archives.append(path.resolve())
        else:
            tags.append(each)
    return archives, tags


def _saved(tags: Sequence[str], engine: Engine, logs: Path) -> Path:
    """Return an archive of images of the engine; one of the same images is used again.

    Raises:
        UsageError: the engine has no such image.
    """
    ids = []
    for tag in tags:
        told = engine.run(
            f"look for the image {tag}",
            ["image", "inspect", "--format", "{{json .Id}}", tag],
            timeout=_ASK_SECONDS,
            check=False,
        )
        if told.returncode != 0:
            raise UsageError(
                f"there is no file {tag}, and {engine.name} has no image {tag}",
                next_step=f"pull or build it ({engine.name} images lists them), or name an archive",
            )
        ids.append(json.loads(told.stdout))
    out = places.cache_dir() / "given" / f"{digest_of([sorted(zip(tags, ids, strict=True))])[:32]}.tar"
    if not out.exists():
        places.make_private(places.cache_dir())
        out.parent.mkdir(exist_ok=True)
        for older in out.parent.glob("*.tar"):
            older.unlink()
        scratch = out.with_suffix(".part")
        scratch.unlink(missing_ok=True)
        several = ["--multi-image-archive"] if engine.name == "podman" else []
        engine.run(
            "save the images of Chaos Mesh",
            ["save", *several, "--output", str(scratch), *tags],
            timeout=_SAVE_SECONDS,
            log=logs / "images-save.log",
        )
        scratch.replace(out)
    return out


def _last_part(name: str) -> str:
    return re.split("[:@]", name.rsplit("/", 1)[-1], maxsplit=1)[0]


def _release_of(tag: str) -> str | None:
    return tag.removeprefix("v") if chart.RELEASE.fullmatch(tag) else None
