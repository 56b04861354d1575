"""Chaos Mesh's images and chart as the user names them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from harness import image_build
from harness.base import process
from harness.base.bounded import FileError
from harness.base.errors import UsageError
from harness.base.progress import Progress
from harness.image_build import chart, registry, source
from harness.image_build.chosen import Chosen, choose
from harness.stack.engine import Engine
from harness.stack.imageset import ImageRef, ImageSet
from tests.fakes.image_archives import NAMES, of_docker, tar_of, write

CHART = b"name: chaos-mesh\nversion: 2.8.4\nappVersion: 2.8.4\n"


class EngineWithImages(Engine):
    """An engine that knows some tags, and saves them."""

    def __init__(self, tags: list[str]) -> None:
        super().__init__("podman", Path("podman"))
        self.tags = tags
        self.saved: list[list[str]] = []

    def run(self, name: str, args: list[str], **_: Any) -> process.Result:
        if args[:2] == ["image", "inspect"]:
            known = args[-1] in self.tags
            return process.Result(0 if known else 125, json.dumps(f"sha256:{args[-1]}"), "", 0.0)
        assert args[0] == "save"
        out = Path(args[args.index("--output") + 1])
        tags = args[args.index("--output") + 2 :]
        self.saved.append(tags)
        write(out, of_docker(tags))
        return process.Result(0, "", "", 0.0)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAOS_HARNESS_CACHE", str(tmp_path / "cache"))


def chosen(*images: Any, chart: Any = None, engine: Any = None) -> Chosen:
    found = choose(
        [str(each) for each in images],
        None if chart is None else str(chart),
        engine=engine or EngineWithImages([]),
        progress=Progress(io.StringIO()),
        logs=Path("/nowhere"),
    )
    assert found is not None
    return found


def archives(folder: Path, names: tuple[str, ...] = NAMES) -> list[Path]:
    """One archive for each image, named as in Chaos Mesh's workflow."""
    return [
        write(folder / f"{name.rsplit('/', 1)[-1].split(':', maxsplit=1)[0]}.tgz", of_docker([name]))
        for name in names
    ]


def image_set(**changed: Any) -> ImageSet:
    nowhere = Path("/nowhere")
    ref = ImageRef(registry="r", repository="x", tag="v2.8.4")
    roles = ("controller-manager", "daemon", "dashboard", "prometheus", "workload", "pause")
    return ImageSet(
        mode="registry",
        key="k",
        node_image="",
        kind=nowhere,
        helm=nowhere,
        kubectl=nowhere,
        kubernetes="v1.0.0",
        images=dict.fromkeys(roles, ref),
        chart="chaos-mesh",
        chart_repository="https://charts.test",
        chart_version="2.8.4",
        crds=nowhere,
        versions={"chaos-mesh": "v2.8.4", "chaos-mesh-api": "v0"},
    ).model_copy(update=changed)


def test_nothing_named_is_nothing_chosen() -> None:
    assert (
        choose([], None, engine=Engine("podman", Path("x")), progress=Progress(io.StringIO()), logs=Path("x"))
        is None
    )


def test_archives_take_the_place_of_the_three_images(tmp_path: Path) -> None:
    files = archives(tmp_path)
    set_ = chosen(*files).put_into(image_set())
    assert str(set_.images["daemon"]) == "ghcr.io/chaos-mesh/chaos-daemon:latest"
    assert set_.images["workload"].tag == "v2.8.4"
    assert set_.archives_to_load == files
    assert set_.versions == {"chaos-mesh": "latest", "chaos-mesh-release": "unreleased"}
    assert set(set_.image_ids) == {"controller-manager", "daemon", "dashboard"}
    assert set_.crds is None and set_.chart_version == "2.8.4"


