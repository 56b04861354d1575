"""Jars of our own classes, and what the images of JVMChaos are told to have."""

import zipfile
from pathlib import Path

from harness.base import bundled
from harness.image_build import java
from harness.image_build.pins import Pins

FILES = bundled.fixtures() / "images" / "byteman"


def classes(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return folder


def test_the_same_classes_are_the_same_jar_with_its_manifest_first(tmp_path: Path) -> None:
    made = [
        java._jar(
            tmp_path / f"{order}.jar",
            FILES / "chaos-agent",
            classes(tmp_path / order, "b/B.class", "a/A.class"),
        )
        for order in ("one", "other")
    ]
    assert made[0].read_bytes() == made[1].read_bytes()
    with zipfile.ZipFile(made[0]) as jar:
        assert jar.namelist() == ["META-INF/MANIFEST.MF", "a/A.class", "b/B.class"]
        assert b"Agent-Class: org.chaos_mesh.chaos_agent.TriggerThread" in jar.read("META-INF/MANIFEST.MF")


def test_a_jar_without_a_manifest_has_its_classes_alone(tmp_path: Path) -> None:
    made = java._jar(tmp_path / "x.jar", FILES / "byteman-helper", classes(tmp_path / "x", "H.class"))
    with zipfile.ZipFile(made) as jar:
        assert jar.namelist() == ["H.class"]


def test_each_jar_of_ours_has_sources_and_each_script_can_be_run() -> None:
    assert all(list((FILES / name).rglob("*.java")) for name in java._OWN)
    scripts = list((FILES / "bin").iterdir())
    assert {path.name for path in scripts} == {"bminstall.sh", "bmsubmit.sh"}
    assert all(path.stat().st_mode & 0o100 for path in scripts)


def test_the_scripts_name_the_jars_that_are_built() -> None:
    fetched = [f"{name}.jar" for name in Pins.load(bundled.fixtures()).byteman.sha256]
    known = {*fetched, *(f"{name}.jar" for name in java._OWN)}
    words = (
        " ".join(path.read_text() for path in (FILES / "bin").iterdir()).replace(":", " ").replace('"', " ")
    )
    named = {word.rpartition("/")[2] for word in words.split() if word.endswith(".jar")}
    assert named and named <= known
