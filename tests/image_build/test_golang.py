import shutil
from pathlib import Path

import pytest

from harness.base.errors import UsageError
from harness.image_build.golang import Go, pinned_version

GOMOD = """module x

require github.com/a/b v1.2.3

require (
	github.com/a/bc v0.1.0 // indirect
	github.com/chaos-mesh/chaos-mesh v0.9.1 // indirect
	github.com/chaos-mesh/chaos-mesh/api v0.0.0 // indirect
)

replace (
	github.com/chaos-mesh/chaos-mesh/api => github.com/chaos-mesh/chaos-mesh/api v0.0.0-2026
	k8s.io/api v0.1.0 => k8s.io/api v0.35.3
)

replace github.com/one => github.com/other v2.0.0
"""


@pytest.mark.parametrize(
    ("module", "pinned"),
    [
        ("github.com/a/b", ("github.com/a/b", "v1.2.3")),
        ("github.com/a/bc", ("github.com/a/bc", "v0.1.0")),
        ("github.com/chaos-mesh/chaos-mesh", ("github.com/chaos-mesh/chaos-mesh", "v0.9.1")),
        ("github.com/chaos-mesh/chaos-mesh/api", ("github.com/chaos-mesh/chaos-mesh/api", "v0.0.0-2026")),
        ("k8s.io/api", ("k8s.io/api", "v0.35.3")),
        ("github.com/one", ("github.com/other", "v2.0.0")),
    ],
)
def test_the_pinned_version_is_the_replacement_or_the_requirement(
    module: str, pinned: tuple[str, str]
) -> None:
    assert pinned_version(GOMOD, module) == pinned


def test_a_module_that_is_not_pinned_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"github\.com/a"):
        pinned_version(GOMOD, "github.com/a")


def test_without_go_the_user_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError) as caught:
        Go.on_path()
    assert "Go is not on PATH" in caught.value.render()
    assert "--images registry" in caught.value.next_step


@pytest.mark.skipif(not shutil.which("go"), reason="needs the Go toolchain")
def test_a_build_stamps_variables_and_is_not_changed_by_the_users_goflags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=vendor -tags=unwanted")
    (tmp_path / "go.mod").write_text("module local.test/hello\n\ngo 1.21\n")
    (tmp_path / "main.go").write_text(
        "package main\n\nvar version string\n\nfunc main() { print(version) }\n"
    )
    out = tmp_path / "out"
    out.mkdir()
    go = Go.on_path()
    go.build(["local.test/hello"], tmp_path, out, stamps={"main.version": "v7"}, log=tmp_path / "log")
    assert (out / "hello").exists()
    assert b"v7" in (out / "hello").read_bytes()
    assert "exit code 0" in (tmp_path / "log").read_text()
