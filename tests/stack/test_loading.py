from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from harness.base import process
from harness.base.errors import InfrastructureError
from harness.stack.loading import load, without


class Nodes:
    """An engine whose nodes take what they are given."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []

    def run(self, name: str, args: list[str], *, stdin_file: Path, **_: Any) -> process.Result:
        self.taken.append((args[2], stdin_file.read_bytes()))
        return process.Result(0, "", "", 0.0)


@pytest.mark.parametrize("packed", [False, True])
def test_each_node_gets_the_plain_archive(tmp_path: Path, packed: bool) -> None:
    archive = tmp_path / "images.tgz"
    archive.write_bytes(gzip.compress(b"a tar") if packed else b"a tar")
    nodes = Nodes()
    load(archive, ["one", "two"], nodes, logs=tmp_path)  # type: ignore[arg-type]
    assert nodes.taken == [("one", b"a tar"), ("two", b"a tar")]


def test_an_archive_that_is_gone_or_cut_off_is_named(tmp_path: Path) -> None:
    cut = tmp_path / "cut.tgz"
    cut.write_bytes(gzip.compress(b"a tar" * 100)[:-9])
    for archive in (cut, tmp_path / "none.tar"):
        with pytest.raises(InfrastructureError, match=archive.name):
            load(archive, ["one"], Nodes(), logs=tmp_path)  # type: ignore[arg-type]


def test_which_nodes_lack_an_image() -> None:
    class Having(Nodes):
        def run(
            self, name: str, args: list[str], *, stdin_file: Path | None = None, **_: Any
        ) -> process.Result:
            assert args[-1] == "name==registry/harness:1"
            return process.Result(0, "registry/harness:1\n" if args[1] == "one" else "", "", 0.0)

    nodes = Having()
    assert without("registry/harness:1", ["one", "two"], nodes) == ["two"]  # type: ignore[arg-type]
