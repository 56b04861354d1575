"""Where the certificates and keys of a kubeconfig are while a client uses them."""

import base64
import os
import tempfile
from pathlib import Path

import pytest
import yaml

from harness.base import redaction
from harness.base.errors import UsageError
from harness.kubernetes import credentials
from harness.kubernetes.client import Cluster

KEY = b"the administrator's key"


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def kubeconfig(tmp_path):
    path = tmp_path / "c" / "kubeconfig"
    path.parent.mkdir()
    data = {"certificate-authority-data": encoded(b"ca"), "server": "https://127.0.0.1:1"}
    user = {"client-certificate-data": encoded(b"certificate"), "client-key-data": encoded(KEY)}
    write(path, data, user)
    return path


def encoded(content):
    return base64.b64encode(content).decode()


def write(path, cluster, user):
    config = {
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "own", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "own",
    }
    path.write_text(yaml.safe_dump(config))


def keys(kubeconfig):
    return sorted(path for path in kubeconfig.parent.rglob("*") if path.is_file() and path != kubeconfig)


def test_nothing_is_written_to_the_temporary_folder(kubeconfig, temporary):
    session = Cluster.connect(kubeconfig).session()
    assert isinstance(session.cert, tuple)
    assert isinstance(session.verify, str)
    assert Path(session.cert[1]).read_bytes() == KEY
    assert Path(session.verify).read_bytes() == b"ca"
    assert list(temporary.iterdir()) == []


def test_keys_are_their_users_alone_and_always_in_the_same_files(kubeconfig):
    Cluster.connect(kubeconfig)
    before = keys(kubeconfig)
    assert len(before) == 3
    assert {path.stat().st_mode & 0o777 for path in before} == {0o600}
    assert {path.parent.stat().st_mode & 0o777 for path in before} == {0o700}
    Cluster.connect(kubeconfig, "own")
    assert keys(kubeconfig) == before


def test_a_key_that_others_could_read_is_written_again(kubeconfig):
    Cluster.connect(kubeconfig)
    for path in keys(kubeconfig):
        path.chmod(0o644)
    Cluster.connect(kubeconfig)
    assert {path.stat().st_mode & 0o777 for path in keys(kubeconfig)} == {0o600}


def test_what_a_killed_process_had_begun_to_write_is_removed(kubeconfig):
    Cluster.connect(kubeconfig)
    folder = keys(kubeconfig)[0].parent
    dead, alive = folder / ".x.99999999.part", folder / f".x.{os.getpid()}.part"
    for path in (dead, alive):
        path.write_bytes(KEY)
        os.utime(path, (0, 0))
    Cluster.connect(kubeconfig)
    assert not dead.exists()
    assert alive.exists()


def test_a_cluster_that_is_deleted_leaves_no_key(kubeconfig):
    Cluster.connect(kubeconfig)
    credentials.forget(kubeconfig)
    assert list(kubeconfig.parent.rglob("*")) == []


def test_files_that_are_named_are_taken_from_beside_the_kubeconfig(kubeconfig, temporary):
    (kubeconfig.parent / "key").write_bytes(KEY)
    (kubeconfig.parent / "crt").write_bytes(b"certificate")
    write(kubeconfig, {"server": "https://127.0.0.1:1"}, {"client-certificate": "crt", "client-key": "key"})
    assert Cluster.connect(kubeconfig).session().cert == tuple(
        str(kubeconfig.parent / name) for name in ("crt", "key")
    )
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    "text", ["", "[1]", "{", "contexts: 1", "users: 7\ncurrent-context: a", "clusters: [1]"]
)
def test_what_is_no_kubeconfig_is_a_usage_error(kubeconfig, text):
    kubeconfig.write_text(text)
    with pytest.raises(UsageError, match="cannot read the kubeconfig"):
        Cluster.connect(kubeconfig)


def test_tokens_and_passwords_are_hidden_from_then_on(kubeconfig):
    parsed = yaml.safe_load(kubeconfig.read_text())
    provider = {"name": "oidc", "config": {"id-token": "canary-token-3", "client-id": "plain-words-4"}}
    secrets = {"token": "canary-token-1", "password": "canary-password-2", "auth-provider": provider}
    parsed["users"][0]["user"] |= {**secrets, "username": "plain-words-5"}
    kubeconfig.write_text(yaml.safe_dump(parsed))
    try:
        credentials.read(kubeconfig)
        told = redaction.redact_shapes(kubeconfig.read_text())
    finally:
        redaction.forget()
    assert "canary" not in told
    assert told.count("plain-words") == 2
