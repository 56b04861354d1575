"""Byteman's jars: fetched by a pretended Maven, verified, or left out with a reason."""

import hashlib
import io
import os
from pathlib import Path

import pytest

from harness.base.progress import Progress
from harness.image_build import byteman
from harness.image_build.byteman import WrongJarError, obtain
from harness.image_build.pins import BytemanPins
from harness.image_build.store import Store

PINS = BytemanPins(
    version="1.2", sha256={name: hashlib.sha256(name.encode()).hexdigest() for name in ("byteman", "submit")}
)

MAVEN = """#!/bin/sh
for word; do
    case $word in
        -Dmaven.repo.local=*) repository=${word#*=} ;;
        --file=*) project=${word#*=} ;;
    esac
done
cp "$project" "$RECORD/pom.xml"
for name in byteman submit; do
    mkdir -p "$repository/org/jboss/byteman/$name/1.2"
    printf "%s" "$name$EXTRA" >"$repository/org/jboss/byteman/$name/1.2/$name-1.2.jar"
done
"""


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs before all others, with a Maven in it; what it was given is beside it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    write(folder, "mvn", MAVEN)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("RECORD", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return folder


def write(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


def got(tmp_path: Path) -> tuple[byteman.Byteman, str]:
    said = io.StringIO()
    store = Store(tmp_path / "images")
    return obtain(PINS, store=store, progress=Progress(said), logs=tmp_path), said.getvalue()


def test_the_jars_come_from_wherever_mavens_own_settings_say(maven: Path, tmp_path: Path) -> None:
    found, _ = got(tmp_path)
    assert found.jars is not None and not found.missing
    (folder,) = (path for path in (tmp_path / "images/byteman").iterdir() if path.is_dir())
    assert {path.name: path.read_text() for path in folder.glob("*.jar")} == {
        "byteman.jar": "byteman",
        "submit.jar": "submit",
    }
    assert not (folder / "repository").exists() and not (folder / "pom.xml").exists()
    project = (tmp_path / "pom.xml").read_text()
    assert project.count("<extension>") == 2 and "http" not in project.replace(
        "http://maven.apache.org/POM", ""
    )


def test_what_is_in_the_cache_needs_no_maven(maven: Path, tmp_path: Path) -> None:
    got(tmp_path)
    write(maven, "mvn", "#!/bin/sh\nexit 1\n")
    assert got(tmp_path)[0].jars is not None


def test_a_jar_that_is_not_the_pinned_one_ends_the_build(
    maven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXTRA", "x")
    with pytest.raises(WrongJarError, match=r"byteman-1\.2\.jar") as caught:
        got(tmp_path)
    assert any(PINS.sha256["byteman"] in line for line in caught.value.details)


@pytest.mark.parametrize("fails", ["maven fails", "there is none"])
def test_without_maven_the_build_goes_on_and_says_so(
    maven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    if fails == "maven fails":
        write(maven, "mvn", "#!/bin/sh\necho no registry >&2\nexit 1\n")
    else:
        (maven / "mvn").unlink()
        monkeypatch.setenv("PATH", str(maven))
    found, said = got(tmp_path)
    assert found.jars is None
    assert found.missing == "Maven did not bring byteman 1.2 when this image was built"
    assert "going on without JVMChaos: " in said
