"""One context is taken out of the user's kubeconfig, which is only read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.stack.existing import kubeconfig
from harness.stack.existing.kubeconfig import KubeconfigError
from tests.stack.existing.conftest import write_kubeconfig


def test_one_context_is_copied_with_absolute_paths(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/token").write_text("planted")
    file = write_kubeconfig(tmp_path / "config", "https://one", tokenFile="keys/token")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    copy = kubeconfig.copy(file, "staging", tmp_path / "state" / "kubeconfig")
    assert copy.stat().st_mode & 0o077 == 0
    written = yaml.safe_load(copy.read_text())
    assert written["current-context"] == "staging"
    assert written["users"][0]["user"]["tokenFile"] == str(tmp_path / "keys/token")
    assert {path: path.read_bytes() for path in before} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config", "keys", "state"]


def test_the_program_of_a_user_beside_the_file_is_named_whole(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/log-in").touch(mode=0o700)
    file = write_kubeconfig(tmp_path / "config", "https://one", exec={"command": "./bin/log-in"})
    user = kubeconfig.extract([file], "staging")["users"][0]["user"]
    assert user["exec"]["command"] == str(tmp_path / "bin/log-in")


def test_several_files_are_merged_and_those_that_are_not_there_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write_kubeconfig(tmp_path / "first", "https://first")
    second = tmp_path / "second"
    second.write_text(
        yaml.safe_dump({"contexts": [{"name": "of-second", "context": {"cluster": "c", "user": "u"}}]})
    )
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'none'}:{first}:{second}")
    found = kubeconfig.extract(kubeconfig.files(None), "of-second")
    assert found["clusters"][0]["cluster"]["server"] == "https://first"


def test_without_a_word_it_is_that_of_kubectl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    assert kubeconfig.files(None) == [Path.home() / ".kube" / "config"]
    assert kubeconfig.files(Path("mine")) == [Path("mine")]


def test_a_context_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    file = write_kubeconfig(tmp_path / "config", "https://one")
    with pytest.raises(KubeconfigError) as caught:
        kubeconfig.copy(file, "stagin", tmp_path / "copy")
    assert caught.value.problem == f"there is no context 'stagin' in {file}"
    assert caught.value.details == ["its contexts: staging"]
    assert "--context" in caught.value.next_step
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a: [b", "it is no YAML"),
        ("- one", "it has no lists"),
        ("contexts: [{context: {}}]", "it has no lists"),
        (
            "contexts: [{name: staging, context: {cluster: c, user: u}}]",
            "names the cluster 'c', which is not there",
        ),
    ],
)
def test_what_is_none_is_refused(tmp_path: Path, content: str, problem: str) -> None:
    file = tmp_path / "config"
    file.write_text(content)
    with pytest.raises(KubeconfigError, match=problem):
        kubeconfig.extract([file], "staging")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match=r"cannot read the kubeconfig .*none: No such file"):
        kubeconfig.extract([tmp_path / "none"], "staging")
    with pytest.raises(KubeconfigError, match=r"cannot read the kubeconfig .*: Is a directory"):
        kubeconfig.extract([tmp_path], "staging")


@pytest.mark.parametrize(
    ("user", "told"),
    [
        ({"tokenFile": "/nowhere/token"}, "tokenFile: /nowhere/token"),
        ({"client-certificate": "gone.crt", "client-key": "/"}, "client-certificate: "),
        ({"exec": {"command": "no-such-log-in"}}, "exec: no-such-log-in"),
        ({"exec": {"command": "./bin/none"}}, "bin/none"),
    ],
)
def test_what_a_user_names_and_is_not_there_is_named_before_anything_is_asked(
    tmp_path: Path, user: dict[str, Any], told: str
) -> None:
    file = write_kubeconfig(tmp_path / "config", "https://one", **user)
    with pytest.raises(KubeconfigError) as caught:
        kubeconfig.extract([file], "staging")
    assert caught.value.problem.startswith(f"the context 'staging' in {file} names for its user what is not")
    assert told in caught.value.problem


def test_the_authority_of_a_cluster_has_to_be_there(tmp_path: Path) -> None:
    file = write_kubeconfig(tmp_path / "config", "https://one")
    parsed = yaml.safe_load(file.read_text())
    parsed["clusters"][0]["cluster"]["certificate-authority"] = "ca.crt"
    file.write_text(yaml.safe_dump(parsed))
    with pytest.raises(KubeconfigError, match=f"for its cluster .*certificate-authority: {tmp_path}/ca.crt"):
        kubeconfig.extract([file], "staging")