def test_other_contents_under_the_same_tags_are_another_cluster(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    files = archives(tmp_path)
    other = of_docker(NAMES)
    other |= of_docker([NAMES[0]])
    keys = {chosen(*files).put_into(image_set()).key for _ in range(2)}
    changed = write(files[0], of_docker([NAMES[0].replace("latest", "pr-7")]))
    keys.add(chosen(changed, *files[1:]).put_into(image_set()).key)
    assert len(keys) == 2 and "k" not in keys


def test_a_folder_stands_for_the_archives_in_it(tmp_path: Path) -> None:
    files = archives(tmp_path)
    (tmp_path / "README.md").write_text("x")
    assert chosen(tmp_path).archives == sorted(files)


def test_an_archive_that_is_not_needed_is_not_loaded(tmp_path: Path) -> None:
    files = archives(tmp_path)
    helper = write(tmp_path / "e2e-helper.tgz", of_docker(["ghcr.io/chaos-mesh/e2e-helper:latest"]))
    assert helper not in chosen(*files, helper).archives


def test_an_archive_without_the_images_says_which_are_in_it_and_which_are_missing(tmp_path: Path) -> None:
    files = [
        *archives(tmp_path, NAMES[:1]),
        write(tmp_path / "other.tar", of_docker(["docker.io/library/x:1"])),
    ]
    with pytest.raises(UsageError) as refused:
        chosen(*files)
    assert refused.value.problem == "missing among the images that are given: chaos-daemon, chaos-dashboard"
    assert refused.value.details == [
        "there is: docker.io/library/x:1",
        f"there is: {NAMES[0]}",
    ]


def test_two_different_images_of_one_name_are_refused(tmp_path: Path) -> None:
    again = write(tmp_path / "again.tar", of_docker(["mine.test/chaos-mesh:2"]))
    with pytest.raises(UsageError, match="two different images are given as chaos-mesh"):
        chosen(*archives(tmp_path), again)


@pytest.mark.parametrize("name", ["scenarios/a.yaml", "tests/x.py"])
def test_a_scenario_among_the_archives_is_told(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} is no archive of images"):
        chosen(name)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="has no archive of images in it"):
        chosen(tmp_path)


def test_tags_are_saved_once_for_the_same_images() -> None:
    engine = EngineWithImages(list(NAMES))
    one = chosen(*NAMES, engine=engine)
    two = chosen(*NAMES, engine=engine)
    assert engine.saved == [list(NAMES)]
    assert one.archives == two.archives and one.archives[0].is_file()
    assert str(one.images["dashboard"]) == NAMES[2]


def test_a_tag_that_the_engine_has_not_is_named() -> None:
    with pytest.raises(
        UsageError, match=r"there is no file a/chaos-mesh:1, and podman has no image"
    ) as refused:
        chosen("a/chaos-mesh:1")
    assert "podman images" in refused.value.next_step


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "chart"
    made.mkdir()
    (made / "Chart.yaml").write_bytes(CHART)
    return made


def test_a_chart_is_a_folder_a_package_or_a_version(tmp_path: Path, folder: Path) -> None:
    package = write(tmp_path / "chart.tgz", {"chaos-mesh/Chart.yaml": CHART}, packed=True)
    assert chart.find(str(folder)).release == chart.find(str(package)).release == "2.8.4"
    assert chart.find("v2.7.3").version == "2.7.3"
    for local in (folder, package):
        set_ = chosen(chart=local).put_into(image_set())
        assert (set_.chart, set_.chart_version, set_.chart_repository) == (str(local), None, None)
        assert set_.crds == Path("/nowhere")


def test_a_changed_chart_is_another_cluster(folder: Path) -> None:
    before = chosen(chart=folder).put_into(image_set()).key
    (folder / "crds").mkdir()
    (folder / "crds" / "a.yaml").write_text("x")
    assert chosen(chart=folder).put_into(image_set()).key != before


