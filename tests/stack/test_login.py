"""Credentials of registries, as engines keep them."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from harness.base.bounded import FileError
from harness.stack import login
from harness.stack.login import Login

DEMO = Login("demo", "pass:word")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


AUTH = {"auth": encoded("demo:pass:word")}


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for variable in ("REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DOCKER_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def kept(path: Path, settings: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings))


@pytest.mark.parametrize(
    "place", [".docker/config.json", ".config/containers/auth.json", "run/containers/auth.json", "own.json"]
)
def test_each_engines_file_is_read(home: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(home / "own.json"))
    assert login.of("mirror:5000") is None
    kept(home / place, {"auths": {"mirror:5000": AUTH}})
    assert login.of("mirror:5000") == DEMO
    assert login.of("mirror:5001") is None


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "docker.io"])
def test_docker_hub_has_a_name_of_its_own(home: Path, key: str) -> None:
    kept(home / ".docker/config.json", {"auths": {key: AUTH}})
    assert login.of("docker.io") == DEMO


@pytest.mark.parametrize(
    "settings",
    [
        [],
        {},
        {"auths": {"mirror:5000": {}}},
        {"auths": {"mirror:5000": {"auth": "no base 64"}}},
        {"auths": {"mirror:5000": {"auth": encoded("demo")}}},
        {"auths": None, "credHelpers": None},
    ],
)
def test_a_file_without_them_has_none(home: Path, settings: Any) -> None:
    kept(home / ".docker/config.json", settings)
    assert login.of("mirror:5000") is None
    assert login.settings_for(["mirror:5000"]) is None


def test_a_folder_that_roots_podman_made_for_root_is_passed_over(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(home / ".docker/config.json", {"auths": {"mirror:5000": AUTH}})
    asked: list[str] = []
    monkeypatch.setattr(os, "access", lambda path, mode: asked.append(str(path)))
    assert login.of("mirror:5000") == DEMO
    assert asked == [f"/run/containers/{os.geteuid()}"]
    assert not any(path.is_relative_to("/run/containers") for path in login._files())


def test_a_damaged_file_is_an_error_that_names_it(home: Path) -> None:
    path = home / ".docker/config.json"
    path.parent.mkdir()
    path.write_text("{")
    with pytest.raises(FileError, match=r"config\.json"):
        login.of("mirror:5000")


@pytest.mark.parametrize(
    "settings",
    [{"credHelpers": {"mirror:5000": "demo"}}, {"credsStore": "demo", "auths": {"mirror:5000": {}}}],
)
def test_a_helper_is_asked(home: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    program = home / "docker-credential-demo"
    program.write_text(
        '#!/bin/sh\nread -r host\necho "{\\"Username\\": \\"$1-$host\\", \\"Secret\\": \\"s\\"}"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{home}:/usr/bin:/bin")
    kept(home / ".docker/config.json", settings)
    assert login.of("mirror:5000") == Login("get-mirror:5000", "s")


@pytest.mark.parametrize("says", ["echo no; exit 1", "echo no", 'echo "{}"'])
def test_a_helper_that_knows_none_gives_none(home: Path, monkeypatch: pytest.MonkeyPatch, says: str) -> None:
    program = home / "docker-credential-demo"
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{home}:/usr/bin:/bin")
    kept(home / ".docker/config.json", {"credHelpers": {"mirror:5000": "demo"}})
    assert login.of("mirror:5000") is None


def test_what_nodes_and_helm_are_given_has_no_other_registry(home: Path) -> None:
    kept(
        home / ".docker/config.json",
        {"auths": dict.fromkeys(("mirror:5000", "other", "docker.io"), AUTH)},
    )
    given = login.settings_for(["mirror:5000", "docker.io", "unknown"])
    assert given is not None
    assert json.loads(given) == {"auths": {"mirror:5000": AUTH, "https://index.docker.io/v1/": AUTH}}


def test_a_password_is_not_shown() -> None:
    assert "pass:word" not in repr(DEMO)