@pytest.mark.parametrize("name", ["latest", "2.8", "nowhere/chart.tgz", ""])
def test_what_is_no_chart_and_no_version_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        chosen(chart=name)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (tar_of({"chaos-mesh/values.yaml": b"a: 1"}), "there is no Chart.yaml in it"),
        (tar_of({"x/Chart.yaml": b"name: nginx"}), "is the chart 'nginx', not 'chaos-mesh'"),
        (tar_of({"x/Chart.yaml": b"- 1"}), "is the chart None"),
        (tar_of({"x/Chart.yaml": b"\t:"}), "no YAML"),
        (tar_of({"../Chart.yaml": CHART}), "leads out of it"),
        (b"x" * 2000, "is no tar archive"),
        (tar_of({"x/Chart.yaml": CHART})[:600], "ends too early"),
    ],
)
def test_what_is_no_chart_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "chart.tgz"
    path.write_bytes(content)
    with pytest.raises(FileError, match=reason):
        chosen(chart=path)


def test_a_chart_of_another_release_than_the_images_is_refused(folder: Path) -> None:
    (folder / "Chart.yaml").write_bytes(CHART.replace(b"2.8.4", b"2.7.3"))
    with pytest.raises(
        UsageError, match=r"the chart installs Chaos Mesh 2\.7\.3, and the images are 2\.8\.4"
    ):
        chosen(chart=folder).put_into(image_set())


@pytest.mark.parametrize("version", ["latest", "'0.0.0'"])
def test_the_chart_of_a_checkout_names_no_release(folder: Path, tmp_path: Path, version: str) -> None:
    (folder / "Chart.yaml").write_text(f"name: chaos-mesh\nappVersion: {version}\n")
    assert chosen(chart=folder).put_into(image_set()).chart == str(folder)
    assert chosen(*archives(tmp_path), chart=folder).put_into(image_set()).chart == str(folder)


@pytest.mark.parametrize(
    "options",
    [
        {"chaos_mesh_images": ("a",), "chaos_mesh_source": Path("/checkout")},
        {"chaos_mesh_images": ("a",), "chaos_mesh_version": "2.8.3"},
        {"chaos_mesh_chart": "2.8.3", "chaos_mesh_source": Path("/checkout")},
        {"chaos_mesh_chart": "2.8.3", "mode": "source"},
    ],
)
def test_options_that_contradict_each_other_are_refused(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for way in (registry, source):
        monkeypatch.delattr(way, "prepare")
    with pytest.raises(UsageError) as refused:
        image_build.prepare(
            **({"mode": "auto"} | options),
            engine=Engine("podman", Path("/nowhere")),
            progress=Progress(io.StringIO()),
            logs=Path("/nowhere"),
        )
    assert refused.value.next_step


@pytest.mark.parametrize(
    "name", ["ghcr.io/chaos-mesh/chaos-daemon", f"ghcr.io/chaos-mesh/chaos-daemon@sha256:{'1' * 64}"]
)
def test_an_image_without_a_tag_is_refused(tmp_path: Path, name: str) -> None:
    others = [each for each in NAMES if "chaos-daemon" not in each]
    with pytest.raises(UsageError, match="has no tag") as caught:
        chosen(write(tmp_path / "images.tar", of_docker([*others, name])))
    assert "docker tag IMAGE chaos-daemon:TAG" in caught.value.next_step


@pytest.mark.parametrize(
    ("tag", "values", "release"),
    [
        ("latest", "images: {tag: v2.8.3}", "v2.8.3+"),
        ("v2.8.3", "images: {tag: v2.8.3}", "v2.8.3"),
        ("latest", "images: {tag: latest}", "unreleased"),
        ("v2.7.3", "", "v2.7.3"),
        ("latest", "images: []", "unreleased"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_given_images_belong_to_the_release_that_their_chart_states(
    folder: Path, tmp_path: Path, tag: str, values: str, release: str, packed: bool
) -> None:
    (folder / "Chart.yaml").write_text("name: chaos-mesh\nappVersion: 0.0.0\n")
    (folder / "values.yaml").write_text(values)
    named = folder
    if packed:
        files = {f"chaos-mesh/{file.name}": file.read_bytes() for file in folder.iterdir()}
        named = write(tmp_path / "chart.tgz", files, packed=True)
    names = tuple(f"{name.rsplit(':', 1)[0]}:{tag}" for name in NAMES)
    got = chosen(*archives(tmp_path, names), chart=named).put_into(image_set())
    assert got.versions["chaos-mesh-release"] == release
